// SPDX-License-Identifier: Apache-2.0
// CMD, ENTRYPOINT, SHELL, HEALTHCHECK and ONBUILD.
#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "dockerfile/duration.hpp"
#include "dockerfile/statement.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

std::optional<Command> parse_command(const Statement& statement, Slice text) {
  JsonForm form;
  if (!read_json_form(statement, text, form)) return std::nullopt;
  Command out;
  out.exec = std::move(form.strings);
  if (!out.exec) out.shell_text = text.of(statement.line.text);
  return out;
}

constexpr std::int64_t shortest_duration = 1'000'000;  // 1 ms

/// A duration flag of HEALTHCHECK; 0 when absent. False after an error.
bool read_duration(const Statement& statement, std::string_view name, std::int64_t& out) {
  const std::optional<Word> value = statement.flag(name);
  if (!value) return true;
  const std::optional<std::int64_t> duration = parse_duration(value->text);
  if (duration && (*duration == 0 || *duration >= shortest_duration)) {
    out = *duration;
    return true;
  }
  statement.findings.error(
      "duration-invalid",
      duration ? concat("HEALTHCHECK --", name, "=", value->text, " is shorter than 1ms")
               : concat("HEALTHCHECK --", name, " cannot be ", quote(value->text)),
      value->span, {.helps = {"write 300ms, 1.5s, 1m30s or 2h; 0 is the default"}});
  return false;
}

bool read_retries(const Statement& statement, int& out) {
  const std::optional<Word> value = statement.flag("retries");
  if (!value) return true;
  std::uint64_t number = 0;
  if (support::parse_number(value->text, std::numeric_limits<int>::max(), number)) {
    out = static_cast<int>(number);
    return true;
  }
  statement.findings.error("retries-invalid",
                           concat("HEALTHCHECK --retries cannot be ", quote(value->text)),
                           value->span, {.helps = {"write a number from 0 on"}});
  return false;
}

std::optional<Body> healthcheck_none(const Statement& statement, Slice rest) {
  if (rest.length > 0 || !statement.flags.empty()) {
    statement.findings.error(
        "arguments-too-many", "HEALTHCHECK NONE takes no arguments and no flags",
        rest.length > 0 ? statement.line.span(rest) : statement.flags.front().name_span,
        {.helps = {"write HEALTHCHECK NONE"}});
    return std::nullopt;
  }
  HealthcheckInstruction out;
  out.check.test = {"NONE"};
  return out;
}

std::optional<Body> healthcheck_command(const Statement& statement, Slice rest) {
  const std::optional<Command> command = parse_command(statement, rest);
  if (!command) return std::nullopt;
  if (command->exec ? command->exec->empty() : command->shell_text.empty()) {
    return wrong_count(statement, "arguments-missing", "HEALTHCHECK CMD has no command",
                       "write HEALTHCHECK CMD command, or HEALTHCHECK NONE");
  }
  HealthcheckInstruction out;
  Healthcheck& check = out.check;
  if (command->exec) {
    check.test = {"CMD"};
    check.test.insert(check.test.end(), command->exec->begin(), command->exec->end());
  } else {
    check.test = {"CMD-SHELL", command->shell_text};
  }
  bool good = read_duration(statement, "interval", check.interval);
  good = read_duration(statement, "timeout", check.timeout) && good;
  good = read_duration(statement, "start-period", check.start_period) && good;
  good = read_duration(statement, "start-interval", check.start_interval) && good;
  good = read_retries(statement, check.retries) && good;
  if (!good) return std::nullopt;
  return out;
}

}  // namespace

std::optional<Body> parse_cmd(const Statement& statement) {
  auto command = parse_command(statement, statement.text);
  if (!command) return std::nullopt;
  return Cmd{std::move(*command)};
}

std::optional<Body> parse_entrypoint(const Statement& statement) {
  auto command = parse_command(statement, statement.text);
  if (!command) return std::nullopt;
  return Entrypoint{std::move(*command)};
}

std::optional<Body> parse_shell(const Statement& statement) {
  JsonForm form;
  if (!read_json_form(statement, statement.text, form)) return std::nullopt;
  if (form.strings && !form.strings->empty()) return Shell{std::move(*form.strings)};
  statement.findings.error("shell-not-json", "SHELL takes a JSON list that is not empty",
                           statement.text.length > 0 ? statement.whole().span : statement.span,
                           {.helps = {"write SHELL [\"/bin/bash\", \"-c\"]"}});
  return std::nullopt;
}

std::optional<Body> parse_healthcheck(const Statement& statement) {
  const std::string_view args = statement.args();
  const std::vector<Slice> words = split_at_blanks(args);
  if (words.empty()) {
    return wrong_count(statement, "arguments-missing", "HEALTHCHECK has neither CMD nor NONE",
                       "write HEALTHCHECK CMD command, or HEALTHCHECK NONE");
  }
  const std::string_view kind = words.front().of(args);
  const std::size_t behind = words.front().end();
  const Slice rest = trimmed(statement.line.text,
                             {statement.text.offset + behind, statement.text.length - behind});
  if (support::equal_ignoring_case(kind, "none")) return healthcheck_none(statement, rest);
  if (support::equal_ignoring_case(kind, "cmd")) return healthcheck_command(statement, rest);
  statement.findings.error("healthcheck-type", concat("HEALTHCHECK has no type ", quote(kind)),
                           statement.word(words.front()).span,
                           {.helps = {"write HEALTHCHECK CMD command, or HEALTHCHECK NONE"}});
  return std::nullopt;
}

bool may_be_trigger(std::string_view keyword) {
  static constexpr std::string_view others[] = {"onbuild", "from", "maintainer"};
  return std::none_of(std::begin(others), std::end(others), [&](std::string_view other) {
    return support::equal_ignoring_case(keyword, other);
  });
}

namespace {

/// The engine splits the pairs of a trigger where it stands, and nothing else of it.
bool pairs_are_good(const Statement& onbuild, const Word& keyword) {
  const bool env = support::equal_ignoring_case(keyword.text, "env");
  if (!env && !support::equal_ignoring_case(keyword.text, "label")) return true;
  Statement trigger = onbuild;
  trigger.keyword = env ? "ENV" : "LABEL";
  const Slice behind{onbuild.text.offset + keyword.text.size(),
                     onbuild.text.length - keyword.text.size()};
  trigger.text = trimmed(onbuild.line.text, behind);
  return trigger.text.length == 0 || (env ? parse_env(trigger) : parse_label(trigger));
}

}  // namespace

std::optional<Body> parse_onbuild(const Statement& statement) {
  const std::vector<Word> words = statement.words();
  if (words.empty()) {
    return wrong_count(statement, "arguments-missing", "ONBUILD has no instruction",
                       "write ONBUILD INSTRUCTION …");
  }
  if (!may_be_trigger(words.front().text)) {
    statement.findings.error("onbuild-invalid",
                             concat(quote(words.front().text), " cannot stand behind ONBUILD"),
                             words.front().span,
                             {.helps = {"put the instruction into the Dockerfile that uses the "
                                        "image"}});
    return std::nullopt;
  }
  if (!pairs_are_good(statement, words.front())) return std::nullopt;
  // Blanks at the end are stored too, as the engine does.
  Onbuild out{statement.line.text.substr(statement.text.offset)};
  for (const Heredoc& heredoc : statement.line.heredocs) {
    out.trigger += concat("\n", heredoc.body, heredoc.name);
  }
  return out;
}

}  // namespace ocibuild::dockerfile
