// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/lint.hpp"

#include <algorithm>

#include "dockerfile/comments.hpp"
#include "dockerfile/findings.hpp"
#include "dockerfile/words.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

enum class Casing { lower, upper, mixed };

Casing casing_of(std::string_view word) {
  const bool small = std::ranges::any_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
  const bool capital = std::ranges::any_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (small && capital) return Casing::mixed;
  return small ? Casing::lower : Casing::upper;
}

class Linter {
public:
  Linter(const Dockerfile& file, support::Diagnostics& diagnostics)
      : file_(file), findings_(file.source, file.checks, diagnostics) {}

  void run() {
    check_casing();
    for (const Instruction& instruction : file_.instructions) {
      if (const auto* from = std::get_if<From>(&instruction.body)) {
        if (from->name) check_stage_name(instruction, *from);
      } else if (const auto* arg = std::get_if<Arg>(&instruction.body)) {
        check_description(instruction, *arg);
      }
    }
  }

private:
  static std::string_view written_keyword(const Instruction& instruction) {
    return std::string_view(instruction.text).substr(0, instruction.keyword.size());
  }

  /// All instructions like most of them; ARG before FROM is not asked. A draw is upper case.
  void check_casing() {
    const auto first = std::ranges::find(file_.instructions, "FROM", &Instruction::keyword);
    std::size_t lower = 0;
    std::size_t upper = 0;
    for (auto at = first; at != file_.instructions.end(); ++at) {
      const Casing casing = casing_of(written_keyword(*at));
      if (casing == Casing::lower) ++lower;
      if (casing == Casing::upper) ++upper;
    }
    const Casing most = lower > upper ? Casing::lower : Casing::upper;
    for (auto at = first; at != file_.instructions.end(); ++at) {
      const std::string_view keyword = written_keyword(*at);
      if (casing_of(keyword) == most) continue;
      const bool small = most == Casing::lower;
      findings_.warning(
          "ConsistentInstructionCasing",
          concat(quote(keyword), " is not in ", small ? "lower" : "upper",
                 " case like most instructions of this file"),
          at->span,
          {.helps = {concat("write ", small ? support::to_lower(keyword) : at->keyword)}});
    }
  }

  void check_stage_name(const Instruction& instruction, const From& from) {
    const std::vector<Slice> words = split_at_blanks(instruction.text);
    const std::string_view name = words.back().of(instruction.text);
    if (name != from.name->text) {
      findings_.warning("StageNameCasing",
                        concat("the stage name ", quote(name), " has capital letters"),
                        from.name->span, {.helps = {concat("write ", quote(from.name->text))}});
    }
    check_as(instruction, from, words[words.size() - 2].of(instruction.text));
    if (from.name->text == "scratch" || from.name->text == "context") {
      findings_.warning("ReservedStageName",
                        concat("the stage name ", quote(from.name->text),
                               " has a meaning of its own to builders"),
                        from.name->span, {.helps = {"choose another name"}});
    }
    check_description(instruction, {from.name->text});
  }

  /// FROM in mixed case is check_casing()'s business, and AS with it.
  void check_as(const Instruction& instruction, const From& from, std::string_view as) {
    const std::string_view keyword = written_keyword(instruction);
    const Casing casing = casing_of(keyword);
    if (casing == Casing::mixed || casing_of(as) == casing) return;
    findings_.warning("FromAsCasing",
                      concat(quote(keyword), " and ", quote(as), " are written in different case"),
                      place_of(as, instruction, *from.name),
                      {.helps = {concat("write ", casing == Casing::lower ? "as" : "AS")}});
  }

  /// Where the word before `name` stands; the keyword's place if that is another line.
  Span place_of(std::string_view word, const Instruction& instruction, const Word& name) const {
    const std::string& line = file_.source.lines()[name.span.line - 1];
    const std::string_view before =
        support::trim(std::string_view(line).substr(0, name.span.column - 1));
    if (!before.ends_with(word)) return instruction.span;
    Span span = name.span;
    const auto end = static_cast<std::size_t>(before.data() - line.data()) + before.size();
    span.column = static_cast<unsigned>(end - word.size()) + 1;
    span.length = static_cast<unsigned>(word.size());
    return span;
  }

  void check_description(const Instruction& instruction, const Arg& arg) {
    std::vector<std::string> names;
    for (const Arg::Entry& entry : arg.entries) names.push_back(entry.name.text);
    check_description(instruction, names);
  }

  /// The comment right above says what it is about: a comment of that form is shown to users.
  void check_description(const Instruction& instruction, const std::vector<std::string>& names) {
    const std::vector<std::string_view> comments =
        comments_above(file_.source, file_.checks, instruction.span.first_line);
    if (comments.empty()) return;
    const std::string_view last = comments.back();
    const std::string first_word(last.substr(0, last.find(' ')));
    if (std::ranges::find(names, first_word) != names.end()) return;
    findings_.warning("InvalidDefinitionDescription",
                      concat("the comment above does not describe ", quote(names.front())),
                      instruction.span,
                      {.helps = {concat("write # ", names.front(),
                                        " and what it is for, or put a line \"#\" in between")}});
  }

  const Dockerfile& file_;
  Findings findings_;
};

}  // namespace

void lint(const Dockerfile& file, support::Diagnostics& diagnostics) {
  Linter(file, diagnostics).run();
}

}  // namespace ocibuild::dockerfile
