// SPDX-License-Identifier: Apache-2.0
#include "oci/mode_change.hpp"

#include "support/catch.hpp"

using ocibuild::oci::ModeChange;

namespace {

std::uint32_t changed(const char* text, std::uint32_t mode, bool is_directory = false) {
  const auto change = ModeChange::parse(text);
  REQUIRE(change.has_value());
  return change->apply(mode, is_directory);
}

}  // namespace

TEST_CASE("dockerfile.md 8.7: an octal mode of up to four digits replaces all twelve bits",
          "[oci]") {
  CHECK(changed("755", 04600) == 0755);
  CHECK(changed("0", 0777) == 0);
  CHECK(changed("7777", 0) == 07777);
  CHECK(ModeChange::parse("640")->octal() == 0640U);
  for (const char* bad : {"", "8", "00755", "-1", "7a"}) CHECK_FALSE(ModeChange::parse(bad));
}

TEST_CASE("dockerfile.md 8.8: symbolic clauses change the mode a file has, without a umask",
          "[oci]") {
  CHECK(changed("+x", 0644) == 0755);
  CHECK(changed("u+x", 0644) == 0744);
  CHECK(changed("go-w,a+r", 0622) == 0644);
  CHECK(changed("u=rwx,go=", 0644) == 0700);
  CHECK(changed("u=rw+x", 0400) == 0700);
  CHECK(changed("g=u", 0740) == 0770);
  CHECK(changed("go=u-w", 0750) == 0755);
  CHECK_FALSE(ModeChange::parse("644")->apply(0, false) == 0);
  for (const char* bad : {"u", "u+q", "u+x,", "x+u", "9,u+x", "u+7"})
    CHECK_FALSE(ModeChange::parse(bad));
}

TEST_CASE("dockerfile.md 8.8: X gives execution to directories and to what was executable before",
          "[oci]") {
  CHECK(changed("a+X", 0644) == 0644);
  CHECK(changed("a+X", 0744) == 0755);
  CHECK(changed("a+X", 0644, true) == 0755);
  CHECK(changed("u=rwX,go=rX", 0600, true) == 0755);
  CHECK(changed("u=rwX,go=rX", 0777) == 0755);
}

TEST_CASE("dockerfile.md 8.8: s sets the user's and the group's bit, t the sticky one", "[oci]") {
  CHECK(changed("u+s", 0755) == 04755);
  CHECK(changed("g+s", 0755) == 02755);
  CHECK(changed("+t", 0777) == 01777);
  CHECK(changed("u-s", 06755) == 02755);
  CHECK(changed("u+t", 0644) == 01644);
  CHECK(changed("o+t", 0644) == 0644);
}

TEST_CASE("dockerfile.md 8.8: = takes the sticky bit from nothing", "[oci]") {
  CHECK(changed("a=rX", 01777, true) == 01555);
  CHECK(changed("o=rx", 07755) == 07755);
  CHECK(changed("g=rx", 07755) == 05755);
  CHECK(changed("a=rX", 06755) == 0555);
  CHECK(changed("=t", 0755) == 01000);
}

TEST_CASE("dockerfile.md 8.8: = that only copies permissions leaves setuid and setgid", "[oci]") {
  CHECK(changed("g=u", 02711) == 02771);
  CHECK(changed("a=g", 06750) == 06555);
  CHECK(changed("g=", 02711) == 0701);
}
