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

/// A walk's look into the root of a context, with threads that read what is below.
struct Root {
  explicit Root(const test::TempDir& dir, std::string_view ignored = "")
      : rules(IgnoreRules::parse("i", std::string(ignored))),
        root(std::make_shared<context::RootDirectory>(dir.path())),
        ahead(root, rules, nullptr, 2),
        top(context::Directory::read(root, {}, root->open_directory({}).fd.get(), nullptr)) {
    top->apply(rules, rules.root());
  }
  IgnoreRules rules;
  std::shared_ptr<const context::RootDirectory> root;
  ReadAhead ahead;
  std::shared_ptr<context::Directory> top;
};

/// The first of the directories d0 to d99, or of what `below` says in them, that was read ahead.
std::shared_ptr<context::Directory> one_read_ahead(ReadAhead& ahead, std::string_view below = "") {
  for (int i = 99; i >= 0; --i) {
    if (auto found = ahead.take(RootfsPath(concat("d", i, below)))) return found;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a walk finds the same files in the same order whoever reads the directories",
          "[context]") {
  const test::TempDir dir;
  fill(dir);
  const auto alone = walk(dir, 0);
  CHECK(alone.size() > 400);
  for (int i = 0; i < 20; ++i) REQUIRE(walk(dir, 3) == alone);
  const ContextTree tree(dir.path(), IgnoreRules(), nullptr, 3);
  std::vector<std::string> once, again;
  walk(tree, {}, once);
  walk(tree, {}, again);
  CHECK(again == once);
}

TEST_CASE("image.md 7.2: directories are read before they are asked for, and given away once",
          "[context]") {
  const test::TempDir dir;
  for (int i = 0; i < 100; ++i) dir.write(concat("d", i, "/e/f/file"), "x");
  Root context(dir);
  CHECK(one_read_ahead(context.ahead) == nullptr);
  Root other(dir);
  other.ahead.want_below(*other.top);
  const auto first = one_read_ahead(other.ahead);
  REQUIRE(first);
  CHECK(first->find("e") != nullptr);
  CHECK(other.ahead.take(first->path) == nullptr);
  const auto deep = one_read_ahead(other.ahead, "/e/f");
  REQUIRE(deep);
  CHECK(deep->find("file") != nullptr);
  // Whatever was taken is not read once more.
  other.ahead.want_below(*other.top);
  CHECK(other.ahead.take(first->path) == nullptr);
}

TEST_CASE("image.md 7.2: directories that will be copied later are read while others are walked",
          "[context]") {
  const test::TempDir dir;
  for (int i = 0; i < 100; ++i) {
    dir.write(concat("now/d", i, "/file"), "x");
    dir.write(concat("later/d", i, "/file"), "x");
  }
  Root context(dir);
  const auto wanted = [&](const char* name) {
    return ReadAhead::Wanted{RootfsPath(name), context.rules.root()};
  };
  context.ahead.want_later({wanted("now"), wanted("later")});
  CHECK(context.ahead.take(RootfsPath("now")) == nullptr);  // few: no thread yet
  const auto now =
      context::Directory::read(context.root, RootfsPath("now"),
                               context.root->open_directory(RootfsPath("now")).fd.get(), nullptr);
  now->apply(context.rules, context.rules.root());
  context.ahead.want_below(*now);
  std::shared_ptr<context::Directory> found;
  for (int i = 99; i >= 0 && !found; --i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    found = context.ahead.take(RootfsPath(concat("later/d", i)));
  }
  REQUIRE(found);
  CHECK(found->find("file") != nullptr);
}

TEST_CASE("image.md 7.2: what a tree was told to expect changes nothing of what it finds",
          "[context]") {
  const test::TempDir dir;
  fill(dir);
  for (unsigned readers : {0U, 3U}) {
    const ContextTree plain(dir.path(), IgnoreRules::parse("i", "a3\n!a3/b2/c1"), nullptr, 0);
    const ContextTree told(dir.path(), IgnoreRules::parse("i", "a3\n!a3/b2/c1"), nullptr, readers);
    told.expect({RootfsPath("a5"), RootfsPath("a1/b1"), RootfsPath("a1"), RootfsPath("a3"),
                 RootfsPath("missing/x"), RootfsPath("a0/b0/c0/file"), RootfsPath("")});
    for (const char* name : {"a5", "a3", "a1", ""}) {
      std::vector<std::string> expected, found;
      walk(plain, RootfsPath(name), expected);
      walk(told, RootfsPath(name), found);
      REQUIRE(found == expected);
      REQUIRE_FALSE(found.empty());
    }
    CHECK(told.ignored() == plain.ignored());
  }
}

TEST_CASE("image.md 7.2: what is ignored is not read ahead", "[context]") {
  const test::TempDir dir;
  for (int i = 0; i < 100; ++i) {
    dir.write(concat("d", i, "/ignored/file"), "x");
    dir.write(concat("d", i, "/taken/file"), "x");
  }
  Root context(dir, "*/ignored");
  context.ahead.want_below(*context.top);
  REQUIRE(one_read_ahead(context.ahead, "/taken"));
  CHECK(one_read_ahead(context.ahead, "/ignored") == nullptr);
}

TEST_CASE("what cannot be read ahead is left to who asks for it", "[context]") {
  const test::TempDir dir;
  for (int i = 0; i < 100; ++i) dir.mkdir(concat("d", i));
  Root context(dir);
  for (int i = 0; i < 100; ++i) std::filesystem::remove(dir / concat("d", i));
  context.ahead.want_below(*context.top);
  for (int i = 0; i < 100; ++i) CHECK(context.ahead.take(RootfsPath(concat("d", i))) == nullptr);

  // Dropped with most of it to do.
  Root dropped(dir);
  dropped.ahead.want_below(*dropped.top);
}
