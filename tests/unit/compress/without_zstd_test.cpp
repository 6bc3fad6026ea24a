// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include "compress/codec.hpp"
#include "compress/decompressor.hpp"
#include "support/bytes.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;

namespace {

template <typename Work>
std::string error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return "error[" + error.diagnostic().id + "]: " + error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("cli.md 10.2: without zstd a layer cannot be written with it", "[compress]") {
  CHECK(error_of([] { Setting::make(Codec::zstd, 3); }) ==
        "error[compression-unavailable]: this ocibuild was built without zstd, use gzip or none");
  CHECK(error_of([] { Setting::make(Codec::gzip, 3); }) == "none");
}

TEST_CASE("cli.md 10.2: without zstd a layer in it cannot be read", "[compress]") {
  support::MemorySource source("\x28\xb5\x2f\xfd and more");
  CHECK(error_of([&] { compress::decompress(source, "layer 2"); }) ==
        "error[compression-unavailable]: layer 2 is compressed with zstd, and this ocibuild was "
        "built without it");
}
