// SPDX-License-Identifier: Apache-2.0
#include "build/step_memory.hpp"

#include <algorithm>

#include "oci/record.hpp"

namespace ocibuild::engine {

namespace {

constexpr std::string_view magic = "ocibuild stage steps 1\n";
/// So that who goes back to an earlier state of a file still learns what changed since the last
/// build, which then found its layer and wrote nothing.
constexpr std::size_t most_of_a_step = 4;
constexpr std::size_t most_steps = 512;

bool is_same_step(const StepFacts& a, const StepFacts& b) {
  return a.instruction == b.instruction && a.position == b.position;
}

void write(oci::RecordWriter& out, const RememberedStep& step) {
  out.text(step.step.instruction);
  out.number(step.step.position);
  out.number(step.step.facts.size());
  for (const StepFact& fact : step.step.facts) {
    out.number(static_cast<std::uint64_t>(fact.kind));
    out.text(fact.name);
    out.text(fact.value);
  }
  out.digest(step.key);
  out.digest(step.blob);
  out.number(step.size);
  out.digest(step.diff_id);
}

RememberedStep read(oci::RecordReader& in) {
  RememberedStep out;
  out.step.instruction = in.text();
  out.step.position = in.number();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    StepFact fact{.kind = static_cast<Cause>(in.number())};
    fact.name = in.text();
    fact.value = in.text();
    out.step.facts.push_back(std::move(fact));
  }
  out.key = in.digest();
  out.blob = in.digest();
  out.size = in.number();
  out.diff_id = in.digest();
  return out;
}

}  // namespace

StageMemory StageMemory::decode(std::string_view bytes) {
  StageMemory memory;
  auto in = oci::RecordReader::open(bytes, magic);
  if (!in) return memory;
  while (!in->at_end() && in->ok()) memory.steps_.push_back(read(*in));
  if (!in->ok()) memory.steps_.clear();
  return memory;
}

std::string StageMemory::encode() const {
  oci::RecordWriter out(magic);
  for (const RememberedStep& step : steps_) write(out, step);
  return out.finish();
}

const RememberedStep* StageMemory::find(const StepFacts& step, const LastUse& used) const {
  const auto last = [&](auto is_meant) {
    const RememberedStep* best = nullptr;
    std::optional<std::filesystem::file_time_type> best_use;
    for (const RememberedStep& one : steps_) {
      if (!is_meant(one.step)) continue;
      const auto use = used(one.key);
      if (best != nullptr && (!use || (best_use && *use <= *best_use))) continue;
      best = &one;
      best_use = use;
    }
    return best;
  };
  const RememberedStep* found =
      last([&](const StepFacts& other) { return is_same_step(other, step); });
  if (found == nullptr)
    found = last([&](const StepFacts& other) { return other.instruction == step.instruction; });
  if (found == nullptr)
    found = last([&](const StepFacts& other) { return other.position == step.position; });
  return found;
}

void StageMemory::add(RememberedStep step) {
  std::erase_if(steps_, [&](const RememberedStep& other) {
    return other.key == step.key && is_same_step(other.step, step.step);
  });
  std::size_t of_step = 1;
  std::erase_if(steps_, [&](const RememberedStep& other) {
    return is_same_step(other.step, step.step) && ++of_step > most_of_a_step;
  });
  steps_.insert(steps_.begin(), std::move(step));
  if (steps_.size() > most_steps) steps_.resize(most_steps);
}

}  // namespace ocibuild::engine
