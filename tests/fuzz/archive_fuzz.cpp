// SPDX-License-Identifier: Apache-2.0
// An image archive, as `ocibuild load` reads it from a pipe.
#include <ocibuild/transfer.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ocibuild;
  static const test::TempDir
      directory;  // one store for all: what was loaded before must not matter
  const support::Fd file(::memfd_create("archive", MFD_CLOEXEC));
  if (::write(file.get(), data, size) != static_cast<ssize_t>(size)) return 0;
  ::lseek(file.get(), 0, SEEK_SET);
  std::vector<StoredImage> images;
  const auto store = directory / "store";
  if (!fuzz::accepts([&] { images = load(store, file.get()); })) return 0;
  for (const StoredImage& image : images) {
    fuzz::require(fuzz::accepts([&] { ImageStore(store).details(image); }),
                  "a loaded image is whole");
  }
  return 0;
}
