// SPDX-License-Identifier: Apache-2.0
#include "rootfs/resolve.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using oci::RootfsPath;

namespace {

test::MemoryTree usrmerge() {
  test::MemoryTree tree;
  tree.file("usr/bin/sh", "x").symlink("bin", "usr/bin").symlink("opt/app", "/data/app");
  tree.dir("data").symlink("up", "../../../usr").symlink("dangling", "not/there");
  tree.symlink("usr/bin/bash", "sh").symlink("self", ".").symlink("chain", "opt/../bin");
  return tree;
}

std::string resolve(std::string_view path) {
  return rootfs::resolve(usrmerge(), RootfsPath(path)).str();
}

}  // namespace

TEST_CASE(
    "dockerfile.md 7.7: a symlink in the destination is followed inside the image, never on this "
    "machine",
    "[rootfs]") {
  CHECK(resolve("opt/app/x") == "data/app/x");
  CHECK(resolve("bin/sh") == "usr/bin/sh");
  CHECK(resolve("bin") == "usr/bin");
  CHECK(resolve("usr/bin/bash") == "usr/bin/sh");
  CHECK(resolve("up/bin") == "usr/bin");
  CHECK(resolve("self/self/bin") == "usr/bin");
  CHECK(resolve("chain/sh") == "usr/bin/sh");
  CHECK(resolve("") == "");
}

TEST_CASE("dockerfile.md 7.7: what does not exist is kept, so that it can be made there",
          "[rootfs]") {
  CHECK(resolve("new/dir/file") == "new/dir/file");
  CHECK(resolve("bin/new/file") == "usr/bin/new/file");
  CHECK(resolve("dangling") == "not/there");
  CHECK(resolve("usr/bin/sh/below") == "usr/bin/sh/below");
}

TEST_CASE("parents are resolved without the last component", "[rootfs]") {
  const auto tree = usrmerge();
  CHECK(rootfs::resolve_parents(tree, RootfsPath("bin")).str() == "bin");
  CHECK(rootfs::resolve_parents(tree, RootfsPath("bin/bash")).str() == "usr/bin/bash");
  CHECK(rootfs::resolve_parents(tree, RootfsPath()).is_root());
}

TEST_CASE("dockerfile.md 7.3: the file behind all links is found", "[rootfs]") {
  const auto tree = usrmerge();
  REQUIRE(rootfs::find(tree, RootfsPath("bin/bash")));
  CHECK(rootfs::find(tree, RootfsPath("bin/bash"))->entry.path == RootfsPath("usr/bin/sh"));
  CHECK_FALSE(rootfs::find(tree, RootfsPath("dangling")));
}

TEST_CASE("dockerfile.md 7.7, 17: 255 links are followed, a loop is an error that names the path",
          "[rootfs]") {
  test::MemoryTree tree;
  tree.file("0", "");
  for (int i = 1; i <= 256; ++i) tree.symlink(std::to_string(i), std::to_string(i - 1));
  CHECK(rootfs::resolve(tree, RootfsPath("255")).str() == "0");
  CHECK_THROWS_AS(rootfs::resolve(tree, RootfsPath("256")), Error);
  tree.symlink("a", "b").symlink("b", "/a");
  try {
    rootfs::resolve(tree, RootfsPath("a/x"));
    FAIL("resolved");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "symlink-loop");
    CHECK(error.diagnostic().message == "\"/a/x\" leads through more than 255 symlinks");
  }
}
