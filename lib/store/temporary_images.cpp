// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <ocibuild/transfer.hpp>

#include "store/load.hpp"
#include "store/oci_layout.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"

namespace ocibuild {

namespace {

/// Beside the temporary files, so that what a killed process leaves is found like those.
std::filesystem::path make_directory(const std::filesystem::path& store) {
  const store::OciLayout layout(store);
  const std::filesystem::path parent = layout.blobs().temp_directory();
  layout.blobs().check_writable();
  std::filesystem::create_directories(parent);
  support::remove_stale_temp_files(parent);
  std::string path = parent / ".ocibuild-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) support::throw_errno("create directory", path, errno);
  return path;
}

}  // namespace

TemporaryImages::TemporaryImages(const std::filesystem::path& store, const Endpoint& source,
                                 std::stop_token stop)
    : directory_(make_directory(store)) {
  try {
    images_ = store::load(directory_, source, std::move(stop));
  } catch (...) {
    remove();
    throw;
  }
}

TemporaryImages::~TemporaryImages() {
  remove();
}

void TemporaryImages::remove() noexcept {
  std::error_code ignored;  // what is left over costs space for a day
  std::filesystem::remove_all(directory_, ignored);
}

}  // namespace ocibuild
