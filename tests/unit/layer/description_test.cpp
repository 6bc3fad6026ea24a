// SPDX-License-Identifier: Apache-2.0
#include "layer/description.hpp"

#include "compress/codec.hpp"
#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;

namespace {

layer::LayerFile sample() {
  layer::LayerFile file{.entry = test::file_entry("a/b", 3), .content = test::text_content("abc")};
  file.entry.uid = 1;
  file.entry.xattrs = {{"n", "v"}};
  return file;
}

Digest key_of(const layer::LayerFile& file, compress::Codec codec = compress::Codec::gzip) {
  const std::vector<layer::LayerFile> files{file};
  layer::ContentDigests contents(files);
  contents.compute(1);
  return layer::layer_key(layer::layer_shape(files, compress::Setting::make(codec, {}).key()),
                          files, contents);
}

}  // namespace

TEST_CASE("image.md 7.1: everything a layer's bytes depend on changes its key", "[layer]") {
  const Digest key = key_of(sample());
  CHECK(key_of(sample()) == key);
  const auto changed = [&](auto edit) {
    layer::LayerFile file = sample();
    edit(file);
    return key_of(file) != key;
  };
  CHECK(changed([](auto& f) { f.entry.path = oci::RootfsPath("a/c"); }));
  CHECK(changed([](auto& f) { f.entry.mode = 0755; }));
  CHECK(changed([](auto& f) { f.entry.uid = 2; }));
  CHECK(changed([](auto& f) { f.entry.gid = 2; }));
  CHECK(changed([](auto& f) { f.entry.mtime = 2; }));
  CHECK(changed([](auto& f) { f.entry.type = oci::EntryType::fifo; }));
  CHECK(changed([](auto& f) { f.entry.link_target = "x"; }));
  CHECK(changed([](auto& f) { f.entry.device_major = 1; }));
  CHECK(changed([](auto& f) { f.entry.device_minor = 1; }));
  CHECK(changed([](auto& f) { f.entry.xattrs["n"] = "w"; }));
  CHECK(changed([](auto& f) { f.content = test::text_content("abd"); }));
  CHECK(key_of(sample(), compress::Codec::none) != key);
}

TEST_CASE("image.md 7.1: layers of one shape differ in nothing but contents", "[layer]") {
  const auto shape_of = [](const layer::LayerFile& file) {
    return layer::layer_shape({file}, "setting");
  };
  layer::LayerFile file = sample();
  file.content = test::text_content("abd");
  CHECK(shape_of(file) == shape_of(sample()));
  file.entry.size = 4;
  CHECK(shape_of(file) != shape_of(sample()));
}

TEST_CASE("image.md 7.1: values cannot run into each other", "[layer]") {
  layer::LayerFile a = sample();
  layer::LayerFile b = sample();
  a.entry.xattrs = {{"ab", "c"}};
  b.entry.xattrs = {{"a", "bc"}};
  CHECK(key_of(a) != key_of(b));
}
