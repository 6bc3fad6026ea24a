// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dockerfile/findings.hpp"
#include "dockerfile/instruction.hpp"
#include "dockerfile/lexer.hpp"
#include "dockerfile/words.hpp"

/// Private to the parser: one instruction on its way from a logical line to its struct.
namespace ocibuild::dockerfile {

using Body = decltype(Instruction::body);

/// A flag of one instruction that is allowed there, by name without dashes; lists have several.
struct Flag {
  std::string name;
  Word value;  ///< "true" for a boolean without value
  Span name_span;
};

struct Statement {
  const LogicalLine& line;
  char escape;
  std::string keyword;  ///< upper case
  Span span;            ///< of the keyword
  std::vector<Flag> flags;
  Slice text;  ///< what follows keyword and flags, trimmed
  Findings& findings;

  std::string_view args() const { return text.of(line.text); }
  /// `slice`: of args().
  Word word(Slice slice) const { return line.word({text.offset + slice.offset, slice.length}); }
  Word whole() const { return word({0, text.length}); }
  std::vector<Word> words() const;
  /// The value of a flag; nothing when absent or empty.
  std::optional<Word> flag(std::string_view name) const;
  /// The values of a list flag that are not empty.
  std::vector<Word> flag_values(std::string_view name) const;
  /// A boolean flag; nothing when absent.
  std::optional<bool> boolean(std::string_view name) const;
  /// What `heredoc`, one of the line's, writes.
  HeredocFile file(const Heredoc& heredoc) const;
};

/// Checks the flags at the front of `args` against what `statement.keyword` allows, and sets
/// `flags` and `text`. False, and errors, when one is wrong.
bool take_flags(Statement& statement, Slice args);

/// The JSON form of `slice` (of the line's text) (3.4): `strings` is absent when it is not JSON,
/// and then a text that begins with '[' has been warned about. False, and an error, when an element
/// is no string.
struct JsonForm {
  std::optional<std::vector<std::string>> strings;
  std::vector<Slice> slices;  ///< of the line's text, one a string
};
bool read_json_form(const Statement& statement, Slice slice, JsonForm& out);

/// Whether ONBUILD may keep the instruction; any case.
bool may_be_trigger(std::string_view keyword);

/// An error with id "arguments-missing" or "arguments-too-many"; gives nothing.
std::nullopt_t wrong_count(const Statement& statement, std::string_view id, std::string message,
                           std::string help);

// Each gives nothing after an error.
std::optional<Body> parse_from(const Statement& statement);
std::optional<Body> parse_copy(const Statement& statement);
std::optional<Body> parse_add(const Statement& statement);
std::optional<Body> parse_arg(const Statement& statement);
std::optional<Body> parse_env(const Statement& statement);
std::optional<Body> parse_label(const Statement& statement);
std::optional<Body> parse_workdir(const Statement& statement);
std::optional<Body> parse_user(const Statement& statement);
std::optional<Body> parse_stopsignal(const Statement& statement);
std::optional<Body> parse_maintainer(const Statement& statement);
std::optional<Body> parse_expose(const Statement& statement);
std::optional<Body> parse_volume(const Statement& statement);
std::optional<Body> parse_cmd(const Statement& statement);
std::optional<Body> parse_entrypoint(const Statement& statement);
std::optional<Body> parse_shell(const Statement& statement);
std::optional<Body> parse_healthcheck(const Statement& statement);
std::optional<Body> parse_run(const Statement& statement);
std::optional<Body> parse_onbuild(const Statement& statement);

}  // namespace ocibuild::dockerfile
