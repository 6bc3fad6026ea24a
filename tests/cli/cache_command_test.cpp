// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <regex>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;

namespace {

/// A store with app:1, and a layer that only its record knows. All is three days older than the
/// program's clock.
struct Store : test::Program {
  std::filesystem::path root = dir / "home/.local/share/ocibuild";

  Store() {
    dir.write("Dockerfile", "FROM scratch\nCOPY hello /bin/hello\n");
    dir.write("hello", "hello, world\n", 0755);
    REQUIRE(run({"-q", "-t", "gone:1", "."}) == 0);
    REQUIRE(run({"rmi", "gone:1"}) == 0);
    dir.write("hello", "hello\n", 0755);
    REQUIRE(run({"-q", "-t", "app:1", "."}) == 0);
    for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
      const timespec time{1'700'000'000 - 3 * 86400, 0};
      const timespec times[] = {time, time};
      if (file.is_regular_file()) ::utimensat(AT_FDCWD, file.path().c_str(), times, 0);
    }
  }
  std::size_t blobs() const {
    const std::filesystem::directory_iterator files(root / "blobs/sha256");
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
  /// What was printed, IDs replaced and blanks folded.
  std::string steady_out() const {
    const std::string folded = std::regex_replace(out, std::regex(" {2,}"), "  ");
    const std::string ids =
        std::regex_replace(folded, std::regex("(^|\n)[0-9a-f]{12}  "), "$1ID  ");
    return std::regex_replace(ids, std::regex("  [0-9.]+k?B  "), "  N  ");
  }
};

constexpr const char* header = "ID  KIND  RECLAIMABLE  SIZE  LAST USED  NAMES\n";

}  // namespace

TEST_CASE("cli.md 6.11: cache ls has a line for each file, and sums", "[cli]") {
  Store store;
  for (const auto& words : {program::Arguments{"cache", "ls"},
                            {"df"},
                            {"system", "df"},
                            {"--debug", "cache", "--color=never", "-D", "ls"}}) {
    REQUIRE(store.run(words) == 0);
    CHECK_THAT(store.out, Catch::StartsWith("ID             KIND"));
    CHECK_THAT(store.steady_out(), Contains("\nID  image  false  N  3 days ago  app:1\n"));
    CHECK_THAT(store.steady_out(), Contains("\nID  cached layer  true  N  3 days ago\n"));
    CHECK_THAT(store.steady_out(), Contains("\nID  unused blob  true  N  3 days ago\n"));
    CHECK_THAT(store.steady_out(), Contains("\nID  layer record  true  N  3 days ago\n"));
    CHECK_THAT(store.out, Contains("\n\nReclaimable: ") && Contains("kB\nTotal:       "));
  }
  REQUIRE(store.run({"cache", "ls", "--root", "nothing"}) == 0);
  CHECK(store.steady_out() == header + std::string("\nReclaimable: 0B\nTotal:  0B\n"));
}

TEST_CASE("cli.md 6.12: prune asks on a terminal, and needs -f elsewhere", "[cli]") {
  Store store;
  const std::size_t before = store.blobs();
  CHECK(store.run({"cache", "prune"}) == 2);
  CHECK_THAT(store.err, Contains("nobody can be asked, as standard input is no terminal: say -f"));
  CHECK(store.blobs() == before);
  store.terminal = true;
  for (const char* answer : {"n\n", "\n", "", "yep\n"}) {
    store.input = answer;
    CHECK(store.run({"cache", "prune"}) == 0);
    CHECK_THAT(store.err, Contains("This removes all blobs that no image with a name and no build "
                                   "record needs. Go on? [y/N] "));
    CHECK(store.blobs() == before);
  }
  store.input = "Y\n";
  CHECK(store.run({"builder", "prune"}) == 0);
  CHECK(store.blobs() < before);
}

TEST_CASE("cli.md 6.12: prune without -a leaves records and their layers, with -a images",
          "[cli]") {
  Store store;
  CHECK(store.run({"cache", "prune", "-f"}) == 0);
  CHECK(store.steady_out() ==
        header +
            std::string("ID  unused blob  true  N  3 days ago\nID  unused blob  true  N  3 days "
                        "ago\n\nTotal reclaimed space: ") +
            store.out.substr(store.out.rfind(' ') + 1));
  CHECK(store.blobs() == 4);
  CHECK(store.run({"cache", "prune", "-af", "--dry-run"}) == 0);
  CHECK_THAT(store.out, Contains("\nWould be reclaimed: "));
  CHECK(store.blobs() == 4);
  CHECK(store.run({"cache", "prune", "-af"}) == 0);
  CHECK(store.blobs() == 3);
  CHECK(store.run({"cache", "ls"}) == 0);
  CHECK_THAT(store.out, !Contains(" true "));
  CHECK(store.run({"cache", "prune", "-af"}) == 0);
  CHECK(store.out == "Total reclaimed space: 0B\n");
  CHECK(store.run({"inspect", "app:1"}) == 0);
}

TEST_CASE("cli.md 6.12: filters and limits", "[cli]") {
  Store store;
  const std::size_t before = store.blobs();
  CHECK(store.run({"cache", "prune", "-af", "--filter", "until=438000h"}) == 0);
  CHECK(store.blobs() == before);
  for (const char* flag : {"--max-used-space=1GB", "--keep-storage=1GB"}) {
    CHECK(store.run({"cache", "prune", "-f", flag}) == 0);
    CHECK(store.blobs() == before);
  }
  CHECK(store.run({"cache", "prune", "-f", "--filter=until=1h", "--keep-storage", "0"}) == 0);
  CHECK(store.blobs() == 3);
  for (const char* wrong : {"--filter=label=x", "--filter=until=soon", "--max-used-space=much"})
    CHECK(store.run({"cache", "prune", "-f", wrong}) == 2);
  CHECK(store.run({"cache", "prune", "-f", "--format=xml"}) == 2);
  CHECK(store.run({"cache", "prune", "-f", "everything"}) == 2);
  CHECK(store.run({"cache", "ls", "-f"}) == 2);
}

TEST_CASE("cli.md 6.13: gc asks nobody; without a limit only what nothing needs goes", "[cli]") {
  Store store;
  CHECK(store.run({"cache", "gc"}) == 0);
  CHECK(store.blobs() == 4);
  CHECK(store.run({"cache", "gc", "--max-used-space", "10MB"}) == 0);
  CHECK(store.out == "Total reclaimed space: 0B\n");
  CHECK(store.run({"cache", "gc", "--max-used-space", "10"}) == 0);
  CHECK(store.blobs() == 3);
}

TEST_CASE("cli.md 7.5: the limit of a configuration holds for gc and after each build", "[cli]") {
  Store store;
  store.dir.write("home/.config/ocibuild/config.toml", "[cache]\nmax-used-space = \"10MB\"\n");
  CHECK(store.run({"-q", "-t", "app:1", "."}) == 0);
  CHECK(store.run({"cache", "gc"}) == 0);
  CHECK(store.blobs() == 6);
  store.dir.write("home/.config/ocibuild/config.toml", "[cache]\nmax-used-space = 10\n");
  CHECK(store.run({"cache", "gc", "--max-used-space", "1GB"}) == 0);
  CHECK(store.blobs() == 6);
  CHECK(store.run({"-q", "-t", "app:1", "."}) == 0);
  CHECK(store.blobs() == 3);
  CHECK(store.run({"inspect", "app:1"}) == 0);

  store.dir.write("home/.config/ocibuild/config.toml", "[cache]\nmax-used-space = \"much\"\n");
  CHECK(store.run({"-q", "-t", "app:2", "."}) == 2);
  CHECK_THAT(store.err, Contains("config.toml:2"));
  CHECK(store.run({"cache", "gc"}) == 2);
}

TEST_CASE("cli.md 6.14: dir prints where the build records are", "[cli]") {
  test::Program program;
  CHECK(program.run({"cache", "dir", "--root", "/a/b"}) == 0);
  CHECK(program.out == "/a/b/cache\n");
  CHECK(program.run({"cache", "dir", "--cache-dir", "/c"}) == 0);
  CHECK(program.out == "/c\n");
  program.environment["OCIBUILD_CACHE_DIR"] = "/from/variable";
  CHECK(program.run({"cache", "dir"}) == 0);
  CHECK(program.out == "/from/variable\n");
}

TEST_CASE("cli.md 2.5: a command of two words is not known by one", "[cli]") {
  test::Program program;
  CHECK(program.run({"cache"}) == 2);
  CHECK_THAT(program.err, Contains("'cache' needs one of: ls, prune, gc, dir, verify"));
  CHECK(program.run({"cache", "clear"}) == 2);
  CHECK_THAT(program.err, Contains("'cache' needs one of: "));
  for (const auto& words :
       {program::Arguments{"cache", "-h"}, {"cache", "--help"}, {"help", "cache"}}) {
    CHECK(program.run(words) == 0);
    CHECK_THAT(program.out, Contains("\n  cache prune, builder prune\n"));
  }
  CHECK(program.run({"help", "cache", "gc"}) == 0);
  CHECK_THAT(program.out, Catch::StartsWith("Usage: ocibuild cache gc [FLAGS]\n"));
}
