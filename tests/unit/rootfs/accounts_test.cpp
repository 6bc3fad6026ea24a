// SPDX-License-Identifier: Apache-2.0
#include "rootfs/accounts.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using rootfs::look_up_owner;
using rootfs::Owner;

namespace {

test::MemoryTree image() {
  test::MemoryTree tree;
  tree.file("etc/passwd",
            "# comment\n\n+::::::\nroot:x:0:0:root:/root:/bin/sh\nweb:x:33:44:web:/var/www:\n"
            "broken:x:abc:1::\nshort:x:5\n12:x:77:78::\n  padded:x:8:9::/:\nweb:x:1:1::\n"
            "huge:x:2147483648:1::\nlast:x:2147483647:2");
  tree.file("etc/group", "root:x:0:\nstaff:x:50:web,last\nweb:x:44:\nbad:x:y:\nstaff:x:51:\n");
  return tree;
}

Owner owner(std::string_view text) {
  return look_up_owner(image(), text).owner;
}

}  // namespace

TEST_CASE(
    "dockerfile.md 8.2, 8.3: a user's number is also the group's, unless a colon stands behind it",
    "[rootfs]") {
  CHECK(owner("7") == Owner{7, 7});
  CHECK(owner("7:8") == Owner{7, 8});
  CHECK(owner(":8") == Owner{0, 8});
  CHECK(owner("7:") == Owner{7, 0});
  CHECK(owner("") == Owner{0, 0});
  CHECK(owner(":") == Owner{0, 0});
  CHECK(owner("12") == Owner{12, 12});
  CHECK(owner("2147483647") == Owner{2147483647, 2147483647});
  CHECK(owner("0007:010") == Owner{7, 10});
}

TEST_CASE("dockerfile.md 8.3, 8.4: names come from the image: a user brings the primary group",
          "[rootfs]") {
  CHECK(owner("web") == Owner{33, 44});
  CHECK(owner("web:") == Owner{33, 0});
  CHECK(owner("web:staff") == Owner{33, 50});
  CHECK(owner("web:5") == Owner{33, 5});
  CHECK(owner("5:staff") == Owner{5, 50});
  CHECK(owner(":staff") == Owner{0, 50});
  CHECK(owner("root") == Owner{0, 0});
  CHECK(owner("web:root") == Owner{33, 0});
  CHECK(owner("padded") == Owner{8, 9});
  CHECK(owner("last") == Owner{2147483647, 2});
}

TEST_CASE("dockerfile.md 8.4: lines that do not parse are no accounts", "[rootfs]") {
  for (const char* name : {"broken", "short", "huge", "# comment", "+"}) {
    CAPTURE(name);
    const auto found = look_up_owner(image(), name);
    CHECK(found.owner == Owner{0, 0});
    CHECK(found.unknown_user);
  }
  CHECK(look_up_owner(image(), ":bad").unknown_group);
}

TEST_CASE(
    "dockerfile.md 8.5: an unknown name is 0, or the user's group, and the nearest account is "
    "named",
    "[rootfs]") {
  const auto user = look_up_owner(image(), "wep");
  CHECK(user.owner == Owner{0, 0});
  REQUIRE(user.unknown_user);
  CHECK(user.unknown_user->name == "wep");
  CHECK(user.unknown_user->file == "/etc/passwd");
  CHECK(user.unknown_user->nearest == "web");
  CHECK_FALSE(user.unknown_group);

  const auto group = look_up_owner(image(), "web:stuff");
  CHECK(group.owner == Owner{33, 44});
  CHECK_FALSE(group.unknown_user);
  REQUIRE(group.unknown_group);
  CHECK(group.unknown_group->file == "/etc/group");
  CHECK(group.unknown_group->nearest == "staff");
  CHECK(look_up_owner(image(), "9:nobody").owner == Owner{9, 9});

  const auto large = look_up_owner(image(), "2147483648");
  CHECK(large.owner == Owner{0, 0});
  CHECK(large.unknown_user);
}

TEST_CASE("dockerfile.md 8.5: an image without accounts knows no name", "[rootfs]") {
  test::MemoryTree empty;
  const auto found = look_up_owner(empty, "web:staff");
  CHECK(found.owner == Owner{0, 0});
  CHECK(found.unknown_user);
  CHECK_FALSE(found.unknown_user->nearest);
  CHECK(found.unknown_group);
  CHECK_FALSE(look_up_owner(empty, "root:7").unknown_user);
  empty.dir("etc/passwd");
  CHECK(look_up_owner(empty, "web").unknown_user);
}

TEST_CASE("dockerfile.md 8.4: passwd is found through symlinks of the image", "[rootfs]") {
  test::MemoryTree tree;
  tree.symlink("etc", "/usr/etc").symlink("usr/etc/passwd", "../lib/passwd");
  tree.file("usr/lib/passwd", "web:x:3:4::/:\n");
  CHECK(look_up_owner(tree, "web").owner == Owner{3, 4});
}

TEST_CASE("a passwd file of more than 4 MiB is refused", "[rootfs]") {
  test::MemoryTree tree;
  tree.file("etc/passwd", std::string(4 * 1024 * 1024 + 1, 'x'));
  CHECK_THROWS_WITH(look_up_owner(tree, "web"),
                    "/etc/passwd of the image is larger than 4194304 bytes");
  CHECK_NOTHROW(look_up_owner(tree, "5"));
}
