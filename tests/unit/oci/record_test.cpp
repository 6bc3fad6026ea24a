// SPDX-License-Identifier: Apache-2.0
#include "oci/record.hpp"

#include <limits>

#include "oci/hasher.hpp"
#include "support/catch.hpp"

using namespace ocibuild;

namespace {

std::string example() {
  oci::RecordWriter writer("MAGIC1");
  writer.number(0);
  writer.number(300);
  writer.number(std::numeric_limits<std::uint64_t>::max());
  writer.text("path");
  writer.digest(oci::sha256("x"));
  return writer.finish();
}

}  // namespace

TEST_CASE("a record gives back what was written, in order", "[oci]") {
  const std::string bytes = example();
  auto reader = oci::RecordReader::open(bytes, "MAGIC1");
  REQUIRE(reader);
  CHECK(reader->number() == 0);
  CHECK(reader->number() == 300);
  CHECK(reader->number() == std::numeric_limits<std::uint64_t>::max());
  CHECK(reader->text() == "path");
  CHECK(reader->digest() == oci::sha256("x"));
  CHECK(reader->at_end());
  CHECK(reader->ok());
}

TEST_CASE("a record of another version, cut or with a flipped bit is none", "[oci]") {
  const std::string bytes = example();
  CHECK_FALSE(oci::RecordReader::open(bytes, "MAGIC2"));
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(oci::RecordReader::open(bytes.substr(0, i), "MAGIC1"));
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(oci::RecordReader::open(damaged, "MAGIC1"));
  }
}

TEST_CASE("reading more than a record has gives nothing and says so", "[oci]") {
  oci::RecordWriter writer("M");
  writer.number(1000);
  const std::string bytes = writer.finish();
  auto reader = oci::RecordReader::open(bytes, "M");
  REQUIRE(reader);
  CHECK(reader->text().empty());
  CHECK_FALSE(reader->ok());
  CHECK(reader->digest().empty());
  CHECK(reader->number() == 0);
}
