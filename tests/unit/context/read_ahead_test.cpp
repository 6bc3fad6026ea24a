// SPDX-License-Identifier: Apache-2.0
#include "context/read_ahead.hpp"

#include <chrono>
#include <thread>

#include "context/context_tree.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

using namespace ocibuild;
using context::ContextTree;
using context::IgnoreRules;
using context::ReadAhead;
using oci::RootfsPath;
using support::concat;

namespace {

/// 8 * 8 * 4 directories with a file each.
void fill(const test::TempDir& dir) {
  for (int i = 0; i < 256; ++i)
    dir.write(concat("a", i % 8, "/b", i / 8 % 8, "/c", i / 64, "/file"), concat(i));
}

void walk(const ContextTree& tree, const RootfsPath& path, std::vector<std::string>& found) {
  tree.each_child(path, [&](const oci::TreeFile& file) {
    found.push_back(concat(file.entry.path.str(), ' ', file.entry.mode, ' ', file.entry.size));
    if (file.entry.is_directory()) walk(tree, file.entry.path, found);
  });
}

std::vector<std::string> walk(const test::TempDir& dir, unsigned readers) {
  const ContextTree tree(dir.path(), IgnoreRules::parse("i", "a3\na4/b1\n!a3/b2/c1"), nullptr,
                         readers);
  std::vector<std::string> found;
  walk(tree, {}, found);
  return found;
}

/// Waits for what other threads do.
template <typename Condition>
bool soon(Condition&& condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace

TEST_CASE("a walk finds the same files in the same order whoever reads the directories",
          "[context]") {
  const test::TempDir dir;
  fill(dir);
  const auto alone = walk(dir, 0);
  CHECK(alone.size() > 400);
  for (int i = 0; i < 20; ++i) REQUIRE(walk(dir, 3) == alone);
}

TEST_CASE("directories are read before they are asked for, and given away once", "[context]") {
  const test::TempDir dir;
  std::vector<RootfsPath> paths;
  for (int i = 0; i < 100; ++i) {
    dir.write(concat("d", i, "/file"), "x");
    paths.emplace_back(concat("d", i));
  }
  ReadAhead ahead(std::make_shared<context::RootDirectory>(dir.path()), nullptr, 2);
  CHECK(ahead.take(paths[99]) == nullptr);
  ahead.want(paths);
  std::shared_ptr<context::Directory> first;
  CHECK(soon([&] {
    if (!first) first = ahead.take(paths[0]);
    if (!first) ahead.want(paths);
    return first != nullptr;
  }));
  REQUIRE(first);
  CHECK(first->find("file") != nullptr);
  CHECK(ahead.take(paths[0]) == nullptr);
}

TEST_CASE("what cannot be read ahead is left to who asks for it", "[context]") {
  const test::TempDir dir;
  std::vector<RootfsPath> gone;
  for (int i = 0; i < 100; ++i) gone.emplace_back(concat("gone", i));
  ReadAhead ahead(std::make_shared<context::RootDirectory>(dir.path()), nullptr, 2);
  ahead.want(gone);
  for (const RootfsPath& path : gone) CHECK(ahead.take(path) == nullptr);

  // Dropped with most of it to do.
  ahead.want(gone);
}
