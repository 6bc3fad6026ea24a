// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/statement.hpp"

#include <utility>

#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;

std::vector<Word> Statement::words() const {
  std::vector<Word> out;
  for (const Slice& slice : split_at_blanks(args())) out.push_back(word(slice));
  return out;
}

std::optional<Word> Statement::flag(std::string_view name) const {
  for (const Flag& flag : flags) {
    if (flag.name == name && !flag.value.text.empty()) return flag.value;
  }
  return std::nullopt;
}

std::vector<Word> Statement::flag_values(std::string_view name) const {
  std::vector<Word> out;
  for (const Flag& flag : flags) {
    if (flag.name == name && !flag.value.text.empty()) out.push_back(flag.value);
  }
  return out;
}

std::optional<bool> Statement::boolean(std::string_view name) const {
  const std::optional<Word> value = flag(name);
  if (!value) return std::nullopt;
  return support::equal_ignoring_case(value->text, "true");
}

HeredocFile Statement::file(const Heredoc& heredoc) const {
  HeredocFile out{.name = {heredoc.name, line.span(heredoc.at)}, .expand = heredoc.expand};
  if (!heredoc.strip) {
    out.body = heredoc.body;
    return out;
  }
  bool at_front = true;  // of a line, behind nothing but tabs
  for (const char c : heredoc.body) {
    if (at_front && c == '\t') continue;
    at_front = c == '\n';
    out.body += c;
  }
  return out;
}

bool read_json_form(const Statement& statement, Slice slice, JsonForm& out) {
  const std::string_view text = slice.of(statement.line.text);
  if (!text.starts_with('[')) return true;
  support::StringArray array = support::parse_string_array(text);
  if (!array.is_array) {
    statement.findings.warning(
        "json-form-invalid",
        concat(statement.keyword, " begins with \"[\" and is not valid JSON, so it is plain text"),
        statement.line.span(slice),
        {.helps = {"use double quotes and nothing behind the bracket: [\"a\", \"b\"]"}});
    return true;
  }
  if (array.wrong) {
    statement.findings.error("json-form-type",
                             concat("element ", *array.wrong + 1, " of the JSON form of ",
                                    statement.keyword, " is no string"),
                             statement.line.span(slice),
                             {.helps = {"quote every element: [\"a\", \"1\"]"}});
    return false;
  }
  out.strings = std::move(array.strings);
  for (const Slice& at : json_string_slices(text)) {
    out.slices.push_back({slice.offset + at.offset, at.length});
  }
  return true;
}

std::nullopt_t wrong_count(const Statement& statement, std::string_view id, std::string message,
                           std::string help) {
  statement.findings.error(std::string(id), std::move(message), statement.span,
                           {.helps = {std::move(help)}});
  return std::nullopt;
}

}  // namespace ocibuild::dockerfile
