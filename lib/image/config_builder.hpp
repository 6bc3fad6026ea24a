// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include <ocibuild/image.hpp>

namespace ocibuild::image {

/// Seconds since 1970 as RFC 3339 in UTC: "1970-01-01T00:00:00Z".
std::string rfc3339(std::int64_t seconds);

/// Grows the config of an image from its base's (docs/reference/image.md, 4).
class ConfigBuilder {
public:
  /// `base`: null for scratch. `platform`: of the result. The base's history is padded when it does
  /// not have one non-empty entry for each layer.
  ConfigBuilder(const ImageConfig* base, Platform platform, std::int64_t created);

  /// History entry without a layer.
  void add_step(std::string created_by);
  /// History entry with its layer.
  void add_layer(std::string created_by, DiffId diff_id);
  ImageConfig finish(ContainerConfig config, std::string author) &&;

private:
  HistoryEntry entry(std::string created_by) const;
  ImageConfig config_;
};

}  // namespace ocibuild::image
