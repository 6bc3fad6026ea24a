// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "store/blob_store.hpp"

namespace ocibuild::engine {

/// Whether a build fetches and writes what it lacks, or is only planned: then nothing is written,
/// and where more than documents would have to come, NotHere is thrown.
enum class Fetching : std::uint8_t { all, documents };

/// Where contents are uncompressed to, in files without a name: the store's directory for that,
/// which is large enough; a plan makes none.
inline std::filesystem::path scratch_of(const store::BlobStore& blobs, Fetching fetching) {
  const auto directory = blobs.temp_directory();
  std::error_code none;
  const bool makes = fetching == Fetching::all;
  return makes || std::filesystem::is_directory(directory, none) ? directory : "/tmp";
}

}  // namespace ocibuild::engine
