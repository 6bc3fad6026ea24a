// SPDX-License-Identifier: Apache-2.0
#include "store/blob_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using store::BlobStore;
using test::TempDir;

namespace {

const std::string hello_digest =
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

std::uint64_t inode(const std::filesystem::path& file) {
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_ino;
}

}  // namespace

TEST_CASE("a blob stands under its digest and leaves no temporary file", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path() / "new" / "store");
  const Descriptor blob = blobs.put("text/plain", "hello");
  CHECK(blob.digest.str() == hello_digest);
  CHECK(blob.size == 5);
  CHECK(blob.media_type == "text/plain");
  CHECK(blobs.read(blob, 5) == "hello");
  CHECK(test::files_below(blobs.root()) ==
        std::vector<std::string>{"blobs/sha256/" + hello_digest.substr(7)});
}

TEST_CASE("a blob that was not committed leaves nothing", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  {
    store::BlobWriter writer = blobs.create();
    writer.write(support::as_bytes("hel"));
    writer.write(support::as_bytes("lo"));
    const store::StagedBlob staged = writer.finish();
    CHECK(staged.digest.str() == hello_digest);
    CHECK(staged.size == 5);
  }
  CHECK(test::files_below(root.path()).empty());
}

TEST_CASE("a blob that is there is not written again", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  const Descriptor blob = blobs.put("text/plain", "hello");
  const auto before = inode(blobs.path(blob.digest));
  blobs.put("text/plain", "hello");
  store::BlobWriter writer = blobs.create();
  writer.write(support::as_bytes("hello"));
  blobs.commit(writer.finish());
  CHECK(inode(blobs.path(blob.digest)) == before);
}

TEST_CASE("a stored blob of another size is replaced", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  const Descriptor blob = blobs.put("text/plain", "hello");
  std::filesystem::resize_file(blobs.path(blob.digest), 3);
  blobs.put("text/plain", "hello");
  CHECK(blobs.read(blob, 5) == "hello");
}

TEST_CASE("a missing, cut or changed blob is named in the error", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  const Descriptor blob = blobs.put("text/plain", "hello");
  SECTION("missing") {
    std::filesystem::remove(blobs.path(blob.digest));
    CHECK_FALSE(blobs.has(blob));
    const Error error = test::error_of([&] { blobs.open(blob); });
    CHECK(error.diagnostic().id == "blob-missing");
    CHECK_THAT(error.what(), Catch::Contains(hello_digest));
  }
  SECTION("cut") {
    std::filesystem::resize_file(blobs.path(blob.digest), 3);
    const Error error = test::error_of([&] { blobs.open(blob); });
    CHECK(error.diagnostic().id == "blob-corrupt");
    CHECK_THAT(error.what(), Catch::Contains(hello_digest + " in") &&
                                 Catch::Contains("has 3 bytes instead of 5"));
  }
  SECTION("changed") {
    test::damage(blobs.path(blob.digest));
    const Error error = test::error_of([&] { blobs.read(blob, 5); });
    CHECK(error.diagnostic().id == "blob-corrupt");
    CHECK_THAT(error.what(), Catch::Contains(hello_digest));
  }
}

TEST_CASE("a document above its limit is not read into memory", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  const Descriptor blob = blobs.put("text/plain", "hello");
  CHECK(test::error_of([&] { blobs.read(blob, 4); }).diagnostic().id == "too-large");
}

TEST_CASE("SHA-512 blobs have a directory of their own", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.path());
  store::BlobWriter writer = blobs.create("sha512");
  writer.write(support::as_bytes("hello"));
  store::StagedBlob staged = writer.finish();
  const Digest digest = staged.digest;
  blobs.commit(std::move(staged));
  CHECK(digest.algorithm() == "sha512");
  CHECK(std::filesystem::exists(root.path() / "blobs" / "sha512" / digest.hex()));
}

TEST_CASE("a read-only store says so", "[store]") {
  const TempDir root;
  const BlobStore blobs(root.mkdir("store", 0555));
  std::filesystem::permissions(root.path(), std::filesystem::perms(0755));
  // Root may write anywhere; as somebody else the mode counts.
  const bool was_root = ::geteuid() == 0;
  if (was_root) REQUIRE(::seteuid(65534) == 0);
  const auto attempt = [&] {
    try {
      blobs.put("text/plain", "hello");
    } catch (const Error& error) {
      return error.diagnostic();
    }
    return Diagnostic{.id = {}, .message = {}};
  };
  const Diagnostic found = attempt();
  if (was_root) REQUIRE(::seteuid(0) == 0);
  CHECK(found.id == "store-read-only");
  CHECK_THAT(found.message, Catch::Contains("cannot write to the image store"));
}
