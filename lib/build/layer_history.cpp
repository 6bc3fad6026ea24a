// SPDX-License-Identifier: Apache-2.0
#include "build/layer_history.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "build/file_difference.hpp"
#include "build/inputs.hpp"
#include "oci/hasher.hpp"
#include "rootfs/layer_scan.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

std::string compression_of(const BuildRequest& request) {
  std::string out;
  switch (request.compression) {
    case Compression::gzip:
      out = "gzip";
      break;
    case Compression::zstd:
      out = "zstd";
      break;
    case Compression::none:
      out = "uncompressed";
      break;
  }
  if (request.compression_level) out += concat(" ", *request.compression_level);
  return out;
}

std::string times_of(const FileTimes& times) {
  std::string out = times.preserve ? "preserve" : concat(times.fixed);
  if (times.not_after) out += concat(", at most ", *times.not_after);
  return out;
}

std::string name_of(const BaseImage& image) {
  return concat(image.title, ' ', image.descriptor.digest.str());
}

std::size_t position_of(const StageWork& work, const StageStep& step) {
  std::size_t position = 0;
  for (const StageStep& one : work.steps) {
    if (&one == &step) break;
    if (one.plan.makes_layer()) ++position;
  }
  return position;
}

const StepFact* find_fact(const StepFacts& step, const StepFact& like) {
  const auto at = std::ranges::find_if(step.facts, [&](const StepFact& fact) {
    return fact.kind == like.kind && fact.name == like.name;
  });
  return at == step.facts.end() ? nullptr : &*at;
}

/// Facts of `now` and of `before` that are not the same.
std::vector<RebuildCause> changed_facts(const StepFacts& before, const StepFacts& now) {
  std::vector<RebuildCause> out;
  for (const StepFact& fact : now.facts) {
    const StepFact* was = find_fact(before, fact);
    if (was == nullptr || was->value != fact.value)
      out.push_back({fact.kind, fact.name, was == nullptr ? "" : was->value, fact.value});
  }
  for (const StepFact& fact : before.facts) {
    if (find_fact(now, fact) == nullptr) out.push_back({fact.kind, fact.name, fact.value, ""});
  }
  return out;
}

bool has(const std::vector<RebuildCause>& causes, Cause kind) {
  return std::ranges::find(causes, kind, &RebuildCause::kind) != causes.end();
}

/// What every byte of a layer depends on, whatever its files are.
bool is_of_all(Cause kind) {
  return kind == Cause::compression || kind == Cause::file_times || kind == Cause::format;
}

/// The base gives directories, links and owners by name; never a content.
bool is_of_content(Cause kind) {
  return kind == Cause::file_content || kind == Cause::file_time;
}

/// Leaves out what changed and did not matter.
void keep_what_mattered(std::vector<RebuildCause>& facts, std::vector<RebuildCause>& files) {
  if (has(facts, Cause::file_times))
    std::erase_if(files, [](const RebuildCause& one) { return one.kind == Cause::file_time; });
  if (has(facts, Cause::compression))
    std::erase_if(facts, [](const RebuildCause& one) { return one.kind == Cause::format; });
  const bool only_contents = std::ranges::all_of(files, is_of_content, &RebuildCause::kind);
  std::erase_if(facts, [&](const RebuildCause& fact) {
    if (is_of_all(fact.kind)) return false;
    return fact.kind == Cause::base ? only_contents : files.empty();
  });
}

}  // namespace

Digest LayerHistory::key_of(const StageWork& work) const {
  const std::string stage =
      work.stage->name.empty() ? concat(work.stage - in_.graph.stages.data()) : work.stage->name;
  return oci::sha256(concat(in_.project, '\n', in_.platform, '\n', stage));
}

StageMemory& LayerHistory::memory_of(const StageWork& work) {
  const Digest key = key_of(work);
  const auto known = memories_.find(key);
  if (known != memories_.end()) return known->second;
  const auto bytes = in_.cache.find_steps(key);
  return memories_.emplace(key, bytes ? StageMemory::decode(*bytes) : StageMemory()).first->second;
}

StepFacts LayerHistory::facts_of(const StageWork& work, const StageStep& step) const {
  StepFacts out{.instruction = in_.file.instructions[step.plan.instruction].text,
                .position = position_of(work, step)};
  const auto add = [&](Cause kind, std::string name, std::string value) {
    out.facts.push_back({kind, std::move(name), std::move(value)});
  };
  for (const auto& [name, value] : step.plan.variables) add(Cause::variable, name, value);
  if (const auto* copy = std::get_if<plan::CopyStep>(&step.plan.action)) {
    add(Cause::destination, {}, copy->destination.absolute());
  } else if (const auto* workdir = std::get_if<plan::WorkdirStep>(&step.plan.action)) {
    add(Cause::destination, {}, workdir->path.absolute());
    if (!workdir->user.empty()) add(Cause::user, {}, workdir->user);
  }
  if (in_.base != nullptr) add(Cause::base, {}, name_of(*in_.base));
  if (step.source != nullptr) add(Cause::source_image, {}, name_of(*step.source));
  add(Cause::compression, {}, compression_of(in_.request));
  add(Cause::file_times, {}, times_of(in_.request.file_times));
  add(Cause::format, {}, in_.format);
  return out;
}

std::vector<RebuildCause> LayerHistory::explain(const StageWork& work, const StageStep& step,
                                                bool anew) {
  if (!in_.request.use_cache) return {{.kind = Cause::no_cache}};
  if (anew) return {{.kind = Cause::no_cache, .name = work.stage->name}};
  const StepFacts now = facts_of(work, step);
  const RememberedStep* before =
      memory_of(work).find(now, [this](const Digest& key) { return in_.cache.layer_used(key); });
  if (before == nullptr) return {{.kind = Cause::first_build}};
  return compare(*before, now, step.files);
}

std::vector<RebuildCause> LayerHistory::compare(const RememberedStep& before, const StepFacts& now,
                                                const std::vector<layer::LayerFile>& files) const {
  std::vector<RebuildCause> out = changed_facts(before.step, now);
  if (before.step.instruction != now.instruction)
    out.insert(out.begin(), {Cause::instruction, {}, before.step.instruction, now.instruction});
  std::vector<RebuildCause> of_files;
  if (const auto index = files_of(before)) {
    of_files = file_differences(*index, files, jobs_of(in_.request), in_.stop);
  } else {
    of_files = {{.kind = Cause::files_unknown}};
  }
  keep_what_mattered(out, of_files);
  out.insert(out.end(), of_files.begin(), of_files.end());
  if (out.empty()) out.push_back({.kind = Cause::lost});
  return out;
}

std::shared_ptr<const rootfs::LayerIndex> LayerHistory::files_of(const RememberedStep& step) const {
  const Descriptor blob{.media_type = {}, .digest = step.blob, .size = step.size};
  if (!in_.blobs.has(blob)) return nullptr;
  try {
    const support::Fd fd = in_.blobs.open(blob);
    support::FdSource source(fd.get(), in_.blobs.path(blob.digest));
    return rootfs::scan_layer(source, blob, DiffId(step.diff_id),
                              concat("layer ", blob.digest.str()), in_.stop);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    return nullptr;  // damaged since: an explanation is no reason to fail
  }
}

void LayerHistory::remember(const StageWork& work) {
  const auto is_new = [](const StageStep& step) {
    return !step.files.empty() && !step.layer.get().cached;
  };
  if (std::ranges::none_of(work.steps, is_new)) return;
  StageMemory& memory = memory_of(work);
  for (const StageStep& step : work.steps) {
    if (step.files.empty()) continue;
    const StoredLayer& layer = step.layer.get();
    const Digest& blob = layer.record.descriptor.digest;
    if (blob.algorithm() != "sha256") continue;  // of a shared cache by somebody else
    memory.add({.step = facts_of(work, step),
                .key = layer.key,
                .blob = blob,
                .size = layer.record.descriptor.size,
                .diff_id = layer.record.diff_id.digest()});
  }
  in_.cache.put_steps(key_of(work), memory.encode());
}

}  // namespace ocibuild::engine
