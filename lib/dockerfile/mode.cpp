// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/mode.hpp"

#include "support/text.hpp"

namespace ocibuild::dockerfile {

std::optional<std::uint32_t> parse_octal_mode(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint32_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return mode;
}

namespace {

/// [ugoa]* followed by one or more of [+-=][rwxXstugo]*
bool is_clause(std::string_view clause) {
  const std::size_t who = clause.find_first_not_of("ugoa");
  if (who == std::string_view::npos) return false;
  bool operation = false;
  for (const char c : clause.substr(who)) {
    const bool is_operator = c == '+' || c == '-' || c == '=';
    if (!is_operator &&
        (!operation || std::string_view("rwxXstugo").find(c) == std::string_view::npos)) {
      return false;
    }
    operation = true;
  }
  return operation;
}

}  // namespace

bool is_symbolic_mode(std::string_view text) {
  for (const std::string& clause : support::split(text, ',')) {
    if (!is_clause(clause)) return false;
  }
  return true;
}

}  // namespace ocibuild::dockerfile
