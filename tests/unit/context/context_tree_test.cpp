// SPDX-License-Identifier: Apache-2.0
#include "context/context_tree.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"

using namespace ocibuild;
using context::ContextTree;
using context::IgnoreRules;
using oci::EntryType;
using oci::RootfsPath;
using Names = std::vector<std::string>;

namespace {

ContextTree tree_of(const test::TempDir& dir, std::string_view rules = "") {
  return {dir.path(), IgnoreRules::parse(".dockerignore", rules), nullptr};
}

std::string content(const oci::TreeFile& file) {
  const auto source = file.content->open();
  return support::read_all(*source, 1000, "content");
}

template <typename Work>
Diagnostic failure(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.diagnostic();
  }
  FAIL("nothing was thrown");
  return {};
}

/// A clock so late that every file of a test counts as settled.
std::int64_t far_future() {
  return std::numeric_limits<std::int64_t>::max();
}

/// Makes the tests of permissions mean something for root too: an ordinary user owns the directory
/// and, until the end of the scope, this process.
class OrdinaryUser {
public:
  explicit OrdinaryUser(const test::TempDir& dir) : user_(::geteuid()) {
    if (user_ != 0) return;
    REQUIRE(::chown(dir.path().c_str(), nobody, nobody) == 0);
    for (const auto& file : std::filesystem::recursive_directory_iterator(dir.path())) {
      REQUIRE(::lchown(file.path().c_str(), nobody, nobody) == 0);
    }
    REQUIRE(::seteuid(nobody) == 0);
  }
  ~OrdinaryUser() {
    if (user_ == 0 && ::seteuid(0) != 0) std::abort();
  }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

private:
  static constexpr uid_t nobody = 65534;
  uid_t user_;
};

void make_socket(const std::filesystem::path& path) {
  const support::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.native().size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

}  // namespace

TEST_CASE("a directory that is none cannot be a context", "[context]") {
  const test::TempDir dir;
  dir.write("file", "");
  for (const char* name : {"missing", "file"}) {
    const Diagnostic error = failure([&] { ContextTree(dir / name, IgnoreRules(), nullptr); });
    CHECK(error.id == "context-missing");
    CHECK_FALSE(error.helps.empty());
  }
}

TEST_CASE("names are sorted by bytes, whatever order the disk has", "[context]") {
  const test::TempDir dir;
  Names expected;
  for (int i = 0; i < 40; ++i) {
    expected.push_back("f" + std::to_string((i * 17) % 40));
    dir.write(expected.back(), "");
  }
  std::sort(expected.begin(), expected.end());
  const ContextTree tree = tree_of(dir);
  CHECK(tree.list({}) == expected);
  CHECK(tree.list(RootfsPath("f1")).empty());
  CHECK(tree.list(RootfsPath("missing")).empty());
}

TEST_CASE("dockerfile.md 7.15: entries have the disk's mode and time, but owner 0:0", "[context]") {
  const test::TempDir dir;
  dir.write("bin/tool", "text", 04751);
  dir.mkdir("bin", 02775);
  const timespec times[2] = {{1, 0}, {1234, 999'999'999}};
  REQUIRE(::utimensat(AT_FDCWD, (dir / "bin/tool").c_str(), times, 0) == 0);
  const ContextTree tree = tree_of(dir);
  const auto tool = tree.lookup(RootfsPath("bin/tool"));
  REQUIRE(tool);
  CHECK(tool->entry.path == RootfsPath("bin/tool"));
  CHECK(tool->entry.type == EntryType::regular);
  CHECK(tool->entry.mode == 04751);
  CHECK(tool->entry.uid == 0);
  CHECK(tool->entry.gid == 0);
  CHECK(tool->entry.size == 4);
  CHECK(tool->entry.mtime == 1234);
  CHECK(tool->inode == 0);
  CHECK(content(*tool) == "text");
  CHECK(tool->content->digest() == oci::sha256("text"));
  const auto bin = tree.lookup(RootfsPath("bin"));
  REQUIRE(bin);
  CHECK(bin->entry.is_directory());
  CHECK(bin->entry.mode == 02775);
  CHECK(bin->entry.size == 0);
  CHECK_FALSE(bin->content);
  CHECK(tree.lookup(RootfsPath())->entry.is_directory());
}

TEST_CASE("dockerfile.md 16.4: times before 1970 are cut towards the past", "[context]") {
  const test::TempDir dir;
  dir.write("old", "");
  const timespec times[2] = {{0, 0}, {-2, 500'000'000}};
  REQUIRE(::utimensat(AT_FDCWD, (dir / "old").c_str(), times, 0) == 0);
  CHECK(tree_of(dir).lookup(RootfsPath("old"))->entry.mtime == -2);
}

TEST_CASE("dockerfile.md 7.3: symlinks are entries and never followed", "[context]") {
  const test::TempDir dir;
  dir.write("real/file", "x");
  dir.symlink("link", "real");
  dir.symlink("dangling", "/nowhere");
  const ContextTree tree = tree_of(dir);
  const auto link = tree.lookup(RootfsPath("link"));
  REQUIRE(link);
  CHECK(link->entry.type == EntryType::symlink);
  CHECK(link->entry.link_target == "real");
  CHECK(tree.lookup(RootfsPath("dangling"))->entry.link_target == "/nowhere");
  CHECK_FALSE(tree.lookup(RootfsPath("link/file")));
  CHECK(tree.list(RootfsPath("link")).empty());
}

TEST_CASE("a directory that becomes a symlink after it was seen is not followed", "[context]") {
  const test::TempDir dir;
  const test::TempDir outside;
  outside.write("file", "secret");
  dir.write("d/file", "inside");
  const ContextTree tree = tree_of(dir);
  const auto file = tree.lookup(RootfsPath("d/file"));
  REQUIRE(file);
  dir.mkdir("e");
  const ContextTree other = tree_of(dir);
  REQUIRE(other.lookup(RootfsPath("d")));
  std::filesystem::remove_all(dir / "d");
  std::filesystem::create_symlink(outside.path(), dir / "d");
  CHECK(failure([&] { file->content->open(); }).id == "file-changed");
  CHECK(failure([&] { other.list(RootfsPath("d")); }).id == "file-changed");
}

TEST_CASE("dockerfile.md 7.17: names of one inode have one number, other files none", "[context]") {
  const test::TempDir dir;
  dir.write("a", "x");
  dir.write("p", "x");
  dir.write("single", "x");
  std::filesystem::create_hard_link(dir / "a", dir / "b");
  std::filesystem::create_hard_link(dir / "p", dir / "q");
  const ContextTree tree = tree_of(dir);
  const auto inode = [&](const char* name) { return tree.lookup(RootfsPath(name))->inode; };
  CHECK(inode("a") != 0);
  CHECK(inode("a") == inode("b"));
  CHECK(inode("p") == inode("q"));
  CHECK(inode("a") != inode("p"));
  CHECK(inode("single") == 0);
}

TEST_CASE("dockerfile.md 7.15: pipes are entries, sockets are skipped and remembered",
          "[context]") {
  const test::TempDir dir;
  REQUIRE(::mkfifo((dir / "pipe").c_str(), 0600) == 0);
  make_socket(dir / "sock");
  make_socket(dir / "hidden.sock");
  const ContextTree tree = tree_of(dir, "hidden*");
  CHECK(tree.sockets().empty());
  CHECK(tree.list({}) == Names{"pipe"});
  CHECK(tree.lookup(RootfsPath("pipe"))->entry.type == EntryType::fifo);
  CHECK_FALSE(tree.lookup(RootfsPath("sock")));
  CHECK(tree.sockets() == Names{"sock"});
}

TEST_CASE("dockerfile.md 11.3, 12.6: hidden entries are not there, and are counted once",
          "[context]") {
  const test::TempDir dir;
  dir.write("a.log", "");
  dir.write("keep", "");
  dir.write("build/x", "");
  dir.write("build/y", "");
  const ContextTree tree = tree_of(dir, "*.log\nbuild\n");
  CHECK(tree.list({}) == Names{"keep"});
  CHECK(tree.list({}) == Names{"keep"});
  CHECK(tree.ignored() == 2);
  CHECK_FALSE(tree.lookup(RootfsPath("a.log")));
  CHECK_FALSE(tree.lookup(RootfsPath("build/x")));
  CHECK(tree.list(RootfsPath("build")).empty());
}

TEST_CASE(
    "dockerfile.md 11.7: an excluded directory is there with its own mode if something below is",
    "[context]") {
  const test::TempDir dir;
  dir.write("docs/deep/keep.md", "x");
  dir.write("docs/drop", "");
  dir.write("empty/drop", "");
  dir.mkdir("docs", 0710);
  const ContextTree tree = tree_of(dir, "docs\nempty\n!**/keep.md");
  CHECK(tree.list({}) == Names{"docs"});
  CHECK(tree.lookup(RootfsPath("docs"))->entry.mode == 0710);
  CHECK(tree.list(RootfsPath("docs")) == Names{"deep"});
  CHECK(tree.lookup(RootfsPath("docs/deep/keep.md")));
  CHECK_FALSE(tree.lookup(RootfsPath("empty")));
}

TEST_CASE("dockerfile.md 11.7: an included directory whose files are all hidden is there",
          "[context]") {
  const test::TempDir dir;
  dir.write("d/x.log", "");
  const ContextTree tree = tree_of(dir, "**/*.log");
  CHECK(tree.list({}) == Names{"d"});
  CHECK(tree.list(RootfsPath("d")).empty());
}

TEST_CASE("dockerfile.md 11.8: a symlink is judged by its own path", "[context]") {
  const test::TempDir dir;
  dir.write("target", "");
  dir.symlink("link", "target");
  CHECK(tree_of(dir, "target").list({}) == Names{"link"});
}

TEST_CASE(
    "dockerfile.md 7.4, 17: the hiding line is known for what the disk has and the rules hide",
    "[context]") {
  const test::TempDir dir;
  dir.write("conf/secret", "");
  dir.write("conf/public", "");
  dir.write("open", "");
  const ContextTree tree = tree_of(dir, "conf\n!conf/public\n");
  const auto culprit = tree.hidden_by(RootfsPath("conf/secret"));
  REQUIRE(culprit);
  CHECK(culprit->line == 1);
  CHECK(culprit->pattern == "conf");
  CHECK_FALSE(tree.hidden_by(RootfsPath("conf/missing")));
  CHECK_FALSE(tree.hidden_by(RootfsPath("conf")));
  CHECK_FALSE(tree.hidden_by(RootfsPath("open")));
  CHECK_FALSE(tree.hidden_by(RootfsPath()));
}

TEST_CASE("a file that changes after it was looked at is an error", "[context]") {
  const test::TempDir dir;
  const auto change = GENERATE(0, 1, 2, 3);
  dir.write("f", "before");
  const ContextTree tree = tree_of(dir);
  const auto file = tree.lookup(RootfsPath("f"));
  REQUIRE(file);
  if (change == 0) dir.write("f", "longer than before");
  if (change == 1) std::filesystem::remove(dir / "f");
  if (change == 2) {
    std::filesystem::remove(dir / "f");
    dir.symlink("f", "/etc/passwd");
  }
  if (change == 3) {
    std::filesystem::remove(dir / "f");
    REQUIRE(::mkfifo((dir / "f").c_str(), 0600) == 0);
  }
  const Diagnostic error = failure([&] { content(*file); });
  CHECK(error.id == "file-changed");
  CHECK(error.message == "\"" + (dir / "f").string() + "\" changed while the build read it");
  CHECK_FALSE(error.helps.empty());
}

TEST_CASE("a file that grows or shrinks while it is read is an error", "[context]") {
  const test::TempDir dir;
  const bool grows = GENERATE(true, false);
  dir.write("f", "before");
  const ContextTree tree = tree_of(dir);
  const auto source = tree.lookup(RootfsPath("f"))->content->open();
  std::byte buffer[3];
  REQUIRE(source->read(buffer) == 3);
  dir.write("f", grows ? "before and after" : "be");
  CHECK(failure([&] {
          while (source->read(buffer) > 0) {
          }
        }).id == "file-changed");
}

TEST_CASE("an unreadable file is an error with advice, unless it is hidden", "[context]") {
  const test::TempDir dir;
  dir.write("secret", "x", 0);
  dir.write("closed/x", "x");
  dir.mkdir("closed", 0);
  const OrdinaryUser user(dir);
  const ContextTree tree = tree_of(dir);
  const auto secret = tree.lookup(RootfsPath("secret"));
  REQUIRE(secret);
  const Diagnostic error = failure([&] { secret->content->digest(); });
  CHECK(error.id == "file-unreadable");
  CHECK(error.message == "cannot read \"" + (dir / "secret").string() + "\": Permission denied");
  CHECK_FALSE(error.helps.empty());
  CHECK(failure([&] { tree.list(RootfsPath("closed")); }).id == "file-unreadable");
  const ContextTree without = tree_of(dir, "closed\n!other");
  CHECK(without.list({}) == Names{"secret"});
  CHECK_FALSE(without.lookup(RootfsPath("closed/x")));
}

TEST_CASE("a file that the index knows is not read, one that it does not know is learnt",
          "[context]") {
  const test::TempDir dir;
  dir.write("f", "content");
  context::StatIndex index(dir / ".index", far_future);
  {
    const ContextTree tree(dir.path(), IgnoreRules(), &index);
    CHECK(tree.lookup(RootfsPath("f"))->content->digest() == oci::sha256("content"));
  }
  const ContextTree tree(dir.path(), IgnoreRules(), &index);
  const auto file = tree.lookup(RootfsPath("f"));
  std::filesystem::remove(dir / "f");  // reading it would be an error
  CHECK(file->content->digest() == oci::sha256("content"));
}

TEST_CASE("image.md 1.4: a deep tree is walked with few directories open at a time", "[context]") {
  const test::TempDir dir;
  std::string path = "d";
  for (int i = 0; i < 60; ++i) {
    dir.write(path + "/beside/x", path);
    path += "/d";
  }
  dir.write(path + "/keep", "x");
  struct rlimit before {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  struct rlimit few = before;
  few.rlim_cur = 40;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
  const ContextTree hiding = tree_of(dir, "d\n!**/keep");
  CHECK(hiding.lookup(RootfsPath("d")));
  CHECK(content(*hiding.lookup(RootfsPath(path + "/keep"))) == "x");

  const ContextTree tree = tree_of(dir);
  int files = 0;
  const auto walk = [&](const RootfsPath& from, const auto& self) -> void {
    tree.each_child(from, [&](const oci::TreeFile& child) {
      if (child.entry.is_directory()) return self(child.entry.path, self);
      ++files;
      const std::string above = child.entry.path.parent().parent().str();
      if (child.entry.path.name() == "x") CHECK(content(child) == above);
    });
  };
  walk({}, walk);
  CHECK(files == 61);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
