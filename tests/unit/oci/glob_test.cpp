// SPDX-License-Identifier: Apache-2.0
#include "oci/glob.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using oci::RootfsPath;

namespace {

std::vector<std::string> expand(const oci::FileTree& tree, std::string_view source) {
  const oci::SplitPattern split = oci::split_pattern(source);
  std::vector<std::string> out;
  for (const RootfsPath& path : oci::expand(tree, RootfsPath(split.fixed), split.rest)) {
    out.push_back(path.str());
  }
  return out;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("dockerfile.md 12.1, 12.4: an escaped wildcard is none", "[oci]") {
  CHECK(oci::has_wildcard("a*"));
  CHECK(oci::has_wildcard("a?"));
  CHECK(oci::has_wildcard("[a]"));
  CHECK(oci::has_wildcard("\\\\*"));
  CHECK_FALSE(oci::has_wildcard("a\\*"));
  CHECK_FALSE(oci::has_wildcard("a]"));
  CHECK_FALSE(oci::has_wildcard("a\\"));
}

TEST_CASE("dockerfile.md 12.2: one name is matched as Go's filepath.Match does", "[oci]") {
  CHECK(oci::match_component("h?m*.txt", "hom.txt"));
  CHECK_FALSE(oci::match_component("h?m*.txt", "hm.txt"));
  CHECK_THROWS_AS(oci::match_component("[a-", "a"), Error);
}

TEST_CASE("dockerfile.md 7.2, 12.1: a source is cleaned and cut before its first wildcard",
          "[oci]") {
  const auto split = [](std::string_view source) {
    const auto parts = oci::split_pattern(source);
    return parts.fixed + "|" + parts.rest;
  };
  CHECK(split("../a/./b*/c/") == "a|b*/c");
  CHECK(split("*.txt") == "|*.txt");
  CHECK(split("/a/b") == "a/b|");
  CHECK(split("a\\*/b?") == "a\\*|b?");
  CHECK(split("x*/../y") == "y|");
  CHECK(split("/") == "|");
}

TEST_CASE("dockerfile.md 12.1, 12.2: a pattern finds paths in order of names, also hidden ones",
          "[oci]") {
  test::MemoryTree tree;
  tree.file("b.txt", "").file("a.txt", "").file(".c.txt", "").file("d/e.txt", "").file("f", "");
  CHECK(expand(tree, "*.txt") == Names{".c.txt", "a.txt", "b.txt"});
  CHECK(expand(tree, "d/*") == Names{"d/e.txt"});
  CHECK(expand(tree, "*/e*") == Names{"d/e.txt"});
  CHECK(expand(tree, "nothing*").empty());
  CHECK(expand(tree, "f/*").empty());
  CHECK(expand(tree, "missing/*").empty());
}

TEST_CASE("dockerfile.md 12.1, 12.3: a matched directory is not entered and two stars are one",
          "[oci]") {
  test::MemoryTree tree;
  tree.file("a/a1/x", "").file("b", "").file("c/y", "");
  CHECK(expand(tree, "*") == Names{"a", "b", "c"});
  CHECK(expand(tree, "**/x").empty());
  CHECK(expand(tree, "**/*1") == Names{"a/a1"});
}

TEST_CASE(
    "dockerfile.md 12.3: a directory behind a symlink is not entered, the link itself matches",
    "[oci]") {
  test::MemoryTree tree;
  tree.file("real/x", "").symlink("link", "real");
  CHECK(expand(tree, "*/x") == Names{"real/x"});
  CHECK(expand(tree, "l*") == Names{"link"});
}

TEST_CASE("dockerfile.md 12.2: a malformed pattern is an error even when nothing is there to match",
          "[oci]") {
  const test::MemoryTree tree;
  CHECK_THROWS_AS(expand(tree, "a/[b-"), Error);
}
