// SPDX-License-Identifier: Apache-2.0
// Instructions that change the config and nothing else.
#include <algorithm>
#include <utility>

#include "plan/created_by.hpp"
#include "plan/ports.hpp"
#include "plan/signals.hpp"
#include "plan/stage_evaluator.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Word;
using support::concat;
using support::quote;

void StageEvaluator::operator()(const dockerfile::Label& label) {
  std::string created_by = "LABEL";
  warn_legacy(label.legacy);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [key, value] : label.pairs) {
    auto name = expand_text(key);
    auto text = expand_text(value);
    if (!name || !text) return;
    created_by += concat(" ", *name, "=", *text);
    pairs.emplace_back(std::move(*name), std::move(*text));
  }
  for (auto& [name, value] : pairs) out_.config.labels[name] = std::move(value);
  add_step(std::move(created_by));
}

void StageEvaluator::note_single_use() {
  const dockerfile::Instruction& instruction = file_.instructions[at_];
  const auto [earlier, first] = single_use_.emplace(instruction.keyword, instruction.span);
  if (first) return;
  // What a base left to do is no mistake of this file.
  if (earlier->second.trigger != 0) {
    earlier->second = instruction.span;
    return;
  }
  findings_.warning("MultipleInstructionsDisallowed",
                    concat("this ", instruction.keyword, " has no effect, the one on line ",
                           instruction.span.line, " replaces it"),
                    earlier->second);
  earlier->second = instruction.span;
}

/// The shell form runs in the shell in force here (13.6).
std::vector<std::string> StageEvaluator::command_line(const dockerfile::Command& command) {
  if (command.exec) return *command.exec;
  const dockerfile::Instruction& instruction = file_.instructions[at_];
  std::vector<std::string> out = out_.config.shell;
  // Who chose a shell wants one; a text that was meant as JSON has had its own warning.
  if (out.empty() && !command.shell_text.starts_with('[')) {
    findings_.warning(
        "JSONArgsRecommended",
        concat("the shell form of ", instruction.keyword,
               " keeps signals from the program: it becomes a child of /bin/sh"),
        instruction.span,
        {.helps = {concat("write ", instruction.keyword, " [\"program\", \"argument\"]")}});
  }
  if (out.empty()) out = {"/bin/sh", "-c"};
  out.push_back(command.shell_text);
  return out;
}

void StageEvaluator::operator()(const dockerfile::Cmd& cmd) {
  note_single_use();
  out_.config.cmd = command_line(cmd.command);
  add_step("CMD " + quoted_list(out_.config.cmd));
}

void StageEvaluator::operator()(const dockerfile::Entrypoint& entrypoint) {
  note_single_use();
  out_.config.entrypoint = command_line(entrypoint.command);
  // An inherited Cmd was meant for another program (13.7).
  if (!single_use_.contains("CMD")) out_.config.cmd.clear();
  add_step("ENTRYPOINT " + quoted_list(out_.config.entrypoint));
}

void StageEvaluator::operator()(const dockerfile::Shell& shell) {
  out_.config.shell = shell.shell;
  add_step("SHELL " + plain_list(shell.shell));
}

void StageEvaluator::operator()(const dockerfile::HealthcheckInstruction& healthcheck) {
  note_single_use();
  out_.config.healthcheck = healthcheck.check;
  add_step("HEALTHCHECK " + healthcheck_text(healthcheck.check));
}

void StageEvaluator::operator()(const dockerfile::User& user) {
  auto text = expand_text(user.user);
  if (!text) return;
  out_.config.user = *text;
  add_step("USER " + *text);
}

void StageEvaluator::operator()(const dockerfile::StopSignal& stop_signal) {
  auto text = expand_text(stop_signal.signal);
  if (!text) return;
  if (!is_signal(*text)) {
    std::vector<std::string> helps =
        dockerfile::did_you_mean(findings_.nearest(*text, [] { return signal_names(); }));
    if (helps.empty()) helps = {"write a number above 0 or a name such as SIGTERM or SIGRTMIN+3"};
    findings_.error("signal-unknown", concat(quote(*text), " is no signal of Linux"),
                    stop_signal.signal.span, {.helps = std::move(helps)});
    return;
  }
  out_.config.stop_signal = *text;
  add_step("STOPSIGNAL " + *text);
}

void StageEvaluator::operator()(const dockerfile::Maintainer& maintainer) {
  out_.author = maintainer.text.text;
  add_step("MAINTAINER " + out_.author);
}

/// ONBUILD has no entry in history (15.1), so it is no step.
void StageEvaluator::operator()(const dockerfile::Onbuild& onbuild) {
  out_.config.on_build.push_back(onbuild.trigger);
}

void StageEvaluator::operator()(const dockerfile::Expose& expose) {
  static constexpr std::size_t longest_port = sizeof("65535/sctp");
  std::vector<Word> words = expose.ports;
  std::ranges::stable_sort(words, {}, &Word::text);  // BuildKit's order in history
  std::vector<std::string> ports;
  bool good = true;
  for (const Word& word : words) {
    const auto expansion = expand(word);
    if (!expansion) return;
    for (const std::string& text : expansion->words) {
      std::string wrong;
      auto exposed = parse_ports(text, wrong);
      if (!exposed) {
        findings_.error("port-invalid", concat(quote(text), " is no port: ", wrong), word.span,
                        {.label = dockerfile::describe_use(*expansion),
                         .helps = {"write 80, 8000-8010 or 53/udp"}});
        good = false;
        break;  // one error a word: a long value may hold thousands
      }
      if (limit_.exceeded_by(exposed->ports.size() * longest_port, word, findings_)) return;
      if (exposed->has_capitals) {
        findings_.warning("ExposeProtoCasing",
                          concat("the protocol of EXPOSE ", quote(text), " has capital letters"),
                          word.span, {.helps = {concat("write ", support::to_lower(text))}});
      }
      if (exposed->has_host_part) {
        findings_.warning("ExposeInvalidFormat",
                          concat("EXPOSE ", quote(text), " names more than a port; only ",
                                 quote(exposed->ports.front()), " counts"),
                          word.span);
      }
      ports.insert(ports.end(), exposed->ports.begin(), exposed->ports.end());
    }
  }
  if (!good) return;
  out_.config.exposed_ports.insert(ports.begin(), ports.end());
  add_step("EXPOSE " + plain_list(ports));
}

void StageEvaluator::operator()(const dockerfile::Volume& volume) {
  std::vector<std::string> paths;
  for (const Word& word : volume.paths) {
    const auto expansion = expand(word);
    if (!expansion) return;
    if (expansion->text.empty()) {
      findings_.error("volume-empty", concat("VOLUME ", quote(word.text), " is an empty path"),
                      word.span,
                      {.label = dockerfile::describe_use(*expansion),
                       .helps = {"write a path such as /data, or give the variable a value"}});
      return;
    }
    paths.push_back(expansion->text);
  }
  out_.config.volumes.insert(paths.begin(), paths.end());
  add_step("VOLUME " + plain_list(paths));
}

}  // namespace ocibuild::plan
