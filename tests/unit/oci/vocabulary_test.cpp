// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/digest.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/image.hpp>

#include "oci/hasher.hpp"
#include "oci/rootfs_path.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using oci::RootfsPath;

TEST_CASE("a digest is sha256 or sha512 in lower-case hex of the right length", "[oci]") {
  CHECK(Digest::parse("sha256:" + std::string(64, '0')).algorithm() == "sha256");
  CHECK(Digest::parse("sha512:" + std::string(128, '0')).hex() == std::string(128, '0'));
  for (const std::string& text :
       {std::string("sha256:"), "sha256:" + std::string(64, 'A'), "sha256:" + std::string(63, '0'),
        "md5:" + std::string(32, '0'), std::string(64, '0'), std::string()}) {
    INFO(text);
    CHECK_THROWS_AS(Digest::parse(text), Error);
  }
}

TEST_CASE("SHA-256 of nothing and of abc are the published ones", "[oci]") {
  CHECK(oci::sha256("").str() ==
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(oci::sha256("abc").str() ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("a stream that differs from its descriptor is caught at its end", "[oci]") {
  const auto read = [](std::string_view bytes, std::string_view promised, std::uint64_t size) {
    support::MemorySource memory(bytes);
    oci::VerifyingSource source(memory, oci::sha256(promised), size, "blob x");
    return support::read_all(source, 1000, "blob");
  };
  CHECK(read("abc", "abc", 3) == "abc");
  CHECK_THROWS_WITH(read("abd", "abc", 3), Catch::Contains("blob x is corrupt"));
  CHECK_THROWS_WITH(read("ab", "abc", 3), "blob x has only 2 bytes instead of 3");
  CHECK_THROWS_WITH(read("abcd", "abc", 3), "blob x has at least 4 bytes instead of 3");
}

TEST_CASE("a path inside an image is clean and cannot leave its root", "[oci]") {
  CHECK(RootfsPath("/a/./b//../c/").str() == "a/c");
  CHECK(RootfsPath("../../etc").str() == "etc");
  CHECK(RootfsPath("/").is_root());
  CHECK((RootfsPath("a/b") / "../c").str() == "a/c");
  CHECK((RootfsPath("a") / "../../..").is_root());
  CHECK(RootfsPath("a/b/c").parent() == RootfsPath("a/b"));
  CHECK(RootfsPath("a").parent().is_root());
  CHECK(RootfsPath("a/b/c").name() == "c");
  CHECK(RootfsPath("a/b/c").parents() ==
        std::vector<RootfsPath>{RootfsPath("a"), RootfsPath("a/b")});
  CHECK(RootfsPath("a/b/c/d").parents_below(RootfsPath("a")) ==
        std::vector<RootfsPath>{RootfsPath("a/b"), RootfsPath("a/b/c")});
  CHECK(RootfsPath("a/b").parents_below(RootfsPath("a")).empty());
  CHECK(RootfsPath("a/b").parents_below(RootfsPath("a/b")).empty());
  CHECK(RootfsPath("a/b").parents_below({}) == RootfsPath("a/b").parents());
}

TEST_CASE("being within a directory is judged by components", "[oci]") {
  CHECK(RootfsPath("a/b").is_within(RootfsPath("a")));
  CHECK(RootfsPath("a").is_within(RootfsPath("a")));
  CHECK(RootfsPath("ab").is_within(RootfsPath("")));
  CHECK_FALSE(RootfsPath("ab").is_within(RootfsPath("a")));
  CHECK(RootfsPath("a/b").is_directly_in(RootfsPath("a")));
  CHECK(RootfsPath("a").is_directly_in(RootfsPath("")));
  CHECK_FALSE(RootfsPath("a/b/c").is_directly_in(RootfsPath("a")));
  CHECK_FALSE(RootfsPath("a").is_directly_in(RootfsPath("a")));
  CHECK_FALSE(RootfsPath("").is_directly_in(RootfsPath("")));
  CHECK_FALSE(RootfsPath("ab/c").is_directly_in(RootfsPath("a")));
  CHECK(RootfsPath("a/b/c").relative_to(RootfsPath("a")) == "b/c");
  CHECK(RootfsPath("a").relative_to(RootfsPath("a")).empty());
}

TEST_CASE("platforms are normalised to Go's names", "[oci]") {
  CHECK(Platform::parse("linux/aarch64").str() == "linux/arm64");
  CHECK(Platform::parse("linux/arm64/v8").str() == "linux/arm64");
  CHECK(Platform::parse("linux/arm").str() == "linux/arm/v7");
  CHECK(Platform::parse("Linux/x86_64").str() == "linux/amd64");
  CHECK(Platform::parse("arm64").architecture == "arm64");
  CHECK(Platform::parse("linux/amd64/v3").variant == "v3");
  for (const char* text :
       {"", "linux/", "linux/amd64/v1/x", "linux/pdp11", "plan9000/amd64", "/amd64"}) {
    INFO(text);
    CHECK_THROWS_AS(Platform::parse(text), Error);
  }
}
