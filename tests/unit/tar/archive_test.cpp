// SPDX-License-Identifier: Apache-2.0
#include "tar/archive.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "oci/memory_content.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_reader.hpp"
#include "tar/tar_writer.hpp"

using namespace ocibuild;
using support::concat;
using tar::Archive;
using tar::ArchiveMember;

namespace {

/// Runs `script` in a fresh directory; it leaves a file t.
std::string made_by(const std::string& script) {
  const test::TempDir dir;
  REQUIRE(test::shell(concat("cd ", dir.path().string(), " && ", script, " 2>&1")).status == 0);
  return support::read_file(dir / "t", 16 << 20);
}

std::string tar_of(const std::vector<std::pair<oci::Entry, std::string>>& files) {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  for (auto [entry, text] : files) {
    if (entry.type == oci::EntryType::regular) entry.size = text.size();
    support::MemorySource source{std::string_view(text)};
    writer.add(entry, source);
  }
  writer.finish();
  return sink.text;
}

/// Content that counts how often it is opened.
class Counted final : public oci::FileContent {
public:
  explicit Counted(std::string text) : text_(std::move(text)) {}
  std::unique_ptr<support::ByteSource> open() const override {
    ++opened;
    return std::make_unique<support::MemorySource>(std::string_view(text_));
  }
  Digest digest() const override { return oci::sha256(std::string_view(text_)); }
  mutable int opened = 0;

private:
  std::string text_;
};

Archive::Origin origin_of(std::shared_ptr<const oci::FileContent> file, const test::TempDir& dir) {
  return {std::move(file), dir.path(), "the archive \"a\"", {}};
}
std::shared_ptr<const Archive> read(std::string bytes, const test::TempDir& dir) {
  return Archive::read(origin_of(std::make_shared<oci::MemoryContent>(std::move(bytes)), dir));
}

std::string text_of(const Archive& archive, const ArchiveMember& member) {
  const auto source = archive.content(member)->open();
  return support::read_all(*source, 16 << 20, "a member");
}

/// Names and contents, a line a member.
std::string listing(const Archive& archive) {
  std::string out;
  for (const ArchiveMember& member : archive.members()) {
    const bool has_content = member.entry.type == oci::EntryType::regular;
    out += concat(member.entry.path.str(), has_content ? " " + text_of(archive, member) : "", '\n');
  }
  return out;
}

bool recognised(std::string_view bytes) {
  support::MemorySource source(bytes);
  return tar::TarReader::recognises(source, tar::Wrapping::any);
}

std::string error_of(std::string bytes) {
  const test::TempDir dir;
  try {
    read(std::move(bytes), dir);
  } catch (const Error& error) {
    return concat(error.diagnostic().id, ": ", error.what());
  }
  return "";
}

}  // namespace

TEST_CASE("dockerfile.md 9.2: an archive is known by its content, whatever is around it", "[tar]") {
  const test::TempDir dir;
  for (const char* pack : {"cat", "gzip", "bzip2", "xz", "zstd"}) {
    CAPTURE(pack);
    const std::string bytes = made_by(
        concat("printf one > a && mkdir d && printf two > d/b && tar c a d | ", pack, " > t"));
    CHECK(recognised(bytes));
    CHECK(listing(*read(bytes, dir)) == "a one\nd\nd/b two\n");
  }
}

TEST_CASE("dockerfile.md 9.2: what is empty, no tar or only zeros is no archive", "[tar]") {
  CHECK_FALSE(recognised(""));
  CHECK_FALSE(recognised("#!/bin/sh\necho\n"));
  CHECK_FALSE(recognised(std::string(10240, '\0')));
  CHECK_FALSE(recognised(made_by("echo text | gzip > t")));
  CHECK_FALSE(recognised(made_by("echo text > a && tar cz a | head -c 20 > t")));
  CHECK_FALSE(recognised("\x1f\x8b garbage"));
}

TEST_CASE("dockerfile.md 9.4: members keep the order of the archive, equal names too", "[tar]") {
  const test::TempDir dir;
  const std::string bytes = tar_of({{test::file_entry("b", 0), "1"},
                                    {test::file_entry("a", 0), "22"},
                                    {test::file_entry("b", 0), "333"}});
  CHECK(listing(*read(bytes, dir)) == "b 1\na 22\nb 333\n");
}

TEST_CASE("dockerfile.md 9.4: sparse members have their holes", "[tar]") {
  const test::TempDir dir;
  const std::string script =
      "truncate -s 300000 a && printf x | dd of=a bs=1 seek=200000 conv=notrunc status=none && "
      "printf y > b && tar c --sparse ";
  std::string expected(300000, '\0');
  expected[200000] = 'x';
  for (const char* format : {"--format=gnu", "--format=posix"}) {
    const auto archive = read(made_by(concat(script, format, " a b > t")), dir);
    REQUIRE(archive->members().size() == 2);
    CHECK(text_of(*archive, archive->members()[0]) == expected);
    CHECK(archive->members()[0].digest == oci::sha256(std::string_view(expected)));
    CHECK(text_of(*archive, archive->members()[1]) == "y");
  }
}

TEST_CASE("dockerfile.md 9.6: names that climb out, and whiteouts, are refused by name", "[tar]") {
  CHECK(error_of(made_by("echo x > a && tar cP --transform=s,a,d/../../up, a > t")) ==
        "archive-outside: the archive \"a\" cannot be unpacked: its entry \"d/../../up\" lies "
        "outside the destination");
  CHECK(error_of(made_by("echo x > a && ln a b && tar cP --transform=flags=h\\;s,a,../a, a b > t"))
            .starts_with("archive-outside: "));
  CHECK(
      error_of(tar_of({{test::file_entry("d/.wh.x", 0), ""}})) ==
      "archive-whiteout: the archive \"a\" cannot be unpacked: its entry \"d/.wh.x\" would delete "
      "a file of the image, as names in \".wh.\" do in layers");
  const test::TempDir dir;
  CHECK(listing(*read(made_by("echo -n x > a && tar cP --transform=s,a,/d/../up, a > t"), dir)) ==
        "up x\n");
}

TEST_CASE("dockerfile.md 17: a damaged archive is named with the place of the damage", "[tar]") {
  std::string bytes = tar_of({{test::file_entry("a", 0), "1"}, {test::file_entry("b", 0), "2"}});
  CHECK(error_of(bytes.substr(0, 1100)).starts_with("archive-invalid: the archive \"a\" is not"));
  bytes.replace(1024 + 148, 8, "damaged!");
  CHECK(error_of(bytes).starts_with("archive-invalid: the archive \"a\" is not a valid tar"));
}

TEST_CASE("image.md 7.5: remembered members are read again only for their contents", "[tar]") {
  const test::TempDir dir;
  oci::Entry device = test::file_entry("dev", 0, 0600);
  device.type = oci::EntryType::character_device;
  device.device_major = 5;
  oci::Entry file = test::file_entry("d/f", 0, 04755);
  file.uid = 7;
  file.mtime = -5;
  file.xattrs = {{"security.capability", std::string("\1\0\2", 3)}};
  const auto bytes = std::make_shared<Counted>(tar_of({{test::dir_entry("d", 01777), ""},
                                                       {file, "content"},
                                                       {test::symlink_entry("l", "d"), ""},
                                                       {device, ""}}));
  const auto first = Archive::read(origin_of(bytes, dir));
  const std::string record = first->encode();
  bytes->opened = 0;
  const auto again = Archive::decode(record, origin_of(bytes, dir));
  REQUIRE(again);
  REQUIRE(again->members().size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(again->members()[i].entry == first->members()[i].entry);
    CHECK(again->members()[i].digest == first->members()[i].digest);
  }
  CHECK(bytes->opened == 0);
  CHECK(text_of(*again, again->members()[1]) == "content");
  CHECK(text_of(*again, again->members()[1]) == "content");
  CHECK(bytes->opened == 1);
}

TEST_CASE("image.md 7.4: a damaged record of an archive is no record", "[tar]") {
  const test::TempDir dir;
  const std::string record = read(tar_of({{test::file_entry("a", 0), "1"}}), dir)->encode();
  const auto decode = [&](std::string_view bytes) {
    return Archive::decode(bytes, origin_of(std::make_shared<oci::MemoryContent>(""), dir));
  };
  CHECK(decode(record));
  CHECK_FALSE(decode(""));
  for (std::size_t i = 0; i < record.size(); ++i) {
    CHECK_FALSE(decode(record.substr(0, i)));
    std::string damaged = record;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    CHECK_FALSE(decode(damaged));
  }
}
