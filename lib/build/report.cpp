// SPDX-License-Identifier: Apache-2.0
#include "build/report.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

/// FROM and the layers of a stage, counted up to `last` (inclusive). A directory that the stage
/// starts from is a step at the FROM line.
std::size_t count_layers(const StageWork& work, const StageStep* last) {
  const bool has_from_step =
      !work.steps.empty() && work.steps.front().plan.instruction == work.stage->from;
  std::size_t count = has_from_step ? 0 : 1;
  for (const StageStep& step : work.steps) {
    if (step.plan.makes_layer()) ++count;
    if (&step == last) break;
  }
  return count;
}

}  // namespace

void Reporter::base(const StageWork& work) {
  if (work.image == nullptr) return;
  StepDone done{};
  done.kind = StepKind::base;
  done.platform = platform_;
  done.stage = work.stage->name;
  done.number = 1;
  done.total = count_layers(work, nullptr);
  const std::optional<Reference>& name = work.image->name;
  done.instruction = support::concat("FROM ", name ? name->str() : work.image->title);
  if (!name || !name->digest) done.instruction += "@" + work.image->descriptor.digest.str();
  done.base = {.name = work.image->title,
               .digest = work.image->descriptor.digest.str(),
               .layers = work.image->manifest.layers.size()};
  if (name) done.base.name = Reference{name->registry, name->repository, name->tag, {}}.str();
  if (work.image->remote) {
    done.base.via = work.image->remote->via();
    done.took = work.image->remote->took;
  }
  for (const Descriptor& layer : work.image->manifest.layers) {
    done.size += layer.size;
    done.unpacked += images_.unpacked(layer.digest);
  }
  events_.on_event(done);
}

void Reporter::starts(const StageWork& work, const StageStep& step) {
  events_.on_event(StepStarted{work.stage->name, count_layers(work, &step),
                               count_layers(work, nullptr),
                               file_.instructions[step.plan.instruction].text, platform_});
}

void Reporter::step(const StageWork& work, const StageStep& step, const StoredLayer* layer,
                    std::chrono::nanoseconds took, std::vector<RebuildCause> causes) {
  StepDone done{};
  done.kind = step.plan.makes_layer() ? StepKind::layer : StepKind::config;
  done.platform = platform_;
  done.stage = work.stage->name;
  done.number = step.plan.makes_layer() ? count_layers(work, &step) : 0;
  done.total = count_layers(work, nullptr);
  done.instruction = file_.instructions[step.plan.instruction].text;
  done.took = took;
  done.causes = std::move(causes);
  if (layer != nullptr) {
    done.cached = layer->cached;
    done.unpacked = layer->record.unpacked;
    done.size = layer->record.descriptor.size;
  }
  events_.on_event(done);
}

void Reporter::stage_without_layers(const StageWork& work) {
  base(work);
  for (const StageStep& step : work.steps) this->step(work, step, nullptr, {});
}

}  // namespace ocibuild::engine
