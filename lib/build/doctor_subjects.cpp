// SPDX-License-Identifier: Apache-2.0
#include "build/doctor_subjects.hpp"

#include <algorithm>

#include "build/contexts.hpp"
#include "build/inputs.hpp"
#include "dockerfile/parser.hpp"
#include "oci/host_name.hpp"
#include "plan/stage_graph.hpp"
#include "store/oci_layout.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

using support::concat;

/// The images that the target's stages start or copy from. Mistakes of the Dockerfile are not the
/// doctor's: what can be read counts.
std::vector<Reference> base_names(const BuildRequest& build) {
  const Inputs inputs = read_dockerfile(build);
  support::Diagnostics ignored;
  const dockerfile::Dockerfile file = dockerfile::parse(inputs.name, inputs.text, ignored);
  plan::PlanInputs plan_inputs{.target = build.target,
                               .build_args = build.build_args,
                               .contexts = Contexts::keys_of(build),
                               .missing_bases = true};
  if (!build.platforms.empty()) plan_inputs.platform = build.platforms.front();
  const plan::StageGraph graph = plan::build_stage_graph(file, plan_inputs, ignored);
  std::vector<Reference> out;
  const auto add = [&](const plan::Origin& origin) {
    const auto* image = std::get_if<plan::FromImage>(&origin);
    if (image != nullptr && std::ranges::find(out, image->name) == out.end())
      out.push_back(image->name);
  };
  for (const std::size_t index : graph.needed) {
    const plan::Stage& stage = graph.stages[index];
    if (!stage.base_wrong) add(stage.base);
    for (const auto& [instruction, origin] : stage.copies) add(origin);
  }
  return out;
}

bool has_image(const store::OciLayout& layout, const Reference& name) {
  const Index index = layout.read_index();
  return std::ranges::any_of(
      index.manifests, [&](const Descriptor& entry) { return layout.name_of(entry) == name; });
}

/// HOST[:PORT] alone. "alpine:3" is an image all the same: a host has a dot or is localhost.
bool is_host_alone(const std::string& word) {
  if (!oci::is_host(word)) return false;
  const std::string host = word.substr(0, word.find(':'));
  return word.starts_with('[') || host == "localhost" || host.find('.') != std::string::npos;
}

/// With the mirrors that stand in for all of it: those that any image of it would be asked of.
Examination of_host(const std::string& word, const registry::Configuration& configuration) {
  const Reference any = Reference::parse(word + "/any");
  Examination out{.subject = {.kind = DoctorSubject::Kind::host, .name = any.registry}};
  try {
    out.sources = configuration.pull_sources(any);
  } catch (const Error& error) {
    if (error.code() == Errc::usage) throw;
    out.subject.problem = error;
  }
  for (registry::Source& source : out.sources) {
    std::string& path = source.repository;
    if (path.ends_with(any.repository)) path.resize(path.size() - any.repository.size());
    if (path.ends_with('/')) path.pop_back();
  }
  return out;
}

Examination of_image(const Reference& image, DoctorSubject::Kind kind, bool push,
                     const registry::Configuration& configuration) {
  Examination out{.subject = {.kind = kind, .name = image.familiar(), .push = push},
                  .image = image,
                  .last_is_destination = push};
  try {
    out.sources = configuration.pull_sources(image);
    if (!push) return out;
    const registry::Source target = configuration.push_target(image);
    const registry::Source& last = out.sources.back();
    if (last.mirror || last.registry != target.registry || last.repository != target.repository) {
      out.sources.push_back(target);
      out.last_is_push_only = true;
    }
  } catch (const Error& error) {
    if (error.code() == Errc::usage) throw;
    out.subject.problem = error;
  }
  return out;
}

void add_bases(const BuildRequest& build, const registry::Configuration& configuration,
               std::vector<Examination>& out) {
  const store::OciLayout layout(build.store);
  for (const Reference& name : base_names(build)) {
    const bool asked = build.pull == PullPolicy::always || build.pull == PullPolicy::newer;
    if (!asked && has_image(layout, name)) {
      out.push_back(
          {.subject = {
               .kind = DoctorSubject::Kind::base, .name = name.familiar(), .in_store = true}});
    } else {
      out.push_back(of_image(name, DoctorSubject::Kind::base, false, configuration));
    }
  }
}

}  // namespace

std::vector<Examination> find_subjects(const DoctorRequest& request,
                                       const registry::Configuration& configuration) {
  std::vector<Examination> out;
  if (request.build) add_bases(*request.build, configuration, out);
  for (const std::string& word : request.names) {
    Examination next = is_host_alone(word)
                           ? of_host(word, configuration)
                           : of_image(Reference::parse(word), DoctorSubject::Kind::image,
                                      request.push, configuration);
    const bool known = std::ranges::any_of(out, [&](const Examination& other) {
      return other.subject.kind == next.subject.kind && other.subject.name == next.subject.name;
    });
    if (!known) out.push_back(std::move(next));
  }
  if (out.empty()) out.push_back(of_host("docker.io", configuration));
  return out;
}

}  // namespace ocibuild::engine
