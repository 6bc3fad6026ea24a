// SPDX-License-Identifier: Apache-2.0
// What each COPY --from reads (docs/reference/dockerfile.md, 6.9).
#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "plan/context_key.hpp"
#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Copy;
using dockerfile::Word;
using support::concat;
using support::quote;

/// References to stages are right or wrong in every stage, needed or not.
void GraphBuilder::resolve_stage_references() {
  for (std::size_t i = 0; i < out_.stages.size(); ++i) {
    for (const std::size_t at : out_.stages[i].instructions) resolve_stage_references(i, at);
  }
}

void GraphBuilder::resolve_stage_references(std::size_t stage, std::size_t instruction) {
  if (const auto* run = std::get_if<dockerfile::Run>(&file_.instructions[instruction].body)) {
    return resolve_mounts(stage, instruction, *run);
  }
  const Copy* copy = dockerfile::files_of(file_.instructions[instruction]);
  if (copy == nullptr) return;
  std::map<std::size_t, Origin>& copies = out_.stages[stage].copies;
  if (!copy->from) {
    copies.emplace(instruction, FromContext{});
    return;
  }
  const bool number = std::ranges::all_of(copy->from->text, support::is_digit);
  auto origin = number ? numbered_stage(stage, *copy->from) : named_stage(stage, *copy->from);
  if (origin) copies.emplace(instruction, std::move(*origin));
}

/// A mount names a stage, never its number; what names none is an image or a directory, which
/// nobody will ask for (6.8).
void GraphBuilder::resolve_mounts(std::size_t stage, std::size_t instruction,
                                  const dockerfile::Run& run) {
  for (const Word& from : run.mounts_from) {
    const auto origin = named_stage(stage, from);
    if (!origin) continue;
    const auto* named = std::get_if<FromStage>(&*origin);
    if (named != nullptr) out_.stages[stage].mounts[instruction].push_back(named->index);
  }
}

/// `named` is `stage` itself or stands below it.
void GraphBuilder::report_not_above(std::size_t stage, std::size_t named, const Word& from) {
  if (named == stage) {
    findings_.error("stage-circular", concat("from=", from.text, " reads the stage it stands in"),
                    from.span, {.helps = {"leave it out to read the build context"}});
    return;
  }
  findings_.error("stage-later",
                  concat("the stage ", quote(from.text), " must be defined before it is read"),
                  from.span,
                  {.notes = {concat("it begins on line ", from_line(named).span.line,
                                    ", this is line ", from.span.line)},
                   .helps = {"move that stage above this one"}});
}

std::optional<Origin> GraphBuilder::numbered_stage(std::size_t stage, const Word& from) {
  std::uint64_t number = 0;
  const std::size_t last = out_.stages.size() - 1;
  if (!support::parse_number(from.text, last, number)) {
    findings_.error("stage-unknown", concat("there is no stage ", from.text), from.span,
                    {.notes = {concat("the stages are 0 to ", last, ", this one is ", stage)}});
    return std::nullopt;
  }
  const auto index = static_cast<std::size_t>(number);
  if (index < stage) return stage_or_context(index);
  report_not_above(stage, index, from);
  return std::nullopt;
}

/// Nothing also when no stage has the name: then it is an image.
std::optional<Origin> GraphBuilder::named_stage(std::size_t stage, const Word& from) {
  const std::string name = support::to_lower(from.text);
  if (const auto above = stage_above(stage, name)) return stage_or_context(*above);
  if (name == "scratch") return FromScratch{};
  const auto found = by_name_.find(name);
  if (found != by_name_.end()) {
    report_not_above(stage, found->second.front(), from);
    return std::nullopt;
  }
  return named_context(from);
}

std::optional<Origin> GraphBuilder::named_context(const Word& from) const {
  std::string key = context_key(from.text);
  if (!inputs_.contexts.contains(key)) return std::nullopt;
  return FromNamedContext{std::move(key), from.span, {}};
}

/// Of a stage that a context replaces COPY reads the context itself, which may be a directory of
/// any size, of which only the sources are looked at.
Origin GraphBuilder::stage_or_context(std::size_t stage) const {
  if (is_replaced(stage)) return out_.stages[stage].base;
  return FromStage{stage};
}

/// Images matter only where the stage is built.
void GraphBuilder::resolve_image_copies() {
  for (std::size_t i = 0; i < out_.stages.size(); ++i) {
    const bool needed = std::ranges::binary_search(out_.needed, i);
    if (!needed && !inputs_.every_stage) continue;
    Stage& stage = out_.stages[i];
    for (const std::size_t at : stage.instructions) {
      const Copy* copy = dockerfile::files_of(file_.instructions[at]);
      if (copy == nullptr || stage.copies.contains(at)) continue;
      if (auto origin = copied_image(i, *copy->from)) stage.copies.emplace(at, std::move(*origin));
    }
  }
}

std::optional<Origin> GraphBuilder::copied_image(std::size_t stage, const Word& from) {
  const bool number = std::ranges::all_of(from.text, support::is_digit);
  if (number || by_name_.contains(support::to_lower(from.text))) return std::nullopt;  // reported
  // A text with '/', ':' or '@' is no mistyped stage name: those cannot have them.
  const bool like_a_stage = from.text.find_first_of("/:@") == std::string::npos;
  if (like_a_stage && by_name_.size() <= dockerfile::Findings::most_candidates) {
    const auto nearest = findings_.nearest(from.text, [&] {
      std::vector<std::string> above = stage_names();
      std::erase_if(above, [&](const std::string& name) { return !stage_above(stage, name); });
      return above;
    });
    if (nearest) {
      std::vector<std::string> helps = dockerfile::did_you_mean(nearest);
      helps.push_back(concat("an image of that name is written docker.io/library/",
                             support::to_lower(from.text)));
      findings_.error("stage-unknown", concat("COPY --from names no stage: ", quote(from.text)),
                      from.span, {.helps = std::move(helps)});
      return std::nullopt;
    }
  }
  try {
    return FromImage{.name = inputs_.reference_of(from.text),
                     .span = from.span,
                     .written = from.text,
                     .platform = {},
                     .expansion = {}};
  } catch (const Error& error) {
    if (!is_mistake(error)) throw;
    std::vector<std::string> notes = error.diagnostic().notes;
    notes.push_back(stage_list());
    findings_.error(error.diagnostic().id, error.diagnostic().message, from.span,
                    {.notes = std::move(notes), .helps = error.diagnostic().helps});
    return std::nullopt;
  }
}

}  // namespace ocibuild::plan
