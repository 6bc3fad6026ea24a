// SPDX-License-Identifier: Apache-2.0
#include "plan/signals.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::plan {

namespace {

constexpr std::uint64_t largest_number = 0x7FFFFFFF;
constexpr int real_time_above_min = 15;
constexpr int real_time_below_max = 14;

constexpr std::string_view plain_names[] = {
    "ABRT", "ALRM",   "BUS",  "CHLD",   "CLD",   "CONT", "FPE",  "HUP",  "ILL",
    "INT",  "IO",     "IOT",  "KILL",   "PIPE",  "POLL", "PROF", "PWR",  "QUIT",
    "SEGV", "STKFLT", "STOP", "SYS",    "TERM",  "TRAP", "TSTP", "TTIN", "TTOU",
    "URG",  "USR1",   "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ"};

}  // namespace

std::vector<std::string> signal_names() {
  std::vector<std::string> out;
  for (const std::string_view name : plain_names) out.push_back(support::concat("SIG", name));
  out.emplace_back("SIGRTMIN");
  for (int i = 1; i <= real_time_above_min; ++i) out.push_back(support::concat("SIGRTMIN+", i));
  for (int i = real_time_below_max; i > 0; --i) out.push_back(support::concat("SIGRTMAX-", i));
  out.emplace_back("SIGRTMAX");
  return out;
}

bool is_signal(std::string_view text) {
  std::uint64_t number = 0;
  if (support::parse_number(text, largest_number, number)) return number > 0;
  const std::vector<std::string> names = signal_names();
  return std::ranges::any_of(names, [&](const std::string& name) {
    return support::equal_ignoring_case(name, text) ||
           support::equal_ignoring_case(std::string_view(name).substr(3), text);
  });
}

}  // namespace ocibuild::plan
