// SPDX-License-Identifier: Apache-2.0
#include "build/image_names.hpp"

#include <ocibuild/transfer.hpp>

#include "build/contexts.hpp"

namespace ocibuild {

namespace engine {

ImageNames::ImageNames(const BuildRequest& request, const store::OciLayout& layout)
    : request_(request), layout_(layout) {
  if (request.network) configuration_.emplace(*request.network);
}

Reference ImageNames::resolve(std::string_view text) const {
  if (!configuration_) return Reference::parse(text);
  const bool asks = !request_.network->offline &&
                    (request_.pull == PullPolicy::always || request_.pull == PullPolicy::newer);
  if (asks) return configuration_->resolve_short_name(text);
  return configuration_->resolve_short_name(
      text, [this](const Reference& name) { return is_local(layout_, name); });
}

plan::PlanInputs ImageNames::plan_inputs(std::optional<Platform> platform) const {
  return {.target = request_.target,
          .build_args = request_.build_args,
          .platform = std::move(platform),
          .contexts = Contexts::keys_of(request_),
          .reference_of = [this](std::string_view text) { return resolve(text); }};
}

const Descriptor* find_entry(const Index& index, const Reference& name) {
  for (const Descriptor& descriptor : index.manifests) {
    if (name.digest) {
      if (descriptor.digest == *name.digest) return &descriptor;
      continue;
    }
    const auto at = descriptor.annotations.find(std::string(store::ref_name_annotation));
    if (at != descriptor.annotations.end() && at->second == name.str()) return &descriptor;
  }
  return nullptr;
}

bool is_local(const store::OciLayout& layout, const Reference& name) {
  return find_entry(layout.read_index(), name) != nullptr;
}

}  // namespace engine

Reference resolve_name(std::string_view text, const NetworkSettings& network,
                       const std::filesystem::path& store) {
  const registry::Configuration configuration(network);
  if (store.empty()) return configuration.resolve_short_name(text);
  const store::OciLayout layout(store);
  return configuration.resolve_short_name(
      text, [&](const Reference& name) { return engine::is_local(layout, name); });
}

}  // namespace ocibuild
