// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace ocibuild::oci {

/// What `--chmod` does to the twelve mode bits: an octal value replaces them, symbolic clauses such
/// as `u=rwX,go-w` change them (docs/reference/dockerfile.md, 8.7 and 8.8). Immutable.
class ModeChange {
public:
  /// One to four octal digits, or clauses in the grammar of chmod(1) without umask. Nothing when
  /// `text` is neither.
  static std::optional<ModeChange> parse(std::string_view text);

  /// `mode`: at most 07777, and so is the result.
  std::uint32_t apply(std::uint32_t mode, bool is_directory) const;
  /// The value, if it was given in octal.
  std::optional<std::uint32_t> octal() const { return octal_; }

private:
  /// One operator with what stands behind it: "+rX", "=u".
  struct Operation {
    std::uint32_t who = 0;     ///< bits it may touch
    char action = '+';         ///< '+', '-' or '='
    std::uint32_t bits = 0;    ///< rwx, s and t, for every class
    bool conditional = false;  ///< X
    std::uint32_t copied = 0;  ///< classes named u, g, o behind the operator: 0700, 070, 07
  };
  static bool parse_clause(std::string_view clause, std::vector<Operation>& out);

  std::optional<std::uint32_t> octal_;
  std::vector<Operation> operations_;
};

}  // namespace ocibuild::oci
