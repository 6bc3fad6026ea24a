// SPDX-License-Identifier: Apache-2.0
// One wildcard pattern in both grammars. First line: the path; the rest: the pattern.
#include <fnmatch.h>

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "oci/glob.hpp"
#include "oci/pattern.hpp"
#include "oci/rootfs_path.hpp"

namespace {

using namespace ocibuild;

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0; });
}

/// The C library's opinion, where both grammars agree and it does not take for ever.
void compare_with_fnmatch(std::string_view pattern, std::string_view path, bool matches) {
  const auto stars = std::count(pattern.begin(), pattern.end(), '*');
  if (stars > 4 || pattern.find('[') != std::string_view::npos) return;
  if (!is_ascii(pattern) || !is_ascii(path)) return;
  const std::string p(pattern);
  const std::string text(path);
  const bool expected = ::fnmatch(p.c_str(), text.c_str(), FNM_PATHNAME) == 0;
  fuzz::require(matches == expected, "matches() agrees with fnmatch(3)");
}

void check(std::string_view text, oci::Pattern::Grammar grammar, const oci::RootfsPath& path) {
  const oci::Pattern pattern(text, grammar);
  const bool matches = pattern.matches(path.str());
  if (grammar == oci::Pattern::Grammar::go_match) compare_with_fnmatch(text, path.str(), matches);
  if (!matches || path.is_root()) return;
  fuzz::require(pattern.may_match_below(""), "may_match_below() allows for the match, at the root");
  for (const oci::RootfsPath& parent : path.parents()) {
    fuzz::require(pattern.may_match_below(parent.str()), "may_match_below() allows for the match");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const oci::RootfsPath path(fuzz::take_line(rest));
  if (path.parents().size() > 64) return 0;
  fuzz::accepts([&] { check(rest, oci::Pattern::Grammar::go_match, path); });
  fuzz::accepts([&] { check(rest, oci::Pattern::Grammar::ignore, path); });
  const oci::SplitPattern split = oci::split_pattern(rest);
  fuzz::require(oci::has_wildcard(rest) || split.rest.empty(), "no wildcard, no pattern");
  fuzz::require(oci::RootfsPath(split.fixed).str() == split.fixed, "the fixed part is clean");
  return 0;
}
