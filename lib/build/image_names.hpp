// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include <ocibuild/build.hpp>

#include "plan/stage_graph.hpp"
#include "registry/sources.hpp"
#include "store/oci_layout.hpp"

namespace ocibuild::engine {

/// What the names of images mean in one build (docs/reference/registry.md, R5). Asks nobody, and
/// reads no file before the first name without a registry.
class ImageNames {
public:
  /// The arguments must outlive this.
  ImageNames(const BuildRequest& request, const store::OciLayout& layout);

  /// @throws Error(Errc::usage, name-invalid), (name-ambiguous), (config-invalid)
  Reference resolve(std::string_view text) const;
  /// What the plan of one platform's image starts with, with names that are resolved here.
  plan::PlanInputs plan_inputs(std::optional<Platform> platform) const;

private:
  const BuildRequest& request_;
  const store::OciLayout& layout_;
  std::optional<registry::Configuration> configuration_;  // absent: names mean what docker says
};

/// True if `layout` has what `name` selects: that digest, else that name.
bool is_local(const store::OciLayout& layout, const Reference& name);
/// The entry of a layout's index for a reference: by digest when it has one, else by name.
const Descriptor* find_entry(const Index& index, const Reference& name);

}  // namespace ocibuild::engine
