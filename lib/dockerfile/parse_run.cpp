// SPDX-License-Identifier: Apache-2.0
// RUN, which is understood completely and never executed (docs/reference/dockerfile.md, 13.15).
#include <algorithm>
#include <utility>

#include "dockerfile/mount.hpp"
#include "dockerfile/statement.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

/// Checks a flag that has one of a few values. False, and an error, for another.
bool check_choice(const Statement& statement, std::string_view name,
                  const std::vector<std::string>& choices) {
  const std::optional<Word> value = statement.flag(name);
  if (!value || std::ranges::find(choices, value->text) != choices.end()) return true;
  std::vector<std::string> helps =
      did_you_mean(statement.findings.nearest(value->text, [&] { return choices; }));
  if (helps.empty()) helps = {concat("write ", support::join(choices, " or "))};
  statement.findings.error("flag-value-invalid",
                           concat("RUN --", name, " cannot be ", quote(value->text)), value->span,
                           {.helps = std::move(helps)});
  return false;
}

bool read_mounts(const Statement& statement, Run& run) {
  bool good = true;
  for (const Word& mount : statement.flag_values("mount")) {
    good = read_mount(mount, run, statement.findings) && good;
  }
  for (const Word& device : statement.flag_values("device")) {
    good = check_device(device, statement.findings) && good;
  }
  return good;
}

}  // namespace

std::optional<Body> parse_run(const Statement& statement) {
  if (statement.text.length == 0) {
    return wrong_count(statement, "arguments-missing", "RUN has no command", "write RUN command");
  }
  Run out;
  // A shell test such as `[ -f x ]` deserves no warning, a list of numbers is a mistake.
  JsonForm form;
  if (support::parse_string_array(statement.args()).is_array &&
      !read_json_form(statement, statement.text, form)) {
    return std::nullopt;
  }
  out.command.exec = std::move(form.strings);
  if (!out.command.exec) out.command.shell_text = statement.args();
  for (const Heredoc& heredoc : statement.line.heredocs) {
    out.heredocs.push_back(statement.file(heredoc));
  }
  bool good = read_mounts(statement, out);
  good = check_choice(statement, "network", {"default", "none", "host"}) && good;
  good = check_choice(statement, "security", {"sandbox", "insecure"}) && good;
  if (!good) return std::nullopt;
  return Body(std::move(out));
}

}  // namespace ocibuild::dockerfile
