// SPDX-License-Identifier: Apache-2.0
#include "layer/file_set.hpp"

#include <map>
#include <random>

#include "support/catch.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using layer::FileSet;
using layer::LayerFile;
using oci::EntryType;
using oci::RootfsPath;
using test::dir_entry;
using test::file_entry;
using test::text_content;

namespace {

LayerFile linked(std::string_view path, std::uint64_t group, std::string text = "same") {
  const std::size_t size = text.size();
  return {.entry = file_entry(path, size, 0755),
          .content = text_content(std::move(text)),
          .link_group = group};
}

}  // namespace

TEST_CASE("files come out sorted by the bytes of their paths, parents first", "[layer]") {
  FileSet set;
  for (const char* path : {"b", "a/z", "a", "\xc3\xa4", "a-b", "B", "a/b/c"}) {
    set.put({.entry = dir_entry(path)});
  }
  CHECK(set.size() == 7);
  std::vector<std::string> paths;
  for (const LayerFile& file : std::move(set).finish()) paths.push_back(file.entry.path.str());
  CHECK(paths == std::vector<std::string>{"B", "a", "a-b", "a/b/c", "a/z", "b", "\xc3\xa4"});
}

TEST_CASE("dockerfile.md 7.1: the last file of a path wins", "[layer]") {
  FileSet set;
  CHECK(set.empty());
  set.put({.entry = file_entry("a", 0, 0600)});
  set.put({.entry = file_entry("a", 0, 0644)});
  REQUIRE(set.size() == 1);
  REQUIRE(set.find(RootfsPath("a")) != nullptr);
  CHECK(set.find(RootfsPath("a"))->entry.mode == 0644);
  CHECK(set.find(RootfsPath("b")) == nullptr);
}

TEST_CASE(
    "dockerfile.md 7.17: the first name of an inode in path order is the file, the others are "
    "links to it",
    "[layer]") {
  FileSet set;
  LayerFile last = linked("z/c", 7);
  last.entry.xattrs["security.capability"] = "cap";
  set.put(linked("b", 7));
  set.put(last);
  last.entry.path = RootfsPath("a/x");
  last.entry.uid = 5;
  set.put(last);
  const auto files = std::move(set).finish();
  REQUIRE(files.size() == 3);
  CHECK(files[0].entry.path.str() == "a/x");
  CHECK(files[0].entry.type == EntryType::regular);
  CHECK(files[0].entry.size == 4);
  CHECK(files[0].content != nullptr);
  for (const std::size_t i : {1U, 2U}) {
    CHECK(files[i].entry.type == EntryType::hard_link);
    CHECK(files[i].entry.link_target == "a/x");
    CHECK(files[i].entry.size == 0);
    CHECK(files[i].content == nullptr);
    CHECK(files[i].entry.mode == 0755);
    CHECK(files[i].entry.uid == 5);
    CHECK(files[i].entry.xattrs == files[0].entry.xattrs);
  }
  CHECK(files[2].entry.path.str() == "z/c");
}

TEST_CASE("dockerfile.md 7.17: a group of one is a plain file, and groups are kept apart",
          "[layer]") {
  FileSet set;
  set.put(linked("a", 1));
  set.put(linked("b", 2));
  set.put(linked("c", 0));
  set.put(linked("d", 0));
  set.put(linked("e", 1));
  set.put({.entry = file_entry("e", 0)});  // another file takes the name: the link is gone
  for (const LayerFile& file : std::move(set).finish())
    CHECK(file.entry.type == EntryType::regular);
}

TEST_CASE("image.md 2.2: whatever the order of putting and erasing, a set is a sorted map",
          "[layer]") {
  std::mt19937 random(7);
  const std::string names[] = {"a", "a-b", "a/b", "a/b/c", "a/c", "b", "b.x", "b/a", "c"};
  for (int round = 0; round < 200; ++round) {
    FileSet set;
    std::map<std::string, std::uint64_t> model;
    for (std::uint64_t step = 0; step < 20; ++step) {
      const std::string& name = names[random() % std::size(names)];
      if (random() % 4 == 0) {
        set.erase(oci::RootfsPath(name));
        std::erase_if(model, [&](const auto& file) {
          return oci::RootfsPath(file.first).is_within(oci::RootfsPath(name));
        });
      } else {
        set.put({.entry = file_entry(name, step)});
        model[name] = step;
      }
      const LayerFile* found = set.find(oci::RootfsPath(name));
      CHECK((found == nullptr) == (model.count(name) == 0));
    }
    CHECK(set.size() == model.size());
    std::map<std::string, std::uint64_t> files;
    std::string last;
    for (const LayerFile& file : std::move(set).finish()) {
      CHECK(last < file.entry.path.str());
      last = file.entry.path.str();
      files[last] = file.entry.size;
    }
    CHECK(files == model);
  }
}
