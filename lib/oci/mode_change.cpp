// SPDX-License-Identifier: Apache-2.0
#include "oci/mode_change.hpp"

#include "support/text.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::uint32_t setuid = 04000;
constexpr std::uint32_t setgid = 02000;
constexpr std::uint32_t sticky = 01000;
constexpr std::uint32_t all_execute = 0111;

/// Bits that clauses of this class may touch; 0 for another letter.
std::uint32_t class_bits(char who) {
  switch (who) {
    case 'u':
      return setuid | sticky | 0700;
    case 'g':
      return setgid | sticky | 0070;
    case 'o':
      return 0007;  // alone it does not reach the sticky bit: BSD's chmod
    case 'a':
      return 07777;
    default:
      return 0;
  }
}

bool is_operator(char c) {
  return c == '+' || c == '-' || c == '=';
}

/// Bits of a permission letter in all classes; 0 for another letter.
std::uint32_t permission_bits(char c) {
  switch (c) {
    case 'r':
      return 0444;
    case 'w':
      return 0222;
    case 'x':
      return all_execute;
    case 's':
      return setuid | setgid;
    case 't':
      return sticky;
    default:
      return 0;
  }
}

/// The three bits of each named class, spread over all classes.
std::uint32_t spread(std::uint32_t mode, std::uint32_t classes) {
  std::uint32_t bits = 0;
  for (const unsigned shift : {6U, 3U, 0U}) {
    if ((classes >> shift & 7) != 0) bits |= mode >> shift & 7;
  }
  return bits << 6 | bits << 3 | bits;
}

std::optional<std::uint32_t> parse_octal(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint32_t mode = 0;
  for (const char c : text) {
    if (c < '0' || c > '7') return std::nullopt;
    mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  return mode;
}

}  // namespace

bool ModeChange::parse_clause(std::string_view clause, std::vector<Operation>& out) {
  std::size_t at = 0;
  std::uint32_t who = 0;
  for (; at < clause.size() && class_bits(clause[at]) != 0; ++at) who |= class_bits(clause[at]);
  if (who == 0) who = 07777;
  if (at == clause.size()) return false;
  while (at < clause.size()) {
    if (!is_operator(clause[at])) return false;
    Operation operation{.who = who, .action = clause[at++]};
    for (; at < clause.size() && !is_operator(clause[at]); ++at) {
      const char c = clause[at];
      if (c == 'X') {
        operation.conditional = true;
      } else if (c == 'u' || c == 'g' || c == 'o') {
        operation.copied |= class_bits(c) & 0777;
      } else if (const std::uint32_t bits = permission_bits(c)) {
        operation.bits |= bits;
      } else {
        return false;
      }
    }
    out.push_back(operation);
  }
  return true;
}

std::optional<ModeChange> ModeChange::parse(std::string_view text) {
  ModeChange change;
  change.octal_ = parse_octal(text);
  if (change.octal_) return change;
  for (const std::string& clause : support::split(text, ',')) {
    if (!parse_clause(clause, change.operations_)) return std::nullopt;
  }
  return change;
}

std::uint32_t ModeChange::apply(std::uint32_t mode, bool is_directory) const {
  if (octal_) return *octal_;
  // X asks for the state before the whole change, as chmod does.
  const bool executable = is_directory || (mode & all_execute) != 0;
  for (const Operation& operation : operations_) {
    std::uint32_t bits = operation.bits | spread(mode, operation.copied);
    if (operation.conditional && executable) bits |= all_execute;
    bits &= operation.who;
    if (operation.action == '+') {
      mode |= bits;
    } else if (operation.action == '-') {
      mode &= ~bits;
    } else {
      // `=` never takes the sticky bit away, and the other two only when it gives letters of its
      // own: `g=u` copies permissions and leaves setgid alone.
      const bool only_copies = operation.copied != 0 && operation.bits == 0;
      const std::uint32_t replaced = only_copies ? 0777 : 06777;
      mode = (mode & ~(operation.who & replaced)) | bits;
    }
  }
  return mode;
}

}  // namespace ocibuild::oci
