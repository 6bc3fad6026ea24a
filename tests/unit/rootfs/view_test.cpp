// SPDX-License-Identifier: Apache-2.0
#include "rootfs/view.hpp"

#include "sample_layer.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using oci::EntryType;
using oci::RootfsPath;
using rootfs::View;
using Names = std::vector<std::string>;

namespace {

View view_of(std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers) {
  View view;
  for (auto& layer : layers) view.add(std::move(layer), nullptr);
  return view;
}

std::optional<oci::TreeFile> at(const View& view, const char* path) {
  return view.lookup(RootfsPath(path));
}

}  // namespace

TEST_CASE("an empty view has a root and nothing else", "[rootfs]") {
  const View view;
  CHECK_FALSE(view.has_layers());
  REQUIRE(at(view, ""));
  CHECK(at(view, "")->entry.is_directory());
  CHECK(view.list({}).empty());
  CHECK_FALSE(at(view, "a"));
}

TEST_CASE("dockerfile.md 16.5: the uppermost entry of a path counts and directories are merged",
          "[rootfs]") {
  const View view =
      view_of({index_of({dir_entry("etc", 0755), file_entry("etc/a", 1), file_entry("etc/b", 1)}),
               index_of({dir_entry("etc", 0700), file_entry("etc/b", 2), file_entry("etc/c", 2)})});
  CHECK(at(view, "etc")->entry.mode == 0700);
  CHECK(at(view, "etc/a")->entry.size == 1);
  CHECK(at(view, "etc/b")->entry.size == 2);
  CHECK(view.list(RootfsPath("etc")) == Names{"a", "b", "c"});
  CHECK(view.list({}) == Names{"etc"});
  CHECK(view.list(RootfsPath("etc/a")).empty());
  CHECK(view.list(RootfsPath("missing")).empty());
}

TEST_CASE("dockerfile.md 16.5: a whiteout hides lower layers and never its own", "[rootfs]") {
  const View view = view_of({index_of({file_entry("a", 1), dir_entry("d"), file_entry("d/x", 1)}),
                             index_of({dir_entry("d"), file_entry("d/y", 2)}, {"a", "d"})});
  CHECK_FALSE(at(view, "a"));
  CHECK_FALSE(at(view, "d/x"));
  CHECK(at(view, "d/y"));
  CHECK(view.list({}) == Names{"d"});
  CHECK(view.list(RootfsPath("d")) == Names{"y"});
  const View again = view_of(
      {index_of({file_entry("a", 1)}), index_of({}, {"a"}), index_of({file_entry("a", 3)})});
  CHECK(at(again, "a")->entry.size == 3);
}

TEST_CASE("dockerfile.md 16.5: an opaque directory hides what lower layers have in it",
          "[rootfs]") {
  const View view =
      view_of({index_of({dir_entry("d", 0711), file_entry("d/x", 1), file_entry("d/e/f", 1)}),
               index_of({file_entry("d/y", 2)}, {}, {"d"})});
  CHECK(view.list(RootfsPath("d")) == Names{"y"});
  CHECK_FALSE(at(view, "d/e/f"));
  CHECK(at(view, "d")->entry.mode == 0711);
}

TEST_CASE("dockerfile.md 16.5: another type replaces what was there with everything below",
          "[rootfs]") {
  const View view = view_of({index_of({dir_entry("d"), file_entry("d/x", 1), file_entry("f", 1)}),
                             index_of({symlink_entry("d", "elsewhere"), dir_entry("f")}),
                             index_of({dir_entry("d"), file_entry("d/z", 3)})});
  CHECK(at(view, "d")->entry.is_directory());
  CHECK_FALSE(at(view, "d/x"));
  CHECK(view.list(RootfsPath("d")) == Names{"z"});
  CHECK(at(view, "f")->entry.is_directory());
}

TEST_CASE("directories without an entry exist, with the metadata that a lower layer gives",
          "[rootfs]") {
  oci::Entry tmp = dir_entry("tmp", 01777);
  tmp.uid = 5;
  const View view = view_of(
      {index_of({tmp, file_entry("file", 1)}),
       index_of({file_entry("tmp/x", 1), file_entry("new/dir/y", 1), file_entry("file/z", 1)})});
  CHECK(at(view, "tmp")->entry == tmp);
  CHECK(at(view, "new")->entry == dir_entry("new", 0755));
  CHECK(at(view, "new/dir")->entry.is_directory());
  CHECK(at(view, "file")->entry.is_directory());
  CHECK(view.list(RootfsPath("new")) == Names{"dir"});
  CHECK(view.list({}) == Names{"file", "new", "tmp"});
}

TEST_CASE("symlinks are answered, not followed", "[rootfs]") {
  const View view =
      view_of({index_of({symlink_entry("bin", "usr/bin"), file_entry("usr/bin/sh", 1)})});
  CHECK(at(view, "bin")->entry.link_target == "usr/bin");
  CHECK_FALSE(at(view, "bin/sh"));
  CHECK(view.list(RootfsPath("bin")).empty());
}

TEST_CASE("names of one hard linked file give the same file and the same number", "[rootfs]") {
  const View view = view_of({index_of({file_entry("a", 7, 0751), hard_link_entry("b", "a"),
                                       hard_link_entry("c", "b"), file_entry("d", 7)})});
  for (const char* name : {"a", "b", "c"}) {
    CAPTURE(name);
    const auto file = at(view, name);
    REQUIRE(file);
    CHECK(file->entry.path.str() == name);
    CHECK(file->entry.type == EntryType::regular);
    CHECK(file->entry.size == 7);
    CHECK(file->entry.mode == 0751);
    CHECK(file->inode != 0);
    CHECK(file->inode == at(view, "a")->inode);
  }
  CHECK(at(view, "d")->inode == 0);
}

TEST_CASE("dockerfile.md 16.5: a hard link finds its file in a lower layer, as that was then",
          "[rootfs]") {
  const View view = view_of({index_of({file_entry("a", 1), file_entry("gone", 1)}),
                             index_of({file_entry("a", 2)}), index_of({hard_link_entry("b", "a")}),
                             index_of({file_entry("a", 4)})});
  CHECK(at(view, "b")->entry.size == 2);
  CHECK(at(view, "a")->entry.size == 4);
  CHECK(at(view, "a")->inode != at(view, "b")->inode);
}

TEST_CASE("a hard link to nothing, to a directory or in a circle is not there", "[rootfs]") {
  const View view = view_of({index_of(
      {dir_entry("d"), hard_link_entry("to-dir", "d"), hard_link_entry("to-nothing", "none"),
       hard_link_entry("x", "y"), hard_link_entry("y", "x"), hard_link_entry("to-root", "")})});
  CHECK(view.list({}) == Names{"d"});
  CHECK_FALSE(at(view, "x"));
  CHECK_FALSE(at(view, "to-root"));
}

TEST_CASE("content comes from the layer that has the file, also through a hard link", "[rootfs]") {
  const TempDir dir;
  SampleLayer layer;
  layer.file("a", "content of a").add(hard_link_entry("b", "a")).file("empty", "");
  const std::string tar = layer.tar();
  const auto blob = dir.write("blob", gzip(tar));
  View view;
  view.add(scan(tar), std::make_shared<rootfs::LayerContents>(blob, dir.path()));
  view.add(index_of({dir_entry("etc")}), nullptr);
  for (const char* name : {"a", "b"}) {
    const auto file = at(view, name);
    REQUIRE(file->content);
    const auto source = file->content->open();
    CHECK(support::read_all(*source, 100, "content") == "content of a");
    CHECK(file->content->digest().str().size() == 71);
  }
  const auto source = at(view, "empty")->content->open();
  CHECK(support::read_all(*source, 100, "content").empty());
}

TEST_CASE("layers of this build bring their content along", "[rootfs]") {
  std::vector<rootfs::IndexedFile> files;
  files.push_back({.entry = file_entry("a", 4), .content = text_content("made")});
  View view;
  view.add(std::make_shared<rootfs::LayerIndex>(std::move(files), std::vector<RootfsPath>{},
                                                std::vector<RootfsPath>{}),
           nullptr);
  const View copy = view;
  view.add(index_of({}, {"a"}), nullptr);
  CHECK_FALSE(at(view, "a"));
  const auto source = at(copy, "a")->content->open();
  CHECK(support::read_all(*source, 100, "content") == "made");
}
