// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <clocale>
#include <stdexcept>
#include <utility>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"
#include "tar/archive_api.hpp"
#include "tar/tar_writer.hpp"

using namespace ocibuild;
using oci::Entry;
using oci::EntryType;
using support::concat;
using tar::TarReader;
using tar::Wrapping;
using test::dir_entry;
using test::file_entry;
using test::symlink_entry;

namespace {

using Files = std::vector<std::pair<Entry, std::string>>;

std::string tar_of(const Files& files) {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  for (auto [entry, text] : files) {
    entry.size = text.size();
    support::MemorySource source{std::string_view(text)};
    writer.add(entry, source);
  }
  writer.finish();
  return sink.text;
}

std::vector<TarReader::Member> members_of(std::string_view bytes,
                                          Wrapping wrapping = Wrapping::none) {
  support::MemorySource source(bytes);
  TarReader reader(source, wrapping, "layer 1");
  std::vector<TarReader::Member> members;
  for (TarReader::Member member; reader.next(member);) members.push_back(member);
  return members;
}

/// Runs `script` in a fresh directory; it leaves a file t.
std::string made_by(const std::string& script) {
  const test::TempDir dir;
  REQUIRE(test::shell(concat("cd ", dir.path().string(), " && ", script, " 2>&1")).status == 0);
  return support::read_file(dir / "t", 16 << 20);
}

std::string error_of(std::string_view bytes, Wrapping wrapping = Wrapping::none) {
  try {
    members_of(bytes, wrapping);
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "archive-invalid");
    return error.what();
  }
  return "";
}

/// Puts a good checksum into the header at `at`.
void fix_checksum(std::string& bytes, std::size_t at) {
  bytes.replace(at + 148, 8, 8, ' ');
  unsigned sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
  for (std::size_t i = 6; i-- > 0; sum >>= 3)
    bytes[at + 148 + i] = static_cast<char>('0' + sum % 8);
  bytes[at + 154] = '\0';
}

/// Sets the locale of the process while it lives.
class Locale {
public:
  explicit Locale(const char* name) : before_(std::setlocale(LC_ALL, nullptr)) {
    set_ = std::setlocale(LC_ALL, name) != nullptr;
  }
  ~Locale() { std::setlocale(LC_ALL, before_.c_str()); }
  bool set() const { return set_; }

private:
  std::string before_;
  bool set_ = false;
};

class BrokenSource final : public support::ByteSource {
public:
  std::size_t read(std::span<std::byte>) override { throw std::runtime_error("unplugged"); }
};

}  // namespace

TEST_CASE("what the writer wrote is read back, whatever it is", "[tar]") {
  Entry file = file_entry("a/" + std::string(200, 'n'), 5, 04711);
  file.uid = 3'000'000'000U;
  file.gid = 7;
  file.mtime = -7;
  file.xattrs["security.capability"] = std::string("\1\0\0\2\n=\0", 7);
  file.xattrs["user.note"] = "text";
  Entry link = file_entry("b", 0);
  link.type = EntryType::hard_link;
  link.link_target = file.path.str();
  Entry device = file_entry("c", 0, 0600);
  device.type = EntryType::block_device;
  device.device_major = 8;
  device.device_minor = 17;
  Entry fifo = file_entry("d", 0, 0600);
  fifo.type = EntryType::fifo;
  const Entry symlink = symlink_entry("e", "../../x//y/" + std::string(100, 't'));
  const auto members = members_of(tar_of({{dir_entry("a", 01777), ""},
                                          {file, "12345"},
                                          {link, ""},
                                          {device, ""},
                                          {fifo, ""},
                                          {symlink, ""}}));
  REQUIRE(members.size() == 6);
  CHECK(members[0].entry == dir_entry("a", 01777));
  CHECK(members[0].name == "a/");
  CHECK(members[1].entry == file);
  CHECK(members[2].entry == link);
  CHECK(members[3].entry == device);
  CHECK(members[4].entry == fifo);
  CHECK(members[5].entry == symlink);
}

TEST_CASE("the offset of a content is its place in the tar, also after pax headers", "[tar]") {
  Entry tagged = file_entry("tagged", 0);
  tagged.xattrs["user.big"] = std::string(3000, 'v');
  const std::string bytes = tar_of({{file_entry("plain", 0), "first"},
                                    {tagged, std::string(700, 's')},
                                    {file_entry(std::string(300, 'l'), 0), "third"},
                                    {file_entry("last", 0), std::string(512, 'e')}});
  const auto members = members_of(bytes);
  CHECK(bytes.substr(members[0].offset, 5) == "first");
  CHECK(bytes.substr(members[1].offset, 700) == std::string(700, 's'));
  CHECK(bytes.substr(members[2].offset, 5) == "third");
  CHECK(bytes.substr(members[3].offset, 512) == std::string(512, 'e'));
}

TEST_CASE("content comes as a stream, and what is left of it is skipped", "[tar]") {
  const std::string big(300000, 'b');
  const std::string bytes = tar_of({{file_entry("big", 0), big}, {file_entry("next", 0), "n"}});
  support::MemorySource source{std::string_view(bytes)};
  TarReader reader(source, Wrapping::none, "t");
  TarReader::Member member;
  REQUIRE(reader.next(member));
  std::byte some[1000];
  CHECK(reader.content().read(some) == 1000);
  REQUIRE(reader.next(member));
  CHECK(support::read_all(reader.content(), 100, "next") == "n");
  CHECK(reader.content().read(some) == 0);
  CHECK_FALSE(reader.next(member));
}

TEST_CASE("names are bytes in every locale", "[tar]") {
  // A composed and a decomposed u-umlaut, Latin-1, and a name that is no UTF-8 at all.
  const std::vector<std::string> names = {"\xc3\xbc", "u\xcc\x88", "\xfc", "\xff\xfe\x80"};
  Files files;
  for (const std::string& name : names) files.emplace_back(symlink_entry(name, "to-" + name), "");
  const std::string pax = tar_of(files);
  const std::string gnu = made_by(
      "for n in '\\303\\274' 'u\\314\\210' '\\374' '\\377\\376\\200'; do"
      "  n=$(printf $n); ln -s to-$n $n; printf '%s\\n' $n >> list; done;"
      " tar --format=gnu -cf t -T list");
  for (const char* locale : {"C", "C.UTF-8", "POSIX"}) {
    const Locale now(locale);
    REQUIRE(now.set());
    for (const std::string& bytes : {pax, gnu}) {
      const auto members = members_of(bytes);
      REQUIRE(members.size() == names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(members[i].entry.path.str() == names[i]);
        CHECK(members[i].entry.link_target == "to-" + names[i]);
      }
    }
  }
}

TEST_CASE("names are cleaned to stay below the root, link texts are not", "[tar]") {
  const std::string bytes = made_by(
      "mkdir d; echo x > d/f; ln d/f d/g; ln -s ../../etc/passwd d/s;"
      " tar --format=gnu -P --transform='flags=rh;s,^d/,/../../d/./,' --sort=name -cf t d/f d/g "
      "d/s");
  const auto members = members_of(bytes);
  REQUIRE(members.size() == 3);
  CHECK(members[0].name == "/../../d/./f");
  CHECK(members[0].entry.path.str() == "d/f");
  CHECK(members[1].entry.type == EntryType::hard_link);
  CHECK(members[1].entry.link_target == "d/f");
  CHECK(members[1].entry.size == 0);
  CHECK(members[2].entry.link_target == "../../etc/passwd");
}

TEST_CASE("tars of GNU, v7 and pax kind are read", "[tar]") {
  const std::string name = std::string(30, 'a') + "/" + std::string(30, 'b');
  for (const std::string format : {"gnu", "v7", "ustar", "pax", "oldgnu"}) {
    const auto members =
        members_of(made_by(concat("mkdir -p ", name, "; echo hi > ", name,
                                  "/f; tar --format=", format, " -cf t ", name, "/f")));
    REQUIRE(members.size() == 1);
    CHECK(members[0].entry.path.str() == name + "/f");
    CHECK(members[0].entry.size == 3);
  }
  const std::string component(200, 'c');
  const auto members = members_of(made_by(
      concat("mkdir -p ", component, "/", component, "; ln -s ", component, " ", component, "/",
             component, "/s; tar --format=gnu -cf t ", component, "/", component, "/s")));
  REQUIRE(members.size() == 1);
  CHECK(members[0].entry.path.str() == concat(component, "/", component, "/s"));
  CHECK(members[0].entry.link_target == component);
}

TEST_CASE("attributes in libarchive's own notation are read too", "[tar]") {
  const auto members = members_of(
      made_by("python3 -c \"import tarfile; t = tarfile.open('t', 'w'); i = tarfile.TarInfo('f');"
              " i.pax_headers = {'LIBARCHIVE.xattr.user.a': 'aGk', 'SCHILY.xattr.user.b': 'b'};"
              " t.addfile(i); t.close()\""));
  REQUIRE(members.size() == 1);
  CHECK(members[0].entry.xattrs ==
        std::map<std::string, std::string>{{"user.a", "hi"}, {"user.b", "b"}});
}

TEST_CASE("a compressed tar is read only where it may be one", "[tar]") {
  for (const std::string program : {"gzip", "bzip2", "xz", "zstd"}) {
    if (!test::has_program(program)) {
      WARN(program << " is not installed: not tested");
      continue;
    }
    const std::string bytes = made_by(concat("echo hi > f; tar -cf u f; ", program, " < u > t"));
    CHECK(members_of(bytes, Wrapping::any).size() == 1);
    CHECK(error_of(bytes) == "layer 1 is not a valid tar: Unrecognized archive format at byte 0");
  }
}

TEST_CASE("a truncated or damaged tar is an error that names archive and offset", "[tar]") {
  const std::string bytes =
      tar_of({{file_entry("f", 0), std::string(1000, 'f')}, {file_entry("g", 0), "g"}});
  CHECK(error_of(bytes.substr(0, 900)) ==
        "layer 1 is not a valid tar: Truncated input file (needed 1024 bytes, only 388 available) "
        "at byte 900");
  CHECK(error_of(bytes.substr(0, 1536 + 100)) ==
        "layer 1 is not a valid tar: Truncated tar archive at byte 1536");
  std::string damaged = bytes;
  damaged[1536] = 'h';
  CHECK(error_of(damaged) == "layer 1 is not a valid tar: Damaged tar archive at byte 2048");
  CHECK(error_of(std::string(512, 'x')) ==
        "layer 1 is not a valid tar: Unrecognized archive format at byte 0");
  std::string wrapped = made_by("echo hi > f; tar -czf t f");
  wrapped.resize(wrapped.size() / 2);
  CHECK(error_of(wrapped, Wrapping::any).find("truncated gzip input") != std::string::npos);
}

TEST_CASE("a malformed pax record is an error, not another file", "[tar]") {
  std::string bytes = tar_of({{file_entry(std::string(120, 'n'), 0), "f"}});
  bytes[512] = 'x';
  CHECK(error_of(bytes).find("layer 1 is not a valid tar: ") == 0);
}

TEST_CASE("a sparse file is refused where offsets matter and read where they do not", "[tar]") {
  for (const std::string format : {"gnu", "pax --sparse-version=1.0", "pax --sparse-version=0.1"}) {
    const std::string bytes =
        made_by(concat("truncate -s 1M f; echo hi >> f; echo n > n; tar --sparse --format=", format,
                       " -cf t f n"));
    CHECK(error_of(bytes).find("\"f\" is stored as a sparse file") != std::string::npos);
    CHECK(members_of(bytes, Wrapping::any).size() == 2);
    support::MemorySource source{std::string_view(bytes)};
    TarReader reader(source, Wrapping::any, "t");
    TarReader::Member member;
    REQUIRE(reader.next(member));
    CHECK(member.entry.size == (1 << 20) + 3);
    CHECK(support::read_all(reader.content(), 2 << 20, "f") == std::string(1 << 20, '\0') + "hi\n");
  }
}

TEST_CASE("limits hold for names and owners", "[tar]") {
  CHECK(error_of(tar_of({{file_entry(std::string(4097, 'n'), 0), ""}}))
            .find("a name is longer than 4096 bytes") != std::string::npos);
  CHECK(members_of(tar_of({{file_entry(std::string(4096, 'n'), 0), ""}})).size() == 1);
  Entry entry = file_entry("f", 0);
  entry.uid = 4294967295U;
  std::string bytes = tar_of({{entry, ""}});
  bytes.replace(bytes.find("4294967295"), 10, "4294967296");
  CHECK(error_of(bytes).find("\"f\" has the uid 4294967296") != std::string::npos);
  entry.uid = 0;
  entry.xattrs["user.big"] = std::string((1 << 20) + 1, 'v');
  CHECK_FALSE(error_of(tar_of({{entry, ""}})).empty());
}

TEST_CASE("old tars mark a directory by its slash alone", "[tar]") {
  std::string bytes = tar_of({{dir_entry("d"), ""}});
  bytes[156] = '\0';
  fix_checksum(bytes, 0);
  REQUIRE(members_of(bytes).size() == 1);
  CHECK(members_of(bytes)[0].entry.is_directory());
}

TEST_CASE("an archive of nothing has no members", "[tar]") {
  CHECK(members_of(std::string(1024, '\0')).empty());
  CHECK(members_of("").empty());
}

TEST_CASE("what the source throws reaches the caller", "[tar]") {
  BrokenSource source;
  CHECK_THROWS_WITH(
      [&] {
        TarReader reader(source, Wrapping::none, "t");
        TarReader::Member member;
        reader.next(member);
      }(),
      "unplugged");
}

TEST_CASE("a machine without libarchive gets one clear error", "[tar]") {
  try {
    tar::ArchiveApi::load("libarchive-of-nobody.so.13");
    FAIL("loaded");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "libarchive-missing");
  }
  // A library that is there but is another one.
  CHECK_THROWS_WITH(tar::ArchiveApi::load("libc.so.6"), Catch::Contains("too old"));
}
