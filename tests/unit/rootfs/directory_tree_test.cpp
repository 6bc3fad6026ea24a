// SPDX-License-Identifier: Apache-2.0
#include "rootfs/directory_tree.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <ocibuild/error.hpp>

#include "rootfs/view.hpp"
#include "sample_layer.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
namespace fs = std::filesystem;

namespace {

void write(const oci::FileTree& tree, const fs::path& to) {
  rootfs::DirectoryTree out(to);
  rootfs::write_tree(tree, out, {});
}

std::string text_of(const fs::path& file) {
  return support::read_file(file, 1000);
}

struct stat stat_of(const fs::path& file) {
  struct stat found {};
  REQUIRE(::lstat(file.c_str(), &found) == 0);
  return found;
}

oci::TreeFile linked(std::string_view path) {
  return {.entry = file_entry(path, 4), .content = text_content("both"), .inode = 7};
}

/// Content that is not what the index of its layer says.
class LyingContent final : public oci::FileContent {
public:
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<support::MemorySource>(std::string_view("evil"));
  }
  Digest digest() const override { return Digest::parse("sha256:" + std::string(64, '0')); }
  std::optional<oci::RawSha256> known_digest() const override { return oci::raw_sha256(digest()); }
};

}  // namespace

TEST_CASE("cli.md 5.5: a directory gets modes, times and links, and belongs to who runs",
          "[rootfs]") {
  const TempDir dir;
  MemoryTree tree;
  oci::Entry owned = file_entry("d/own", 2, 04750);
  owned.uid = 4711;
  owned.mtime = 77;
  tree.dir("d", 0555).put({.entry = owned, .content = text_content("ab")});
  tree.put(linked("d/one")).put(linked("two")).symlink("abs", "/etc/passwd");
  write(tree, dir / "new/out");
  const struct stat file = stat_of(dir / "new/out/d/own");
  CHECK((file.st_mode & 07777) == 04750);
  CHECK(file.st_uid == ::geteuid());
  CHECK(file.st_mtim.tv_sec == 77);
  CHECK(text_of(dir / "new/out/d/own") == "ab");
  CHECK((stat_of(dir / "new/out/d").st_mode & 07777) == 0555);
  CHECK(stat_of(dir / "new/out/d").st_mtim.tv_sec == 0);
  CHECK(stat_of(dir / "new/out/d/one").st_ino == stat_of(dir / "new/out/two").st_ino);
  CHECK(fs::read_symlink(dir / "new/out/abs") == "/etc/passwd");
}

TEST_CASE("cli.md 5.5: no symlink that is there leads out of the directory", "[rootfs]") {
  const TempDir dir;
  dir.write("outside/file", "safe", 0600);
  dir.mkdir("out");
  dir.symlink("out/d", "../outside");
  dir.symlink("out/file", "../outside/file");
  MemoryTree tree;
  tree.file("d/file", "new").file("file", "new", 0777);
  write(tree, dir / "out");
  CHECK(text_of(dir / "outside/file") == "safe");
  CHECK((stat_of(dir / "outside/file").st_mode & 07777) == 0600);
  CHECK(text_of(dir / "out/d/file") == "new");
  CHECK(text_of(dir / "out/file") == "new");
  CHECK(fs::is_directory(fs::symlink_status(dir / "out/d")));
}

TEST_CASE("cli.md 5.5: a link that a layer lays over a directory of another is never followed",
          "[rootfs]") {
  const TempDir dir;
  rootfs::View view;
  view.add(index_of({dir_entry("d"), file_entry("d/low", 0)}), nullptr);
  view.add(index_of({symlink_entry("d", "../../outside")}), nullptr);
  view.add(index_of({file_entry("d/high", 0)}), nullptr);
  dir.mkdir("outside");
  write(view, dir / "a/out");
  CHECK(fs::is_empty(dir / "outside"));
  CHECK(fs::is_regular_file(dir / "a/out/d/high"));
}

TEST_CASE("cli.md 5.5: what is there stays, and a directory is never replaced by a file",
          "[rootfs]") {
  const TempDir dir;
  dir.write("out/kept", "kept");
  dir.write("out/file", "old and longer");
  MemoryTree tree;
  write(tree.file("file", "new"), dir / "out");
  CHECK(text_of(dir / "out/kept") == "kept");
  CHECK(text_of(dir / "out/file") == "new");
  dir.write("out/dir/x", "");
  CHECK_THROWS_WITH(write(tree.file("dir", "new"), dir / "out"),
                    "cannot write \"" + (dir / "out/dir").string() + "\": a directory is there");
  CHECK(fs::exists(dir / "out/dir/x"));
}

TEST_CASE("cli.md 5.3, 5.5: a content that is damaged leaves no file, whole or half", "[rootfs]") {
  const TempDir dir;
  dir.write("out/file", "old");
  MemoryTree tree;
  tree.put({.entry = file_entry("file", 4), .content = std::make_shared<LyingContent>()});
  CHECK_THROWS_AS(write(tree, dir / "out"), Error);
  CHECK(text_of(dir / "out/file") == "old");
  CHECK(std::distance(fs::directory_iterator(dir / "out"), {}) == 1);
}

TEST_CASE("cli.md 5.4: a tar of the files keeps owners and hard links, below a top if there is one",
          "[rootfs]") {
  MemoryTree tree;
  oci::Entry owned = file_entry("d/own", 2, 04750);
  owned.uid = 4711;
  tree.put({.entry = owned, .content = text_content("ab")}).put(linked("one")).put(linked("two"));
  support::StringSink bytes;
  tar::TarWriter writer(bytes);
  rootfs::TarTree out(writer, oci::RootfsPath("linux_amd64"));
  rootfs::write_tree(tree, out, {});
  writer.finish();
  const auto index = scan(bytes.text);
  const auto at = [&](const char* path) { return index->find(oci::RootfsPath(path)); };
  REQUIRE(at("linux_amd64/d/own"));
  CHECK(at("linux_amd64/d/own")->entry.uid == 4711);
  CHECK(at("linux_amd64/d/own")->entry.mode == 04750);
  REQUIRE(at("linux_amd64/two"));
  CHECK(at("linux_amd64/two")->entry.link_target == "linux_amd64/one");
}
