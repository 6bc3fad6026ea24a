// SPDX-License-Identifier: Apache-2.0
// The variables FROM lines see: automatic platform names and ARG before FROM
// (docs/reference/dockerfile.md, 5.1 to 5.3).
#include <utility>

#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Arg;
using dockerfile::Word;
using support::concat;
using support::quote;

namespace {

void define_platform(Scope& scope, const std::string& prefix, const Platform& platform) {
  const std::pair<std::string_view, std::string> values[] = {
      {"PLATFORM", platform.str()},       {"OS", platform.os},
      {"OSVERSION", platform.os_version}, {"ARCH", platform.architecture},
      {"VARIANT", platform.variant},
  };
  for (const auto& [suffix, value] : values) scope.set(concat(prefix, suffix), value);
}

}  // namespace

Scope GraphBuilder::global_scope(const std::map<std::string, std::string>& build_args,
                                 dockerfile::Findings& findings, ExpansionLimit& limit) const {
  Scope scope;
  define_platform(scope, "BUILD", Platform::host());
  define_platform(scope, "TARGET", inputs_.platform.value_or(Platform::host()));
  const std::string& target = out_.stages[out_.target].name;
  scope.set("TARGETSTAGE", target.empty() ? "default" : target);
  for (const std::string& name : scope.names()) {
    const auto given = build_args.find(name);
    if (given != build_args.end()) scope.set(name, given->second);
  }
  for (std::size_t i = 0; i < first_from_; ++i) {
    const auto* arg = std::get_if<Arg>(&file_.instructions[i].body);
    if (arg == nullptr) continue;
    for (const auto& [name, default_value] : arg->entries) {
      const auto given = build_args.find(name.text);
      if (given != build_args.end()) {
        scope.set(name.text, given->second);
      } else if (default_value) {
        if (auto value = expand_in(scope, *default_value, findings, limit)) {
          scope.set(name.text, std::move(value->text));
        }
      } else {
        scope.declare(name.text);
      }
    }
  }
  return scope;
}

std::optional<dockerfile::Expansion> GraphBuilder::expand_in(const Scope& scope, const Word& word,
                                                             dockerfile::Findings& findings,
                                                             ExpansionLimit& limit) const {
  if (limit.reached()) return std::nullopt;
  auto expansion = dockerfile::expand(
      word, file_.escape, [&scope](std::string_view name) { return scope.find(name); }, findings);
  if (!expansion || limit.exceeded_by(*expansion, word, findings)) return std::nullopt;
  return expansion;
}

std::optional<std::string> GraphBuilder::expand_global(const Word& word,
                                                       dockerfile::Expansion* details) {
  auto expansion = expand_in(out_.global, word, findings_, limit_);
  if (!expansion) return std::nullopt;
  std::string text = expansion->text;
  if (details != nullptr) *details = std::move(*expansion);
  return text;
}

}  // namespace ocibuild::plan
