// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_index.hpp"

#include "oci/hasher.hpp"
#include "oci/record.hpp"
#include "sample_layer.hpp"
#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using oci::RootfsPath;
using rootfs::LayerIndex;
using Names = std::vector<std::string>;

namespace {

/// One of everything.
LayerIndex rich_index() {
  std::vector<rootfs::IndexedFile> files;
  files.push_back({.entry = file_entry("usr/bin/tool", 5, 04755),
                   .digest = oci::sha256("tool!"),
                   .offset = 1536});
  files.push_back({.entry = dir_entry("usr/bin", 0700)});
  files.push_back({.entry = symlink_entry("bin", "usr/bin")});
  files.push_back({.entry = hard_link_entry("usr/bin/alias", "usr/bin/tool")});
  oci::Entry device = file_entry("dev/null", 0, 0666);
  device.type = oci::EntryType::character_device;
  device.device_major = 1;
  device.device_minor = 3;
  files.push_back({.entry = device});
  oci::Entry capable = file_entry("ping", 0);
  capable.xattrs = {{"security.capability", std::string("\1\0\2", 3)}, {"user.a", ""}};
  capable.mtime = -7;
  capable.uid = 4'000'000'000U;
  capable.gid = 12;
  files.push_back({.entry = capable});
  return {std::move(files), {RootfsPath("etc/old"), RootfsPath("tmp")}, {RootfsPath("var")}};
}

/// Files that stay in a list of somebody else.
struct ListedFiles final : rootfs::FileSource {
  explicit ListedFiles(std::vector<oci::Entry> some) : entries(std::move(some)) {}
  std::size_t size() const override { return entries.size(); }
  std::string_view path(std::size_t index) const override { return entries[index].path.str(); }
  rootfs::IndexedFile file(std::size_t index) const override {
    taken.push_back(index);
    return {.entry = entries[index]};
  }
  std::vector<oci::Entry> entries;
  mutable std::vector<std::size_t> taken{};
};

}  // namespace

TEST_CASE("of equal paths the last one counts", "[rootfs]") {
  const auto index =
      index_of({file_entry("b", 1), file_entry("a", 1), file_entry("b", 2), file_entry("b", 3)});
  REQUIRE(index->files().size() == 2);
  CHECK(index->find(RootfsPath("b"))->entry.size == 3);
  CHECK(index->find(RootfsPath("a"))->entry.size == 1);
  CHECK(index->find(RootfsPath("c")) == nullptr);
  CHECK(index->find(RootfsPath("")) == nullptr);
}

TEST_CASE("children are the names directly in a directory, with or without an entry", "[rootfs]") {
  const auto index = index_of({dir_entry("a"), file_entry("a-b", 0), file_entry("a/c", 0),
                               file_entry("a/d/e", 0), file_entry("a/d-e", 0), dir_entry("a/d"),
                               file_entry("a/f/g/h", 0), file_entry("a0", 0)});
  CHECK(index->children({}) == Names{"a", "a-b", "a0"});
  CHECK(index->children(RootfsPath("a")) == Names{"c", "d", "d-e", "f"});
  CHECK(index->children(RootfsPath("a/f")) == Names{"g"});
  CHECK(index->children(RootfsPath("a/c")).empty());
  CHECK(index->has_below(RootfsPath("a/f/g")));
  CHECK_FALSE(index->has_below(RootfsPath("a/c")));
  CHECK_FALSE(index->has_below(RootfsPath("a/f/g/h")));
}

TEST_CASE("lower layers are hidden by whiteouts, opaque parents and parents that are files",
          "[rootfs]") {
  const auto index = index_of({file_entry("file", 0), symlink_entry("link", "x"), dir_entry("dir")},
                              {"gone/a"}, {"opaque"});
  const auto hides = [&](const char* path) { return index->hides(RootfsPath(path)); };
  CHECK(hides("gone/a"));
  CHECK(hides("gone/a/b/c"));
  CHECK_FALSE(hides("gone"));
  CHECK_FALSE(hides("gone/ab"));
  CHECK(hides("opaque/a/b"));
  CHECK_FALSE(hides("opaque"));
  CHECK(hides("file/x"));
  CHECK(hides("link/x/y"));
  CHECK_FALSE(hides("file"));
  CHECK_FALSE(hides("dir/x"));
  CHECK_FALSE(hides(""));
  CHECK(index_of({}, {}, {""})->hides(RootfsPath("anything")));
}

TEST_CASE("image.md 5.2: files that stay where they are are taken when they are asked for",
          "[rootfs]") {
  std::vector<oci::Entry> entries{dir_entry("a"),       file_entry("a-b", 1),
                                  file_entry("a/b", 2), file_entry("a/c/d", 3),
                                  file_entry("b", 4),   hard_link_entry("c", "a/b")};
  const auto files = std::make_shared<ListedFiles>(entries);
  const LayerIndex index(files, {RootfsPath("a/b")});
  const auto plain = index_of(entries);
  for (const char* path : {"", "a", "a-b", "a/b", "a/c", "a/c/d", "b", "b/x", "c", "d"}) {
    const RootfsPath wanted(path);
    CHECK(index.children(wanted) == plain->children(wanted));
    CHECK(index.has_below(wanted) == plain->has_below(wanted));
    CHECK(index.hides(wanted) == plain->hides(wanted));
    CHECK(index.is_link_target(wanted) == plain->is_link_target(wanted));
  }
  files->taken.clear();
  CHECK(index.find(RootfsPath("a/c")) == nullptr);
  CHECK(index.find(RootfsPath("z")) == nullptr);
  CHECK(files->taken.empty());
  const rootfs::IndexedFile* found = index.find(RootfsPath("a/c/d"));
  REQUIRE(found != nullptr);
  CHECK(found->entry.size == 3);
  CHECK(index.find(RootfsPath("a/c/d")) == found);
  CHECK(files->taken.size() == 1);
  CHECK(index.files().size() == entries.size());
  CHECK(index.encode() == plain->encode());
}

TEST_CASE("an index survives its cache file", "[rootfs]") {
  const LayerIndex before = rich_index();
  const auto after = LayerIndex::decode(before.encode());
  REQUIRE(after);
  REQUIRE(after->files().size() == before.files().size());
  for (std::size_t i = 0; i < before.files().size(); ++i) {
    CHECK(after->files().at(i).entry == before.files().at(i).entry);
    CHECK(after->files().at(i).digest == before.files().at(i).digest);
    CHECK(after->files().at(i).offset == before.files().at(i).offset);
  }
  CHECK(after->hides(RootfsPath("etc/old")));
  CHECK(after->hides(RootfsPath("tmp/x")));
  CHECK(after->hides(RootfsPath("var/x")));
  CHECK(after->is_link_target(RootfsPath("usr/bin/tool")));
  CHECK(after->encode() == before.encode());
  CHECK(LayerIndex::decode(index_of({})->encode()));
}

TEST_CASE("a cut or damaged cache file is none", "[rootfs]") {
  const std::string bytes = rich_index().encode();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK(LayerIndex::decode(bytes.substr(0, i)) == nullptr);
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      CHECK(LayerIndex::decode(damaged) == nullptr);
    }
  }
  CHECK(LayerIndex::decode(bytes + "x") == nullptr);
}

TEST_CASE("a well-signed cache file of nonsense never crashes", "[rootfs]") {
  const std::string bytes = rich_index().encode();
  const std::string_view magic = std::string_view(bytes).substr(0, bytes.find('\n') + 1);
  const std::string_view fields =
      std::string_view(bytes).substr(magic.size(), bytes.size() - magic.size() - 32);
  const auto sign = [&](std::string_view text) {
    oci::RecordWriter writer(std::string(magic) + std::string(text));
    return writer.finish();
  };
  REQUIRE(LayerIndex::decode(sign(fields)));
  CHECK(LayerIndex::decode(sign(std::string(fields) + "x")) == nullptr);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    CHECK(LayerIndex::decode(sign(fields.substr(0, i))) == nullptr);
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged(fields);
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      const auto index = LayerIndex::decode(sign(damaged));
      if (index) CHECK(LayerIndex::decode(index->encode()));
    }
  }
}

TEST_CASE("image.md 5.2: files are found where they lie in a cache file, at every edge of a block",
          "[rootfs]") {
  // Names with '-' and '.' stand between a directory and what is in it.
  std::vector<oci::Entry> files;
  for (int i = 0; i < 400; ++i) {
    const std::string directory = "d" + std::to_string(1000 + i);
    for (const char* name : {"", "-x", "/a", "/b/c"})
      files.push_back(file_entry(directory + name, static_cast<std::uint64_t>(i)));
  }
  const auto before = index_of(std::move(files));
  const auto after = LayerIndex::decode(before->encode());
  REQUIRE(after);
  CHECK(after->is_sound());
  for (std::size_t i = before->files().size(); i-- > 0;) {
    const RootfsPath path = before->files().at(i).entry.path;
    REQUIRE(after->find(path) == &after->files().at(i));
    CHECK(after->find(path)->entry.size == before->find(path)->entry.size);
    CHECK(after->children(path) == before->children(path));
    CHECK(after->has_below(path) == before->has_below(path));
    CHECK(after->find(path / "z") == nullptr);
  }
  CHECK(after->children({}) == before->children({}));
  CHECK(after->find(RootfsPath("a")) == nullptr);
  CHECK(after->find(RootfsPath("z")) == nullptr);
}

TEST_CASE("image.md 7.8: an index whose files stand in no order is not sound", "[rootfs]") {
  const auto index = index_of({file_entry("a", 1), file_entry("b", 1)});
  std::string bytes = index->encode();
  CHECK(LayerIndex::decode(bytes)->is_sound());
  const std::size_t at = bytes.find("\1a");  // the first path, behind its length
  REQUIRE(at != std::string::npos);
  bytes[at + 1] = 'c';
  oci::RecordWriter again(std::string_view(bytes).substr(0, bytes.size() - 32));
  const auto turned = LayerIndex::decode(again.finish());
  REQUIRE(turned);
  CHECK_FALSE(turned->is_sound());
}
