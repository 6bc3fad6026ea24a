// SPDX-License-Identifier: Apache-2.0
// What each FROM starts with (docs/reference/dockerfile.md, 6.3 to 6.6).
#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "plan/context_key.hpp"
#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Expansion;
using dockerfile::From;
using dockerfile::VariableUse;
using support::concat;
using support::quote;

void GraphBuilder::resolve_bases() {
  for (std::size_t i = 0; i < out_.stages.size(); ++i) {
    auto origin = base_of(i);
    out_.stages[i].base_wrong = !origin;
    if (origin) out_.stages[i].base = std::move(*origin);
    if (is_replaced(i)) replace_base(out_.stages[i]);
  }
}

std::optional<Origin> GraphBuilder::base_of(std::size_t stage) {
  const From& from = from_of(stage);
  Expansion expansion;
  Expansion platform_expansion;
  const auto name = expand_global(from.image, &expansion);
  // The platform is checked even where it has no effect.
  const auto platform = base_platform(from, platform_expansion);
  if (!name || (from.platform && !platform)) return std::nullopt;
  if (name->empty()) {
    report_empty(from, expansion);
    return std::nullopt;
  }
  auto origin = origin_called(*name, stage, platform, expansion);
  if (origin) lint_from(from, expansion, platform_expansion);
  return origin;
}

std::optional<Origin> GraphBuilder::origin_called(const std::string& name, std::size_t stage,
                                                  const std::optional<Platform>& platform,
                                                  const Expansion& expansion) {
  const From& from = from_of(stage);
  if (name == "scratch") return FromScratch{};
  if (const auto above = stage_above(stage, support::to_lower(name))) return FromStage{*above};
  if (std::string key = context_key(name); inputs_.contexts.contains(key))
    return FromNamedContext{std::move(key), from.image.span, platform};
  auto origin = base_image(from, expansion);
  if (origin) std::get<FromImage>(*origin).platform = platform;
  return origin;
}

/// A build context stands for the stage; the platform of its FROM line still counts.
void GraphBuilder::replace_base(Stage& stage) {
  const From& from = std::get<From>(file_.instructions[stage.from].body);
  Expansion expansion;
  const auto platform = base_platform(from, expansion);
  stage.base = FromNamedContext{context_key(stage.name), from.image.span, platform};
  stage.base_wrong = false;
}

/// "NAME=value", and where the value came from.
std::string GraphBuilder::expansion_label(const Expansion& expansion) const {
  std::string out = dockerfile::describe_use(expansion);
  if (!out.empty() && inputs_.build_args.contains(expansion.uses.front().name)) {
    out += " (--build-arg)";
  }
  return out;
}

/// What else goes wrong with a name, such as a configuration file, is not the Dockerfile's.
bool GraphBuilder::is_mistake(const Error& error) {
  return error.diagnostic().id.starts_with("name-");
}

std::optional<Origin> GraphBuilder::base_image(const From& from, const Expansion& expansion) {
  try {
    return FromImage{.name = inputs_.reference_of(expansion.text),
                     .span = from.image.span,
                     .written = from.image.text,
                     .platform = {},
                     .expansion = expansion_label(expansion)};
  } catch (const Error& error) {
    if (!is_mistake(error)) throw;
    if (report_undefined(from, expansion)) return std::nullopt;
    findings_.error(error.diagnostic().id, error.diagnostic().message, from.image.span,
                    {.label = expansion_label(expansion),
                     .notes = error.diagnostic().notes,
                     .helps = error.diagnostic().helps});
    return std::nullopt;
  }
}

std::optional<Platform> GraphBuilder::base_platform(const From& from, Expansion& expansion) {
  if (!from.platform) return std::nullopt;
  const auto text = expand_global(*from.platform, &expansion);
  if (!text) return std::nullopt;
  try {
    return Platform::parse(*text);
  } catch (const Error& error) {
    findings_.error(error.diagnostic().id,
                    text->empty() ? concat("the platform ", quote(from.platform->text), " is empty")
                                  : error.diagnostic().message,
                    from.platform->span,
                    {.label = expansion_label(expansion), .helps = error.diagnostic().helps});
    return std::nullopt;
  }
}

/// An error about the first variable without value, if there is one.
bool GraphBuilder::report_undefined(const From& from, const Expansion& expansion) {
  const auto missing =
      std::find_if(expansion.uses.begin(), expansion.uses.end(),
                   [](const VariableUse& use) { return !use.value && !use.has_fallback; });
  if (missing == expansion.uses.end()) return false;
  const std::string& name = missing->name;
  if (out_.global.is_declared(name)) {
    findings_.error("arg-undefined",
                    concat("FROM uses the variable ", quote(name), ", which has no value"),
                    from.image.span,
                    {.label = concat(name, " is not set"),
                     .helps = {concat("give it a default, ARG ", name, "=value, or --build-arg ",
                                      name, "=value")}});
    return true;
  }
  findings_.error(
      "arg-undefined",
      concat("FROM uses the variable ", quote(name), ", which no ARG before FROM declares"),
      from.image.span, undeclared(name));
  return true;
}

/// Why FROM does not see the variable, and what to do.
dockerfile::Explanation GraphBuilder::undeclared(const std::string& name) {
  dockerfile::Explanation out;
  out.label = concat(name, " is not set");
  out.notes = {"FROM sees only ARGs that stand before the first FROM"};
  if (const auto in_stage = stage_args_.find(name); in_stage != stage_args_.end()) {
    out.notes.push_back(
        concat("ARG ", name, " on line ", in_stage->second, " belongs to its stage"));
  }
  out.helps =
      dockerfile::did_you_mean(findings_.nearest(name, [this] { return out_.global.names(); }));
  out.helps.push_back(concat("declare ARG ", name, " before FROM"));
  return out;
}

void GraphBuilder::report_empty(const From& from, const Expansion& expansion) {
  if (report_undefined(from, expansion)) return;
  findings_.error("from-empty",
                  concat("the image name ", quote(from.image.text), " should not be blank"),
                  from.image.span,
                  {.label = expansion_label(expansion),
                   .helps = {"write the name of an image, or FROM scratch for none"}});
}

}  // namespace ocibuild::plan
