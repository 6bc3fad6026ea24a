// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/transfer.hpp>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"
#include "tiny_images.hpp"

namespace ocibuild::test {

/// A store to load into.
struct Loader {
  TempDir dir{};
  std::filesystem::path root() const { return dir.path() / "store"; }
  std::vector<StoredImage> tar(std::string_view bytes, const char* name = "in.tar") const {
    support::write_unflushed(dir / name, bytes);
    return load(root(), dir / name);
  }
  /// Loads what must fail and checks that no image and no temporary file is left.
  Diagnostic refused(const std::function<void()>& work) const {
    const Error error = test::error_of(work);
    CHECK(error.code() == Errc::failed);
    CHECK(ImageStore(root()).images().empty());
    if (std::filesystem::exists(root() / ".ocibuild" / "tmp"))
      CHECK(std::filesystem::is_empty(root() / ".ocibuild" / "tmp"));
    return error.diagnostic();
  }
  Diagnostic refused_tar(std::string_view bytes) const {
    return refused([&] { tar(bytes); });
  }
};

}  // namespace ocibuild::test
