// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/image_store.hpp>

#include "oci/image_json.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using store::OciLayout;
using test::TempDir;

namespace {

/// A store with app:1, app:2 (= web:1) and an image without a name.
struct Fixture {
  TempDir root{};
  OciLayout layout{root.path()};
  Descriptor one = test::put_image(layout.blobs(), "one");
  Descriptor two = test::put_image(layout.blobs(), "two");
  Descriptor nameless = test::put_image(layout.blobs(), "three");
  ImageStore store{root.path()};

  Fixture() {
    layout.set_name(two, "docker.io/library/app:2");
    layout.set_name(nameless, "");
    layout.set_name(one, "docker.io/library/app:1");
    layout.set_name(two, "ghcr.io/me/web:1");
  }
};

}  // namespace

TEST_CASE("images are listed by name, those without a name last", "[store]") {
  const Fixture fixture;
  std::vector<std::string> names;
  for (const StoredImage& image : fixture.store.images()) {
    names.push_back(image.name ? image.name->familiar() : "");
    CHECK(image.manifest.annotations.empty());
  }
  CHECK(names == std::vector<std::string>{"app:1", "app:2", "ghcr.io/me/web:1", ""});
  CHECK(ImageStore(fixture.root.path() / "none").images().empty());
}

TEST_CASE("an image is found by any spelling of its name", "[store]") {
  const Fixture fixture;
  for (const char* name : {"app:1", "library/app:1", "docker.io/library/app:1"}) {
    const StoredImage image = fixture.store.find(name);
    CHECK(image.manifest.digest == fixture.one.digest);
    CHECK(image.name->familiar() == "app:1");
  }
  const auto by_digest = fixture.store.find("app@" + fixture.two.digest.str());
  CHECK(by_digest.manifest.digest == fixture.two.digest);
}

TEST_CASE("an image is found by the digest of manifest or config, or the start of one", "[store]") {
  const Fixture fixture;
  const Digest config = test::config_of(fixture.layout.blobs(), fixture.nameless);
  for (const Digest& digest : {fixture.nameless.digest, config}) {
    const std::string hex(digest.hex());
    for (const std::string& text :
         {digest.str(), hex, hex.substr(0, 12), hex.substr(0, 8), "sha256:" + hex.substr(0, 12)}) {
      CHECK(fixture.store.find(text).manifest.digest == fixture.nameless.digest);
    }
  }
  CHECK_THROWS_AS(fixture.store.find(std::string(config.hex().substr(0, 3))), Error);
}

TEST_CASE("a name wins over the start of a digest", "[store]") {
  Fixture fixture;
  const std::string prefix(fixture.one.digest.hex().substr(0, 6));
  fixture.store.tag(fixture.store.find("app:2"), Reference::parse(prefix));
  CHECK(fixture.store.find(prefix).manifest.digest == fixture.two.digest);
}

TEST_CASE("digits that several images start with are ambiguous", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  std::map<std::string, Descriptor> by_prefix;
  std::string shared;
  for (int i = 0; shared.empty(); ++i) {  // four digits: a pair comes after some hundreds
    Descriptor image{.media_type = std::string(media_types::oci_manifest),
                     .digest = oci::sha256(std::to_string(i)),
                     .size = 1};
    const std::string prefix(image.digest.hex().substr(0, 4));
    if (const auto [other, fresh] = by_prefix.emplace(prefix, image); !fresh) {
      layout.set_name(other->second, "");
      layout.set_name(image, "docker.io/library/app:1");
      shared = prefix;
    }
  }
  const Error error = test::error_of([&] { ImageStore(root.path()).find(shared); });
  CHECK(error.code() == Errc::usage);
  CHECK(error.diagnostic().id == "image-ambiguous");
  CHECK(error.diagnostic().notes.size() == 2);
}

TEST_CASE("manifests that share a config are one image ID, and the named one answers", "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  Manifest manifest = oci::parse_manifest(blobs.read(fixture.one, oci::manifest_limit));
  manifest.annotations.emplace("made", "again");
  OciLayout(fixture.root.path())
      .set_name(blobs.put(manifest.media_type, oci::to_json(manifest)), "");
  const auto found = fixture.store.find(test::config_of(blobs, fixture.one).str());
  CHECK(found.manifest.digest == fixture.one.digest);
}

TEST_CASE("an unknown image is told with the nearest name", "[store]") {
  const Fixture fixture;
  const auto help_for = [&](std::string_view text) {
    const Error error = test::error_of([&] { fixture.store.find(text); });
    CHECK(error.code() == Errc::not_found);
    CHECK(error.diagnostic().id == "image-unknown");
    CHECK(error.diagnostic().notes == std::vector<std::string>{"the store has 4 images"});
    return error.diagnostic().helps.empty() ? "" : error.diagnostic().helps.front();
  };
  CHECK(help_for("apq:1") == "did you mean \"app:1\"?");
  CHECK(help_for("ghcr.io/me/wbe:1") == "did you mean \"ghcr.io/me/web:1\"?");
  CHECK(help_for("app") == "did you mean \"app:1\"?");         // other tags of that repository
  CHECK(help_for("app-base:1") == "did you mean \"app:1\"?");  // a word more
  CHECK(help_for("ghcr.io/me:1") == "did you mean \"ghcr.io/me/web:1\"?");  // a word less
  CHECK(help_for("apple-pie:1").empty());
  CHECK(help_for("something/else:3").empty());
  CHECK(help_for("sha256:0123456789ab").empty());
  CHECK(test::error_of([&] { fixture.store.find("App"); }).diagnostic().id == "name-invalid");
}

TEST_CASE("details give the documents as the bytes that were hashed", "[store]") {
  const Fixture fixture;
  const ImageDetails details = fixture.store.details(fixture.store.find("app:1"));
  CHECK(oci::sha256(details.manifest_json) == fixture.one.digest);
  CHECK(oci::sha256(details.config_json) == details.manifest.config.digest);
  CHECK(details.config.config.cmd == std::vector<std::string>{"/hello"});
  CHECK(details.image.name->familiar() == "app:1");
}

TEST_CASE("details of an index are those of the host's platform, else of the first there",
          "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const auto resolved = [&](const Descriptor& index) {
    return oci::sha256(fixture.store.details({std::nullopt, index}).manifest_json);
  };
  const std::string host = Platform::host().architecture;
  CHECK(resolved(test::put_index(blobs, {fixture.one, fixture.two}, {"s390x", host})) ==
        fixture.two.digest);
  CHECK(resolved(test::put_index(blobs, {fixture.one, fixture.two}, {"s390x", "riscv64"})) ==
        fixture.one.digest);
  Descriptor absent = fixture.one;
  absent.digest = oci::sha256("not here");
  CHECK(resolved(test::put_index(blobs, {absent, fixture.two}, {host, "riscv64"})) ==
        fixture.two.digest);
  CHECK(resolved(test::put_index(blobs, {fixture.one, fixture.two}, {"unknown", "riscv64"})) ==
        fixture.two.digest);
  const Error error = test::error_of([&] { resolved(test::put_index(blobs, {absent}, {host})); });
  CHECK(error.diagnostic().id == "store-invalid");
}

TEST_CASE("cli.md 6.2: an index gives the documents of the platform asked for, and its own",
          "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const Descriptor index = test::put_index(blobs, {fixture.one, fixture.two}, {"s390x", "riscv64"});
  const StoredImage image{std::nullopt, index};
  const ImageDetails details = fixture.store.details(image, Platform::parse("linux/riscv64"));
  CHECK(details.descriptor.digest == fixture.two.digest);
  CHECK(oci::sha256(details.index_json) == index.digest);
  CHECK(fixture.store.manifests(image).size() == 2);
  const Error error =
      test::error_of([&] { fixture.store.details(image, Platform::parse("linux/mips")); });
  CHECK(error.code() == Errc::not_found);
  CHECK(error.diagnostic().id == "platform-missing");
  CHECK(fixture.store.details({std::nullopt, fixture.one}).index_json.empty());
  CHECK(fixture.store.manifests({std::nullopt, fixture.one}).front().digest == fixture.one.digest);
}

TEST_CASE("damaged documents are named", "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const StoredImage image = fixture.store.find("app:1");
  SECTION("bytes changed") {
    const Digest config = test::config_of(blobs, fixture.one);
    test::damage(blobs.path(config));
    const Error error = test::error_of([&] { fixture.store.details(image); });
    CHECK(error.diagnostic().id == "blob-corrupt");
    CHECK_THAT(error.what(), Catch::Contains(config.str()));
  }
  SECTION("no manifest at all") {
    const Descriptor text = blobs.put(std::string(media_types::oci_manifest), "{}");
    const Error error = test::error_of([&] { fixture.store.details({std::nullopt, text}); });
    CHECK(error.diagnostic().id == "store-invalid");
    CHECK_THAT(error.what(), Catch::Contains(text.digest.str()));
  }
  SECTION("another image is still found by its ID") {
    std::filesystem::remove(blobs.path(fixture.one.digest));
    const Digest config = test::config_of(blobs, fixture.two);
    CHECK(fixture.store.find(config.str()).manifest.digest == fixture.two.digest);
  }
}

TEST_CASE("a name is given, moved and taken away", "[store]") {
  Fixture fixture;
  const Reference name = Reference::parse("new/name");
  fixture.store.tag(fixture.store.find("app:1"), name);
  CHECK(fixture.store.find("new/name").manifest.digest == fixture.one.digest);
  fixture.store.tag(fixture.store.find("app:2"), name);
  CHECK(fixture.store.find("new/name").manifest.digest == fixture.two.digest);
  CHECK(fixture.store.untag(name));
  CHECK_FALSE(fixture.store.untag(name));
  CHECK_THROWS_AS(fixture.store.find("new/name"), Error);
  CHECK(fixture.store.images().size() == 4);
}

TEST_CASE("removing an image removes all its names and keeps its blobs", "[store]") {
  Fixture fixture;
  CHECK(fixture.store.remove(fixture.two.digest) == 2);
  CHECK(fixture.store.remove(fixture.nameless.digest) == 1);
  CHECK(fixture.store.remove(fixture.two.digest) == 0);
  CHECK(fixture.store.images().size() == 1);
  CHECK(fixture.layout.blobs().has(fixture.two));
}

TEST_CASE("an image that another process cleaned away cannot get a name", "[store]") {
  Fixture fixture;
  const StoredImage image = fixture.store.find("app:1");
  std::filesystem::remove(fixture.layout.blobs().path(image.manifest.digest));
  const Error error = test::error_of([&] { fixture.store.tag(image, Reference::parse("ghost")); });
  CHECK(error.diagnostic().id == "blob-missing");
}

TEST_CASE("removing from a store that does not exist does not make it", "[store]") {
  const TempDir root;
  ImageStore store(root.path() / "none");
  CHECK_FALSE(store.untag(Reference::parse("app")));
  CHECK_FALSE(std::filesystem::exists(root.path() / "none"));
}
