// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_scan.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "rootfs/view.hpp"
#include "sample_layer.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using oci::EntryType;
using oci::RootfsPath;
using Names = std::vector<std::string>;

namespace {

Names paths(const rootfs::LayerIndex& index) {
  Names out;
  for (std::size_t i = 0; i < index.files().size(); ++i)
    out.push_back(index.files().at(i).entry.path.str());
  return out;
}

Diagnostic failure(const std::string& blob, const Descriptor& descriptor, const DiffId& diff_id) {
  support::MemorySource source{std::string_view(blob)};
  try {
    rootfs::scan_layer(source, descriptor, diff_id, "layer 1");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::failed);
    return error.diagnostic();
  }
  FAIL("taken");
  return {};
}

Diagnostic failure(const SampleLayer& layer) {
  const std::string tar = layer.tar();
  return failure(tar, descriptor_of(tar), diff_id_of(tar));
}

}  // namespace

TEST_CASE("every entry is indexed with its metadata, place and digest", "[rootfs]") {
  oci::Entry dir = dir_entry("etc", 0750);
  dir.uid = 3;
  dir.gid = 4;
  dir.mtime = 99;
  oci::Entry device = file_entry("dev", 0);
  device.type = EntryType::character_device;
  device.device_major = 5;
  SampleLayer layer;
  layer.add(dir).file("etc/b", "bytes", 04711).add(symlink_entry("etc/a", "b")).add(device);
  const std::string tar = layer.tar();
  const auto index = scan(tar);
  CHECK(paths(*index) == Names{"dev", "etc", "etc/a", "etc/b"});
  CHECK(index->find(RootfsPath("etc"))->entry == dir);
  CHECK(index->find(RootfsPath("dev"))->entry == device);
  CHECK(index->find(RootfsPath("etc/a"))->entry.link_target == "b");
  const rootfs::IndexedFile* file = index->find(RootfsPath("etc/b"));
  REQUIRE(file);
  CHECK(file->entry.mode == 04711);
  CHECK(file->digest == oci::sha256("bytes"));
  CHECK(tar.substr(file->offset, file->entry.size) == "bytes");
}

TEST_CASE("a compressed layer gives the same index, in one or in many gzip members", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", std::string(3000, 'a')).file("b", "b");
  const std::string tar = layer.tar();
  for (const std::string& blob : {gzip(tar), gzip(tar.substr(0, 700)) + gzip(tar.substr(700))}) {
    support::MemorySource source{std::string_view(blob)};
    const auto index = rootfs::scan_layer(source, descriptor_of(blob), diff_id_of(tar), "layer 1");
    CHECK(index->encode() == scan(tar)->encode());
  }
}

TEST_CASE("names as docker and tar write them are cleaned", "[rootfs]") {
  const TempDir dir;
  dir.write("tree/etc/a", "x");
  const ShellResult tar = shell("tar -C '" + (dir / "tree").string() + "' -cf - .");
  REQUIRE(tar.status == 0);
  CHECK(paths(*scan(tar.output)) == Names{"etc", "etc/a"});
}

TEST_CASE("dockerfile.md 16.5: whiteouts hide lower layers wherever they stand in the tar",
          "[rootfs]") {
  SampleLayer layer;
  layer.file("d/.wh.x", "").file("d/x", "new").file("e/y", "").file("e/.wh..wh..opq", "");
  layer.file(".wh.gone", "").file("z/.wh..wh.aufs", "").file(".wh..wh.plnk/1.2", "");
  const auto index = scan(layer.tar());
  CHECK(paths(*index) == Names{"d/x", "e/y"});
  CHECK(index->hides(RootfsPath("d/x")));
  CHECK(index->hides(RootfsPath("gone")));
  CHECK(index->hides(RootfsPath("e/anything")));
  CHECK_FALSE(index->hides(RootfsPath("z/aufs")));
  CHECK_FALSE(index->hides(RootfsPath("z/.wh.aufs")));
}

TEST_CASE("dockerfile.md 16.5: a whiteout cannot reach beyond its directory", "[rootfs]") {
  SampleLayer layer;
  layer.file("a/b/.wh...", "").file("a/b/.wh..", "").file("a/b/.wh.", "");
  const auto index = scan(layer.tar());
  CHECK(index->files().size() == 0);
  CHECK_FALSE(index->hides(RootfsPath("a")));
  CHECK_FALSE(index->hides(RootfsPath("a/b")));
}

TEST_CASE("dockerfile.md 16.5: a member below a symlink of the layer is placed behind it",
          "[rootfs]") {
  SampleLayer layer;
  layer.add(symlink_entry("lib", "usr/lib")).file("lib/a.so", "x").file("lib/.wh.old", "");
  layer.add(hard_link_entry("b.so", "lib/a.so"));
  const auto index = scan(layer.tar());
  CHECK(paths(*index) == Names{"b.so", "lib", "usr/lib/a.so"});
  CHECK(index->hides(RootfsPath("usr/lib/old")));
  CHECK(index->find(RootfsPath("b.so"))->entry.link_target == "usr/lib/a.so");
}

TEST_CASE(
    "dockerfile.md 16.5: a later entry of another type replaces a directory with everything below",
    "[rootfs]") {
  SampleLayer layer;
  layer.add(dir_entry("a")).file("a/x", "").file("a-b", "").file("a/y/z", "").file("a", "file");
  CHECK(paths(*scan(layer.tar())) == Names{"a", "a-b"});

  SampleLayer again;
  again.add(dir_entry("d", 0700)).file("d/x", "").add(dir_entry("d", 0711));
  const auto index = scan(again.tar());
  CHECK(paths(*index) == Names{"d", "d/x"});
  CHECK(index->find(RootfsPath("d"))->entry.mode == 0711);
}

TEST_CASE("dockerfile.md 16.5: a directory replaces a symlink, so that later members lie in it",
          "[rootfs]") {
  SampleLayer layer;
  layer.add(symlink_entry("d", "e")).add(dir_entry("d")).file("d/x", "");
  CHECK(paths(*scan(layer.tar())) == Names{"d", "d/x"});
}

TEST_CASE("a replaced file lives on under its other names", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", "old").add(hard_link_entry("b", "a")).add(hard_link_entry("c", "a"));
  layer.file("a", "newer");
  rootfs::View view;
  view.add(scan(layer.tar()), nullptr);
  const auto size = [&](const char* path) { return view.lookup(RootfsPath(path))->entry.size; };
  CHECK(size("a") == 5);
  CHECK(size("b") == 3);
  CHECK(size("c") == 3);
  CHECK(view.lookup(RootfsPath("b"))->inode == view.lookup(RootfsPath("c"))->inode);
}

TEST_CASE("a member below a file is an error that names layer and both paths", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", "").file("a/b", "");
  const Diagnostic error = failure(layer);
  CHECK(error.id == "archive-invalid");
  CHECK(error.message ==
        "layer 1 cannot be unpacked: \"/a/b\" lies below \"/a\", which is no directory");
}

TEST_CASE("symlinks in a circle are an error", "[rootfs]") {
  SampleLayer layer;
  layer.add(symlink_entry("a", "b")).add(symlink_entry("b", "a")).file("a/x", "");
  CHECK(failure(layer).id == "symlink-loop");
}

TEST_CASE("a wrong digest, size or diff_id is found, and named before what it causes", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", std::string(100'000, 'a'));
  const std::string tar = layer.tar();
  const std::string blob = gzip(tar);
  const Descriptor right = descriptor_of(blob);

  std::string damaged = blob;
  damaged[20] = static_cast<char>(damaged[20] ^ 4);
  Diagnostic error = failure(damaged, right, diff_id_of(tar));
  CHECK(error.id == "blob-corrupt");
  CHECK(error.message.find("wanted " + right.digest.str()) != std::string::npos);

  error = failure(blob.substr(0, 40), right, diff_id_of(tar));
  CHECK(error.id == "blob-corrupt");
  CHECK(error.message.find("layer 1 has only 40 bytes") == 0);
  CHECK(failure(blob + "x", right, diff_id_of(tar)).id == "blob-corrupt");

  error = failure(blob, right, diff_id_of("another"));
  CHECK(error.id == "blob-corrupt");
  CHECK(error.message == "layer 1 does not hold what the image config says: wanted diff_id " +
                             diff_id_of("another").str() + ", got " + diff_id_of(tar).str());
}

TEST_CASE("bytes after the end of the tar belong to the digests", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", "x");
  const std::string padded = layer.tar() + std::string(300'000, '\0');
  CHECK(paths(*scan(padded)) == Names{"a"});
  CHECK(failure(padded, descriptor_of(padded), diff_id_of(layer.tar())).id == "blob-corrupt");
}

TEST_CASE("a blob that is no tar is an error of that layer", "[rootfs]") {
  const std::string blob = "not a tar at all" + std::string(2000, 'x');
  CHECK(failure(blob, descriptor_of(blob), diff_id_of(blob)).id == "archive-invalid");
}

TEST_CASE("dockerfile.md 16.5: the last name of an inode gives it its owner and mode", "[rootfs]") {
  oci::Entry link = test::hard_link_entry("b", "a");
  link.mode = 0644;
  link.uid = 7;
  const auto index = test::scan(test::SampleLayer().file("a", "x", 04755).add(link).tar());
  CHECK(index->find(oci::RootfsPath("a"))->entry.mode == 0644);
  CHECK(index->find(oci::RootfsPath("a"))->entry.uid == 7);
}

TEST_CASE("dockerfile.md 16.5: hard links in a circle name nothing and end the scan", "[rootfs]") {
  SampleLayer layer;
  for (const auto& [path, target] : {std::pair{"a", "b"}, {"b", "a"}, {"c", "a"}, {"b", "c"}}) {
    layer.add(test::hard_link_entry(path, target));
  }
  const auto index = scan(layer.tar());
  rootfs::View view;
  view.add(index, nullptr);
  CHECK_FALSE(view.lookup(RootfsPath("a")));
  CHECK_FALSE(view.lookup(RootfsPath("c")));
}

TEST_CASE("dockerfile.md 16.5: a chain of hard links is one file, however long it is", "[rootfs]") {
  constexpr int length = 20000;
  SampleLayer layer;
  for (int i = 1; i <= length; ++i) {
    layer.add(test::hard_link_entry("l" + std::to_string(i), "l" + std::to_string(i - 1)));
  }
  layer.file("l0", "x").add(test::hard_link_entry("last", "l" + std::to_string(length)));
  const auto index = scan(layer.tar());
  rootfs::View view;
  view.add(index, nullptr);
  CHECK(view.lookup(RootfsPath("last"))->entry.size == 1);
}

TEST_CASE("a scan can be stopped", "[rootfs]") {
  SampleLayer layer;
  layer.file("a", "x");
  const std::string tar = layer.tar();
  support::MemorySource source{std::string_view(tar)};
  std::stop_source stop;
  stop.request_stop();
  try {
    rootfs::scan_layer(source, descriptor_of(tar), diff_id_of(tar), "layer 1", stop.get_token());
    FAIL("not stopped");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::interrupted);
  }
}
