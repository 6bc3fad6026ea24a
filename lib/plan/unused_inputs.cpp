// SPDX-License-Identifier: Apache-2.0
// What a build is given and its Dockerfile never names.
#include <set>

#include "plan/context_key.hpp"
#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Arg;
using support::concat;
using support::quote;

/// A build argument that no ARG names changes nothing (5.5).
void GraphBuilder::warn_unused_build_args() {
  std::set<std::string, std::less<>> names;
  for (const dockerfile::Instruction& instruction : file_.instructions) {
    const auto* arg = std::get_if<Arg>(&instruction.body);
    if (arg == nullptr) continue;
    for (const Arg::Entry& entry : arg->entries) names.insert(entry.name.text);
  }
  // These may be passed to any build (5.1, 5.9).
  std::set<std::string, std::less<>> predefined = {"TARGETSTAGE", "SOURCE_DATE_EPOCH"};
  for (const std::string_view prefix : {"BUILD", "TARGET"}) {
    for (const std::string_view suffix : {"PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT"}) {
      predefined.insert(concat(prefix, suffix));
    }
  }
  for (const std::string_view prefix : {"http", "https", "ftp", "no", "all"}) {
    predefined.insert(concat(prefix, "_proxy"));
  }
  for (const auto& [name, value] : inputs_.build_args) {
    if (names.contains(name) || predefined.contains(name) ||
        predefined.contains(support::to_lower(name)) || name.starts_with("BUILDKIT_")) {
      continue;
    }
    const auto nearest = findings_.nearest(
        name, [&] { return std::vector<std::string>(names.begin(), names.end()); });
    findings_.warning("build-arg-unused",
                      concat("the build argument ", quote(name), " is named by no ARG"),
                      {.helps = dockerfile::did_you_mean(nearest)});
  }
}

/// A build context that no line names changes nothing (6.4).
void GraphBuilder::warn_unused_contexts() {
  if (inputs_.contexts.empty()) return;
  std::set<std::string, std::less<>> named;
  for (const Stage& stage : out_.stages) {
    named.insert(context_key(stage.name));
    if (const auto* context = std::get_if<FromNamedContext>(&stage.base))
      named.insert(context->name);
  }
  for (const dockerfile::Instruction& instruction : file_.instructions) {
    if (const auto* from = std::get_if<dockerfile::From>(&instruction.body)) {
      named.insert(context_key(from->image.text));
    } else if (const auto* run = std::get_if<dockerfile::Run>(&instruction.body)) {
      for (const dockerfile::Word& word : run->mounts_from) named.insert(context_key(word.text));
    } else if (const auto* copy = dockerfile::files_of(instruction); copy && copy->from) {
      named.insert(context_key(copy->from->text));
    }
  }
  for (const std::string& name : inputs_.contexts) {
    if (named.contains(name)) continue;
    const auto nearest = findings_.nearest(
        name, [&] { return std::vector<std::string>(named.begin(), named.end()); });
    findings_.warning("build-context-unused",
                      concat("the build context ", quote(name), " is named by no FROM, no --from"),
                      {.helps = dockerfile::did_you_mean(nearest)});
  }
}

}  // namespace ocibuild::plan
