// SPDX-License-Identifier: Apache-2.0
#include "commands/call.hpp"

#include <ocibuild/check.hpp>

#include "commands/call_json.hpp"
#include "commands/check.hpp"
#include "table.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

using What = Call::What;

/// Blanks between the columns of targets, where BuildKit has fewer than elsewhere.
constexpr std::size_t target_gap = 1;

What named(const std::string& name, const std::string& origin) {
  if (name == "build") return What::build;
  if (name == "check" || name == "lint") return What::check;
  if (name == "outline") return What::outline;
  if (name == "targets") return What::targets;
  usage_error(origin + " takes build, check, outline or targets, not '" + terminal_text(name, 100) +
              "'");
}

/// buildx writes "(default)" behind the name of the stage that is built when none is asked for.
std::string shown_name(const Target& target) {
  std::string name = terminal_text(target.name);
  if (target.is_default) name += name.empty() ? "(default)" : " (default)";
  return name;
}

std::string targets_text(const TargetList& list) {
  Table table({"TARGET", "DESCRIPTION"}, target_gap);
  for (const Target& target : list.targets)
    table.add({shown_name(target), terminal_text(target.description)});
  return table.str();
}

std::string inputs_text(const char* title, const std::vector<Outline::Input>& inputs) {
  if (inputs.empty()) return {};
  Table table({title, "REQUIRED"});
  for (const Outline::Input& input : inputs)
    table.add({terminal_text(input.name), input.required ? "true" : ""});
  return table.str() + '\n';
}

/// Tables, an empty line behind each; those without rows are left out.
std::string outline_text(const Outline& outline) {
  std::string out;
  const Target& target = outline.target;
  if (!target.name.empty() || !target.description.empty()) {
    const std::string name = target.name.empty() ? "(default)" : terminal_text(target.name);
    Table table({"TARGET:", name}, target_gap);
    if (!target.description.empty()) table.add({"DESCRIPTION:", terminal_text(target.description)});
    out += table.str() + '\n';
  }
  if (!outline.arguments.empty()) {
    Table table({"BUILD ARG", "VALUE", "DESCRIPTION"});
    for (const Outline::Argument& argument : outline.arguments) {
      table.add({terminal_text(argument.name), terminal_text(argument.value.value_or("")),
                 terminal_text(argument.description)});
    }
    out += table.str() + '\n';
  }
  return out + inputs_text("SECRET", outline.secrets) + inputs_text("SSH", outline.ssh);
}

}  // namespace

Call wanted_call(const ParsedFlags& flags) {
  const std::string text = flags.text("call").value_or("build");
  const std::string origin = flags.origin("call");
  Call call;
  bool is_first = true;
  for (const std::string& field : csv_fields(text)) {
    constexpr std::string_view format = "format=";
    if (is_first) {
      call.what = named(field, origin);
    } else if (field.starts_with(format)) {
      call.format = field.substr(format.size());
    } else {
      usage_error(origin + ' ' + terminal_text(text, 100) + ": the only key is format=");
    }
    is_first = false;
  }
  if (call.what == What::build && flags.on("check")) call.what = What::check;
  if (call.what == What::check) {
    check_format(call.format, origin + " check,format=");
  } else if (call.format != "text" && call.format != "json") {
    usage_error(origin + ",format= takes text or json, not '" + terminal_text(call.format, 100) +
                "'");
  }
  return call;
}

void answer(const Call& call, BuildOptions& options, Invocation& invocation) {
  if (call.what == What::check) return print_check(options, call.format, invocation);
  read_standard_input(options, invocation.io);
  const bool json = call.format == "json";
  std::string text;
  if (call.what == What::targets) {
    const TargetList list = targets(options.request);
    text = json ? targets_json(list) : targets_text(list);
  } else {
    const Outline found = outline(options.request);
    text = json ? outline_json(found) : outline_text(found);
  }
  invocation.io.out.sink->write(text);
}

}  // namespace ocibuild::program
