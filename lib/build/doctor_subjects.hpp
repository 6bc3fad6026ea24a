// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include <ocibuild/doctor.hpp>
#include <ocibuild/reference.hpp>

#include "registry/network.hpp"

namespace ocibuild::engine {

/// A name to look at, and who is asked for it.
struct Examination {
  DoctorSubject subject;             ///< without sources
  std::optional<Reference> image{};  ///< absent: a host or a file
  std::optional<http::Url> url{};    ///< of a file, which has no sources
  /// In the order of a pull; the last may be for a push only.
  std::vector<registry::Source> sources{};
  bool last_is_destination = false;  ///< a push goes to the last source
  bool last_is_push_only = false;
};

/// Bases and files of ADD first, then names, else docker.io; each once (docs/reference/registry.md,
/// E5.1).
/// @throws Error as doctor()
std::vector<Examination> find_subjects(const DoctorRequest& request,
                                       const registry::Configuration& configuration);

}  // namespace ocibuild::engine
