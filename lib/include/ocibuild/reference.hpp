// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/digest.hpp>
#include <ocibuild/export.hpp>

namespace ocibuild {

/// The name of an image: registry/repository:tag@digest, fully normalised
/// (docs/reference/registry.md, 1).
///
/// "alpine" is docker.io/library/alpine:latest, as for docker. Without tag and digest the tag is
/// "latest".
struct OCIBUILD_API Reference {
  std::string
      registry;  ///< lower-case host, with ":port" when given: "docker.io", "localhost:5000"
  std::string repository;        ///< path: "library/alpine"
  std::string tag;               ///< empty only when a digest is given
  std::optional<Digest> digest;  ///< selects the image when given

  /// @throws Error(Errc::usage, name-invalid) that names the rule broken and, where possible, the
  /// repaired name
  static Reference parse(std::string_view text);

  /// The normalised text: "docker.io/library/alpine:3.20".
  std::string str() const;
  /// The shortest text that parses to this: "alpine:3.20".
  std::string familiar() const;
  bool operator==(const Reference&) const = default;
};

}  // namespace ocibuild
