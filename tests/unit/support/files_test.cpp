// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <utime.h>

#include <filesystem>
#include <thread>

#include <ocibuild/error.hpp>

#include "support/bounded_queue.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "support/temp_file.hpp"

using namespace ocibuild;
namespace fs = std::filesystem;

namespace {
std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}
}  // namespace

TEST_CASE("a file appears by commit and not before, and replaces what was there", "[support]") {
  test::TempDir dir;
  dir.write("a", "old");
  {
    support::TempFile file(dir.path());
    file.write(support::as_bytes("new"));
    CHECK(support::read_file(dir / "a", 10) == "old");
    file.commit(dir / "a");
  }
  CHECK(support::read_file(dir / "a", 10) == "new");
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("a file that is not committed leaves nothing", "[support]") {
  test::TempDir dir;
  { support::TempFile file(dir.path()); }
  CHECK(files_in(dir.path()) == 0);
}

TEST_CASE("temporary files older than a day are removed, younger and foreign ones stay",
          "[support]") {
  test::TempDir dir;
  const auto old = dir.write(".ocibuild-1-1-1", "");
  dir.write(".ocibuild-2-2-2", "");
  const auto foreign = dir.write("foreign", "");
  const utimbuf long_ago{1000, 1000};
  ::utime(old.c_str(), &long_ago);
  ::utime(foreign.c_str(), &long_ago);
  support::remove_stale_temp_files(dir.path());
  CHECK_FALSE(fs::exists(old));
  CHECK(files_in(dir.path()) == 2);
}

TEST_CASE("a full disk is an error of its own", "[support]") {
  const support::Fd full(::open("/dev/full", O_WRONLY));
  try {
    support::FdSink(full.get(), "/dev/full").write(support::as_bytes("x"));
    FAIL("written");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "disk-full");
  }
}

TEST_CASE("a range of a file is read without moving the file's position", "[support]") {
  test::TempDir dir;
  const support::Fd fd = support::open_read(dir.write("a", "0123456789"));
  support::FdRangeSource range(fd.get(), "a", 3, 4);
  CHECK(support::read_all(range, 100, "a") == "3456");
  support::FdSource whole(fd.get(), "a");
  CHECK(support::read_all(whole, 100, "a") == "0123456789");
  CHECK_THROWS_WITH(support::read_file(dir / "a", 9), Catch::Contains("larger than 9 bytes"));
}

TEST_CASE("a bounded queue passes everything on in order and ends when closed", "[support]") {
  support::BoundedQueue<int> queue(2);
  std::thread producer([&] {
    for (int i = 0; i < 1000; ++i) queue.push(i);
    queue.close();
  });
  int expected = 0;
  while (const auto item = queue.pop()) CHECK(*item == expected++);
  producer.join();
  CHECK(expected == 1000);
  CHECK_FALSE(queue.push(1));
}
