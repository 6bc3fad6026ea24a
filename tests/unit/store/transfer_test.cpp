// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/transfer.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "oci/image_json.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/packed.hpp"
#include "support/shell.hpp"
#include "support/temp_dir.hpp"
#include "tar/tar_reader.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using store::OciLayout;
using test::TempDir;

namespace {

constexpr ImageContainer containers[] = {
    ImageContainer::docker_archive, ImageContainer::oci_archive, ImageContainer::oci_directory};

/// A store with app:1 (= ghcr.io/me/web:2) and an image without a name; "in" of a directory.
struct Fixture {
  TempDir dir{};
  OciLayout layout{dir.path() / "in"};
  Descriptor app = test::put_image(layout.blobs(), "app");
  Descriptor nameless = test::put_image(layout.blobs(), std::string(400'000, 'x'));
  std::vector<SavedImage> images{
      {app, {Reference::parse("app:1"), Reference::parse("ghcr.io/me/web:2")}}, {nameless, {}}};

  std::filesystem::path in() const { return dir.path() / "in"; }
  std::filesystem::path out() const { return dir.path() / "out"; }
  std::filesystem::path saved(ImageContainer container) const {
    save(in(), images, container, dir.path() / "saved");
    return dir.path() / "saved";
  }
};

/// Name -> content of the members of a tar, and the names in order.
struct Members {
  std::map<std::string, std::string> content;
  std::vector<std::string> order;
};

Members members_of(const std::filesystem::path& file) {
  Members out;
  support::FileSource source(file);
  tar::TarReader reader(source, tar::Wrapping::none, "archive");
  tar::TarReader::Member member;
  while (reader.next(member)) {
    CHECK(member.entry.uid == 0);
    CHECK(member.entry.gid == 0);
    CHECK(member.entry.mtime == 1);
    CHECK(member.entry.mode == (member.entry.is_directory() ? 0755 : 0644));
    out.order.push_back(member.name);
    out.content[member.name] = support::read_all(reader.content(), 1 << 24, member.name);
  }
  return out;
}

std::string text_of(const std::filesystem::path& file) {
  return support::read_file(file, 1 << 24);
}

void check_is_fixture(const std::filesystem::path& root, const Fixture& fixture) {
  const ImageStore store(root);
  CHECK(store.images().size() == 3);
  for (const char* name : {"app:1", "ghcr.io/me/web:2"})
    CHECK(store.find(name).manifest.digest == fixture.app.digest);
  CHECK_FALSE(store.find(fixture.nameless.digest.str()).name);
  const store::BlobStore blobs(root);
  for (const Descriptor& image : {fixture.app, fixture.nameless}) {
    const ImageDetails details = store.details({std::nullopt, image});
    for (const Descriptor& layer : details.manifest.layers)
      CHECK(oci::sha256(blobs.read(layer, 1 << 24)) == layer.digest);
  }
  CHECK(std::filesystem::is_empty(blobs.temp_directory()));
}

}  // namespace

TEST_CASE("what was saved is loaded again, whatever it was saved in", "[store]") {
  const Fixture fixture;
  for (const ImageContainer container : containers) {
    std::filesystem::remove_all(fixture.out());
    const auto saved = fixture.saved(container);
    const auto loaded = load(fixture.out(), saved);
    REQUIRE(loaded.size() == 3);
    CHECK(loaded[0].name->familiar() == "app:1");
    CHECK(loaded[1].name->familiar() == "ghcr.io/me/web:2");
    CHECK(loaded[1].manifest.digest == fixture.app.digest);
    CHECK_FALSE(loaded[2].name);
    check_is_fixture(fixture.out(), fixture);
    std::filesystem::remove_all(saved);
  }
}

TEST_CASE("compressed archives and pipes are loaded", "[store]") {
  const Fixture fixture;
  const std::string archive = text_of(fixture.saved(ImageContainer::docker_archive));
  for (const auto codec : {compress::Codec::none, compress::Codec::gzip, compress::Codec::zstd}) {
    std::filesystem::remove_all(fixture.out());
    const std::string packed = test::packed(archive, codec);
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const support::Fd read_end(ends[0]);
    std::jthread writer([&, write_end = support::Fd(ends[1])] {
      support::FdSink(write_end.get(), "pipe").write(support::as_bytes(packed));
    });
    load(fixture.out(), read_end.get());
    check_is_fixture(fixture.out(), fixture);
  }
}

TEST_CASE("a pipe is read to its end, so that its writer is not killed", "[store]") {
  const Fixture fixture;
  std::string archive = text_of(fixture.saved(ImageContainer::oci_archive));
  archive.append(1 << 20, '\0');
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const support::Fd read_end(ends[0]);
  std::jthread writer([&, write_end = support::Fd(ends[1])] {
    support::FdSink(write_end.get(), "pipe").write(support::as_bytes(archive));
  });
  load(fixture.out(), read_end.get());
  char byte = 0;
  CHECK(::read(read_end.get(), &byte, 1) == 0);
}

TEST_CASE("the same images give the same archive, in any order of the request", "[store]") {
  Fixture fixture;
  for (const auto container : {ImageContainer::docker_archive, ImageContainer::oci_archive}) {
    const std::string first = text_of(fixture.saved(container));
    Descriptor decorated = fixture.app;
    decorated.annotations.emplace("org.opencontainers.image.ref.name", "app");
    fixture.images = {{fixture.nameless, {}},
                      {decorated, {Reference::parse("ghcr.io/me/web:2")}},
                      {fixture.app, {Reference::parse("app:1"), Reference::parse("app:1")}}};
    CHECK(text_of(fixture.saved(container)) == first);
  }
}

TEST_CASE("a docker archive is a docker-save tar and an OCI layout at once", "[store]") {
  const Fixture fixture;
  const Members members = members_of(fixture.saved(ImageContainer::docker_archive));
  const auto path = [](const Digest& digest) {
    return "blobs/sha256/" + std::string(digest.hex());
  };
  const auto& blobs = fixture.layout.blobs();
  CHECK(members.order == std::vector<std::string>{
                             "oci-layout", "index.json", "manifest.json", "blobs/", "blobs/sha256/",
                             path(fixture.app.digest), path(test::config_of(blobs, fixture.app)),
                             path(test::layer_of(blobs, fixture.app)),
                             path(fixture.nameless.digest),
                             path(test::config_of(blobs, fixture.nameless)),
                             path(test::layer_of(blobs, fixture.nameless))});
  CHECK(members.content.at("manifest.json") ==
        R"([{"Config":")" + path(test::config_of(blobs, fixture.app)) +
            R"(","RepoTags":["app:1","ghcr.io/me/web:2"],"Layers":[")" +
            path(test::layer_of(blobs, fixture.app)) + R"("]},{"Config":")" +
            path(test::config_of(blobs, fixture.nameless)) + R"(","RepoTags":null,"Layers":[")" +
            path(test::layer_of(blobs, fixture.nameless)) + R"("]}])");
  CHECK(members.content.at("oci-layout") == R"({"imageLayoutVersion":"1.0.0"})");
  const Index index = oci::parse_index(members.content.at("index.json"));
  REQUIRE(index.manifests.size() == 3);
  CHECK(index.manifests[0].annotations ==
        Annotations{{"io.containerd.image.name", "docker.io/library/app:1"},
                    {"org.opencontainers.image.ref.name", "docker.io/library/app:1"}});
  CHECK(index.manifests[2].annotations.empty());
}

TEST_CASE("an OCI archive has no docker manifest", "[store]") {
  const Fixture fixture;
  const Members members = members_of(fixture.saved(ImageContainer::oci_archive));
  CHECK_FALSE(members.content.contains("manifest.json"));
  CHECK(members.content.contains("index.json"));
}

TEST_CASE("a layout directory gets images added to those it has", "[store]") {
  const Fixture fixture;
  const auto saved = fixture.saved(ImageContainer::oci_directory);
  const Descriptor newer = test::put_image(fixture.layout.blobs(), "newer");
  save(fixture.in(), {{newer, {Reference::parse("app:1")}}}, ImageContainer::oci_directory, saved);
  const ImageStore store(saved);
  CHECK(store.find("app:1").manifest.digest == newer.digest);
  CHECK(store.find("ghcr.io/me/web:2").manifest.digest == fixture.app.digest);
}

TEST_CASE("an image for several platforms is saved with what is there", "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  Descriptor absent = fixture.app;
  absent.digest = oci::sha256("another platform");
  const Descriptor index = test::put_index(blobs, {absent, fixture.nameless, fixture.app},
                                           {"s390x", "riscv64", Platform::host().architecture});
  for (const ImageContainer container : containers) {
    std::filesystem::remove_all(fixture.out());
    std::filesystem::remove_all(fixture.dir.path() / "saved");
    save(fixture.in(), {{index, {Reference::parse("multi")}}}, container,
         fixture.dir.path() / "saved");
    load(fixture.out(), fixture.dir.path() / "saved");
    const ImageStore store(fixture.out());
    const StoredImage image = store.find("multi");
    CHECK(image.manifest.digest == index.digest);
    CHECK(oci::sha256(store.details(image).manifest_json) == fixture.app.digest);
    CHECK(store::BlobStore(fixture.out()).has(fixture.nameless));
  }
  save(fixture.in(), {{index, {Reference::parse("multi")}}}, ImageContainer::docker_archive,
       fixture.dir / "docker.tar");
  CHECK_THAT(members_of(fixture.dir / "docker.tar").content.at("manifest.json"),
             Catch::Contains(std::string(test::config_of(blobs, fixture.app).hex())));
}

TEST_CASE("cli.md 5.1: docker's part of an archive needs the host's platform, or the only one",
          "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const std::string foreign = Platform::host().architecture == "s390x" ? "riscv64" : "s390x";
  const Descriptor two = test::put_index(blobs, {fixture.nameless, fixture.app}, {foreign, "mips"});
  const auto docker = ImageContainer::docker_archive;
  const Error error = test::error_of([&] {
    save(fixture.in(), {{two, {}}}, docker, fixture.dir / "two.tar");
  });
  CHECK(error.code() == Errc::not_found);
  CHECK(error.diagnostic().id == "platform-missing");
  CHECK(error.diagnostic().notes ==
        std::vector<std::string>{"it has: linux/" + foreign + ", linux/mips"});
  CHECK(error.diagnostic().helps.size() == 1);
  CHECK_NOTHROW(
      save(fixture.in(), {{two, {}}}, ImageContainer::oci_archive, fixture.dir / "two.tar"));
  const Descriptor only = test::put_index(blobs, {fixture.app}, {foreign});
  CHECK_NOTHROW(save(fixture.in(), {{only, {}}}, docker, fixture.dir / "only.tar"));
}

TEST_CASE("cli.md 6.2: of an index one platform's image can be saved alone", "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  const Descriptor index =
      test::put_index(blobs, {fixture.nameless, fixture.app}, {"s390x", "riscv64"});
  for (const ImageContainer container : containers) {
    std::filesystem::remove_all(fixture.out());
    std::filesystem::remove_all(fixture.dir / "saved");
    save(fixture.in(), {{index, {Reference::parse("one")}, Platform::parse("linux/riscv64")}},
         container, fixture.dir / "saved");
    load(fixture.out(), fixture.dir / "saved");
    CHECK(ImageStore(fixture.out()).find("one").manifest.digest == fixture.app.digest);
    CHECK_FALSE(store::BlobStore(fixture.out()).has(fixture.nameless));
  }
}

TEST_CASE("cli.md 4.6: annotations of an entry go with it into archives and layouts", "[store]") {
  const Fixture fixture;
  Descriptor annotated = fixture.app;
  annotated.annotations = {{"entry", "1"}};
  for (const ImageContainer container : containers) {
    std::filesystem::remove_all(fixture.out());
    std::filesystem::remove_all(fixture.dir / "saved");
    save(fixture.in(), {{annotated, {Reference::parse("a")}}}, container, fixture.dir / "saved");
    load(fixture.out(), fixture.dir / "saved");
    CHECK(ImageStore(fixture.out()).find("a").manifest.annotations == annotated.annotations);
  }
}

TEST_CASE("a foreign layer stays where its URLs say, except in what docker must load", "[store]") {
  const Fixture fixture;
  const auto& blobs = fixture.layout.blobs();
  Manifest manifest = oci::parse_manifest(blobs.read(fixture.app, oci::manifest_limit));
  manifest.layers[0].media_type = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
  manifest.layers[0].digest = oci::sha256("elsewhere");
  manifest.layers[0].urls = {"https://example.com/layer"};
  const Descriptor image = blobs.put(manifest.media_type, oci::to_json(manifest));
  for (const auto container : {ImageContainer::oci_archive, ImageContainer::oci_directory}) {
    std::filesystem::remove_all(fixture.dir.path() / "saved");
    save(fixture.in(), {{image, {}}}, container, fixture.dir.path() / "saved");
    CHECK(load(fixture.out(), fixture.dir.path() / "saved").at(0).manifest.digest == image.digest);
  }
  CHECK(test::error_of([&] {
          save(fixture.in(), {{image, {}}}, ImageContainer::docker_archive, fixture.dir / "x");
        })
            .diagnostic()
            .id == "blob-missing");
}

TEST_CASE("a file appears complete or not at all", "[store]") {
  const Fixture fixture;
  const auto file = fixture.dir.write("dest/file.tar", "before");
  const auto layer =
      fixture.layout.blobs().path(test::layer_of(fixture.layout.blobs(), fixture.app));
  for (const char* fault : {"damaged", "missing"}) {
    std::string(fault) == "missing" ? void(std::filesystem::remove(layer)) : test::damage(layer);
    for (const auto container : {ImageContainer::docker_archive, ImageContainer::oci_archive}) {
      const Error error =
          test::error_of([&] { save(fixture.in(), fixture.images, container, file); });
      CHECK(error.diagnostic().id ==
            (std::string(fault) == "missing" ? "blob-missing" : "blob-corrupt"));
      CHECK_THAT(error.what(), Catch::Contains(layer.filename().native()));
      CHECK(test::files_below(file.parent_path()) == std::vector<std::string>{"file.tar"});
      CHECK(text_of(file) == "before");
    }
    CHECK_THROWS_AS(save(fixture.in(), fixture.images, ImageContainer::oci_directory,
                         fixture.dir.path() / "directory"),
                    Error);
    CHECK(ImageStore(fixture.dir.path() / "directory").images().empty());
  }
}

TEST_CASE("pipes and devices are written to, never replaced; links stay links", "[store]") {
  const Fixture fixture;
  const auto target = fixture.dir.write("real.tar", "before");
  fixture.dir.symlink("link.tar", "real.tar");
  save(fixture.in(), fixture.images, ImageContainer::oci_archive, fixture.dir / "link.tar");
  CHECK(std::filesystem::is_symlink(fixture.dir / "link.tar"));
  const std::string archive = text_of(fixture.saved(ImageContainer::oci_archive));
  CHECK(text_of(target) == archive);

  const auto fifo = fixture.dir / "fifo";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  std::string through_fifo;
  {
    std::jthread reader([&] { through_fifo = text_of(fifo); });
    save(fixture.in(), fixture.images, ImageContainer::oci_archive, fifo);
  }
  CHECK(through_fifo == archive);
  CHECK(std::filesystem::is_fifo(fifo));

  const support::Fd out(::open((fixture.dir / "by-fd").c_str(), O_WRONLY | O_CREAT, 0644));
  save(fixture.in(), fixture.images, ImageContainer::oci_archive, out.get());
  CHECK(text_of(fixture.dir / "by-fd") == archive);
}

TEST_CASE("a destination that cannot be is told before anything is written", "[store]") {
  const Fixture fixture;
  const auto id = [&](ImageContainer container, const Endpoint& destination) {
    return test::error_of([&] { save(fixture.in(), fixture.images, container, destination); })
        .diagnostic()
        .id;
  };
  CHECK(id(ImageContainer::oci_archive, fixture.dir.mkdir("d")) == "output-is-directory");
  CHECK(id(ImageContainer::oci_directory, 1) == "output-needs-path");
  fixture.dir.write("other/main.c", "");
  CHECK(id(ImageContainer::oci_directory, fixture.dir / "other") == "store-invalid");
  CHECK(test::files_below(fixture.dir / "other") == std::vector<std::string>{"main.c"});
}

TEST_CASE("saving and loading stop when asked to and leave nothing behind", "[store]") {
  const Fixture fixture;
  const auto saved = fixture.saved(ImageContainer::oci_archive);
  std::stop_source stop;
  stop.request_stop();
  CHECK(test::error_of([&] {
          save(fixture.in(), fixture.images, ImageContainer::oci_archive, fixture.dir / "x",
               stop.get_token());
        }).code() == Errc::interrupted);
  CHECK_FALSE(std::filesystem::exists(fixture.dir / "x"));
  CHECK(test::error_of([&] { load(fixture.out(), saved, stop.get_token()); }).code() ==
        Errc::interrupted);
  CHECK(ImageStore(fixture.out()).images().empty());
}

TEST_CASE("tar and skopeo read what is saved", "[store]") {
  const Fixture fixture;
  const std::string in = "'" + fixture.in().native() + "'";
  const std::string file = "'" + fixture.saved(ImageContainer::docker_archive).native() + "'";
  CHECK(test::shell("tar tf " + file + " | grep -c blobs/sha256/.").output == "6\n");
  if (!test::has_program("skopeo")) {
    WARN("skipped: skopeo is not installed");
    return;
  }
  const std::string digest = fixture.app.digest.str() + "\n";
  const std::string format = "skopeo inspect --no-tags --format '{{.Digest}}' ";
  CHECK(test::shell(format + "oci-archive:" + file + ":docker.io/library/app:1").output == digest);
  CHECK(test::shell(format + "docker-archive:" + file + ":app:1 >/dev/null").status == 0);
  OciLayout layout(fixture.in());
  layout.set_name(fixture.app, "docker.io/library/app:1");
  CHECK(test::shell(format + "oci:" + in + ":docker.io/library/app:1").output == digest);
}
