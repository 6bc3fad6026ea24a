// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_writer.hpp"

#include <algorithm>
#include <vector>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"

using namespace ocibuild;
using oci::Entry;
using oci::EntryType;
using support::concat;
using test::dir_entry;
using test::file_entry;
using test::symlink_entry;

namespace {

std::string header_of(const Entry& entry) {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  writer.begin(entry);
  return sink.text;
}

/// The tar of files with the content "x" repeated, and of everything else.
std::string tar_of(const std::vector<Entry>& entries) {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  for (const Entry& entry : entries) {
    const std::string text(entry.type == EntryType::regular ? entry.size : 0, 'x');
    support::MemorySource source{std::string_view(text)};
    writer.add(entry, source);
  }
  writer.finish();
  return sink.text;
}

/// The pax records of an entry that needs some; "" for one that is a plain ustar header.
std::string records_of(const Entry& entry) {
  const std::string header = header_of(entry);
  if (header.size() == 512) return "";
  CHECK(header[156] == 'x');
  CHECK(header[header.size() - 512 + 156] != 'x');
  const auto size = static_cast<std::size_t>(std::stoul(header.substr(124, 11), nullptr, 8));
  CHECK(header.size() == 1024 + (size + 511) / 512 * 512);
  return header.substr(512, size);
}

std::string field(const std::string& header, std::size_t at, std::size_t size) {
  return header.substr(header.size() - 512 + at, size);
}

Entry hard_link(std::string_view path, std::string_view target) {
  Entry entry = file_entry(path, 0);
  entry.type = EntryType::hard_link;
  entry.link_target = target;
  return entry;
}

/// One entry of every kind, and every value that needs a record.
std::vector<Entry> sample() {
  Entry owned = file_entry("a/owned", 3, 04755);
  owned.uid = 1000;
  owned.gid = 4'000'000'000U;
  owned.mtime = -7;
  owned.xattrs["user.z"] = "last";
  owned.xattrs["security.capability"] = std::string("\1\0\0\2\n=\0", 7);
  Entry device = file_entry("dev/null", 0, 0666);
  device.type = EntryType::character_device;
  device.device_major = 1;
  device.device_minor = 3;
  Entry fifo = file_entry("fifo", 0, 0600);
  fifo.type = EntryType::fifo;
  return {dir_entry("a", 01777),
          owned,
          dir_entry("dev"),
          device,
          fifo,
          hard_link("hard", "a/owned"),
          file_entry(std::string(90, 'p') + "/" + std::string(90, 'n'), 513),
          file_entry(std::string(180, 'q'), 1),
          symlink_entry("sym", "/" + std::string(120, 't')),
          file_entry("z\xc3\xbc", 0)};
}

}  // namespace

TEST_CASE("a plain entry is one ustar header with nothing that is not asked for", "[tar]") {
  Entry entry = file_entry("etc/motd", 5, 0100644);
  entry.uid = 07777777;
  entry.gid = 1;
  entry.mtime = 1;
  const std::string header = header_of(entry);
  REQUIRE(header.size() == 512);
  CHECK(field(header, 0, 9) == std::string("etc/motd\0", 9));
  CHECK(field(header, 100, 8) == std::string("0000644\0", 8));
  CHECK(field(header, 108, 8) == std::string("7777777\0", 8));
  CHECK(field(header, 116, 8) == std::string("0000001\0", 8));
  CHECK(field(header, 124, 12) == std::string("00000000005\0", 12));
  CHECK(field(header, 136, 12) == std::string("00000000001\0", 12));
  CHECK(field(header, 156, 1) == "0");
  CHECK(field(header, 257, 8) == std::string("ustar\0"
                                             "00",
                                             8));
  CHECK(field(header, 265, 80) == std::string(80, '\0'));    // uname, gname, device numbers
  CHECK(field(header, 345, 167) == std::string(167, '\0'));  // prefix, padding
}

TEST_CASE("the bytes of a tar never change", "[tar]") {
  // Every kind of entry and record. Another digest here gives every layer of every user another
  // digest.
  CHECK(oci::sha256(std::string_view(tar_of(sample()))).hex() ==
        "cd13c75e50ea33fe207125327d79412a7a99490a70aa6390e8b9ab3abfb50af9");
}

TEST_CASE("a tar ends with exactly two zero blocks and is padded to blocks", "[tar]") {
  CHECK(tar_of({}) == std::string(1024, '\0'));
  CHECK(tar_of({file_entry("f", 512)}).size() == 512 + 512 + 1024);
  CHECK(tar_of({file_entry("f", 513)}).size() == 512 + 1024 + 1024);
}

TEST_CASE("a directory ends in a slash and links have no size", "[tar]") {
  CHECK(field(header_of(dir_entry("a/b")), 0, 5) == std::string("a/b/\0", 5));
  Entry link = hard_link("b", "a");
  link.size = 77;
  CHECK(field(header_of(link), 124, 12) == std::string("00000000000\0", 12));
  CHECK(field(header_of(link), 157, 2) == std::string("a\0", 2));
}

TEST_CASE("device numbers are written for devices only", "[tar]") {
  Entry entry = file_entry("d", 0);
  entry.device_major = 8;
  entry.device_minor = 1;
  CHECK(field(header_of(entry), 329, 16) == std::string(16, '\0'));
  entry.type = EntryType::block_device;
  CHECK(field(header_of(entry), 329, 16) == std::string("0000010\0"
                                                        "0000001\0",
                                                        16));
  entry.device_minor = 2097152;
  CHECK(records_of(entry) == "27 SCHILY.devminor=2097152\n");
}

TEST_CASE("a long path is split at a slash, and a record is written when it cannot be", "[tar]") {
  const std::string name100(100, 'n');
  CHECK(records_of(file_entry(name100, 0)).empty());
  const std::string prefix155 = std::string(150, 'p') + "/pppp";
  CHECK(records_of(file_entry(prefix155 + "/" + name100, 0)).empty());
  CHECK(field(header_of(file_entry(prefix155 + "/" + name100, 0)), 345, 155) == prefix155);
  CHECK(records_of(file_entry(prefix155 + "p/" + name100, 0)) ==
        concat("267 path=", prefix155, "p/", name100, "\n"));
  CHECK(records_of(file_entry(name100 + "n", 0)) == concat("111 path=", name100, "n\n"));
  // A directory's own slash is no place to split.
  CHECK(records_of(dir_entry(name100)) == concat("111 path=", name100, "/\n"));
}

TEST_CASE("pax records stand only where ustar cannot hold the value", "[tar]") {
  Entry entry = file_entry("f", 0);
  entry.uid = 2097152;
  CHECK(records_of(entry) == "15 uid=2097152\n");
  CHECK(field(header_of(entry), 108, 8) == std::string("0000000\0", 8));
  entry.uid = 0;
  entry.gid = 4294967295U;
  CHECK(records_of(entry) == "18 gid=4294967295\n");
  entry.gid = 0;
  entry.size = 8589934591ULL;
  CHECK(records_of(entry).empty());
  entry.size = 8589934592ULL;
  CHECK(records_of(entry) == "19 size=8589934592\n");
  entry.size = 0;
  entry.mtime = 8589934591LL;
  CHECK(records_of(entry).empty());
  entry.mtime = 8589934592LL;
  CHECK(records_of(entry) == "20 mtime=8589934592\n");
  entry.mtime = -1;
  CHECK(records_of(entry) == "12 mtime=-1\n");
  CHECK(records_of(file_entry("\xc3\xa4\xff", 0)) == "12 path=\xc3\xa4\xff\n");
  CHECK(records_of(symlink_entry("s", std::string(100, 't'))).empty());
  CHECK(records_of(symlink_entry("s", std::string(101, 't'))) ==
        concat("115 linkpath=", std::string(101, 't'), "\n"));
}

TEST_CASE("the records of an entry are one set, sorted by key", "[tar]") {
  Entry entry = file_entry("\xc3\xa4", 0);
  entry.uid = 3000000;
  entry.xattrs["user.b"] = "2";
  entry.xattrs["security.capability"] = std::string("\0\n=", 3);
  CHECK(records_of(entry) == std::string("40 SCHILY.xattr.security.capability=\0\n=\n"
                                         "25 SCHILY.xattr.user.b=2\n"
                                         "11 path=\xc3\xa4\n"
                                         "15 uid=3000000\n",
                                         40 + 25 + 11 + 15));
}

TEST_CASE("content of another length than listed is refused, by name", "[tar]") {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  support::MemorySource longer("12345");
  CHECK_THROWS_WITH(writer.add(file_entry("a/f", 4), longer),
                    "\"/a/f\" has more than the 4 bytes it was listed with");
  support::MemorySource shorter("123");
  CHECK_THROWS_WITH(writer.add(file_entry("a/f", 4), shorter),
                    "\"/a/f\" has only 3 of the 4 bytes it was listed with");
  support::MemorySource any("1");
  CHECK_THROWS_AS(writer.add(dir_entry("d"), any), Error);
  writer.begin(file_entry("b", 4));
  writer.content_is_there(3);
  CHECK(writer.left() == 1);
  CHECK_THROWS_WITH(writer.content_is_there(2),
                    "\"/b\" has more than the 4 bytes it was listed with");
}

TEST_CASE("what no record can hold is refused, not cut", "[tar]") {
  Entry entry = file_entry("f", 0);
  entry.xattrs["user.a=b"] = "";
  CHECK_THROWS_WITH(header_of(entry),
                    "\"/f\" cannot be stored in a layer: it has an extended "
                    "attribute called \"user.a=b\"");
  try {
    header_of(file_entry(std::string_view("a\0b", 3), 0));
    FAIL("it is taken");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "entry-invalid");
  }
}

TEST_CASE("GNU tar and Python read what is written", "[tar]") {
  const test::TempDir dir;
  const auto path = dir.write("t.tar", tar_of(sample()));
  const auto gnu =
      test::shell(concat("LC_ALL=C tar --numeric-owner -tvf ", path.string(), " 2>&1"));
  CHECK(gnu.status == 0);
  CHECK(gnu.output.find("drwxrwxrwt 0/0               0 1970-01-01 ") == 0);
  CHECK(gnu.output.find("-rwsr-xr-x 1000/4000000000   3 1969-12-31 ") != std::string::npos);
  CHECK(gnu.output.find("crw-rw-rw- 0/0             1,3 1970-01-01 ") != std::string::npos);
  CHECK(gnu.output.find(" hard link to a/owned\n") != std::string::npos);
  CHECK(gnu.output.find(" sym -> /" + std::string(120, 't') + "\n") != std::string::npos);
  CHECK(gnu.output.find(" " + std::string(180, 'q') + "\n") != std::string::npos);
  CHECK(gnu.output.find(" z\\303\\274\n") != std::string::npos);
  CHECK(std::count(gnu.output.begin(), gnu.output.end(), '\n') == 10);

  const auto script =
      dir.write("read.py",
                "import sys, tarfile\n"
                "for m in tarfile.open(sys.argv[1]):\n"
                "  x = {k: v for k, v in m.pax_headers.items() if k.startswith('SCHILY.xattr')}\n"
                "  print(m.type.decode(), oct(m.mode), m.uid, m.gid, int(m.mtime), m.size, "
                "ascii(m.name)[:9],\n"
                "        len(m.name), len(m.linkname), m.devmajor, m.devminor, len(x))\n");
  const auto python = test::shell(concat("python3 ", script.string(), " ", path.string(), " 2>&1"));
  CHECK(python.output ==
        "5 0o1777 0 0 0 0 'a' 1 0 0 0 0\n"
        "0 0o4755 1000 4000000000 -7 3 'a/owned' 7 0 0 0 2\n"
        "5 0o755 0 0 0 0 'dev' 3 0 0 0 0\n"
        "3 0o666 0 0 0 0 'dev/null 8 0 1 3 0\n"
        "6 0o600 0 0 0 0 'fifo' 4 0 0 0 0\n"
        "1 0o644 0 0 0 0 'hard' 4 7 0 0 0\n"
        "0 0o644 0 0 0 513 'pppppppp 181 0 0 0 0\n"
        "0 0o644 0 0 0 1 'qqqqqqqq 180 0 0 0 0\n"
        "2 0o777 0 0 0 0 'sym' 3 121 0 0 0\n"
        "0 0o644 0 0 0 0 'z\\xfc' 2 0 0 0 0\n");
}
