// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/build.hpp>
#include <ocibuild/image_store.hpp>

#include <sys/stat.h>

#include "unit/build/project.hpp"

using namespace ocibuild;
using test::check_valid;
using test::layer_text;
using test::Project;
namespace fs = std::filesystem;

TEST_CASE("a file of the context becomes a layer of an image that is named in the store",
          "[build]") {
  Project project("FROM scratch\nCOPY a /x/\nCMD [\"/x/a\"]\nLABEL l=1\n");
  project.dir.write("context/a", "hello");
  project.request.names = {Reference::parse("app:1")};
  project.request.labels = {{"l", "2"}};
  const BuildResult result = project.build();
  check_valid(project, result);
  REQUIRE(result.platforms[0].layers.size() == 1);
  CHECK(layer_text(project, result.platforms[0].layers[0].descriptor) == "x \nx/a hello\n");
  CHECK(result.platforms[0].config.config.cmd == std::vector<std::string>{"/x/a"});
  CHECK(result.platforms[0].config.config.labels.at("l") == "2");
  CHECK(ImageStore(project.request.store).find("app:1").manifest.digest == result.manifest.digest);
}

TEST_CASE("image.md 1.1: a cached build is the cold build, and says that nothing changed",
          "[build]") {
  Project project("FROM scratch\nCOPY . /\nWORKDIR /w\n");
  project.dir.write("context/a", "hello");
  const BuildResult cold = project.build();
  const BuildResult warm = project.build();
  CHECK(cold.changed);
  CHECK_FALSE(warm.changed);
  CHECK(warm.manifest.digest == cold.manifest.digest);
  fs::remove_all(project.request.store / "cache");
  const BuildResult again = project.build();
  CHECK(again.changed);
  CHECK(again.manifest.digest == cold.manifest.digest);
}

TEST_CASE("image.md 7.4: a record whose blob is gone or cut off is a miss", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "hello");
  const BuildResult cold = project.build();
  const fs::path blob = store::BlobStore(project.request.store)
                            .path(cold.platforms[0].layers.at(0).descriptor.digest);
  fs::remove(blob);
  CHECK(project.build().changed);
  CHECK(fs::exists(blob));
  fs::resize_file(blob, 5);
  const BuildResult again = project.build();
  CHECK(again.changed);
  check_valid(project, again);
}

TEST_CASE("image.md 7.1: a changed label or an earlier COPY rebuilds no layer", "[build]") {
  Project project("FROM scratch\nCOPY a /a\nCOPY b /b\n");
  project.dir.write("context/a", "1");
  project.dir.write("context/b", "2");
  project.build();
  project.dir.write("context/a", "other");
  project.request.dockerfile_text = "FROM scratch\nLABEL x=y\nENV A=1\nCOPY a /a\nCOPY b /b\n";
  const BuildResult result = project.build();
  REQUIRE(result.platforms[0].layers.size() == 2);
  CHECK_FALSE(result.platforms[0].layers[0].cached);
  CHECK(result.platforms[0].layers[1].cached);
}

TEST_CASE("image.md 7.2: a file changed in place with its old time and size is seen", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  const fs::path file = project.dir.write("context/a", "one");
  const auto time = fs::last_write_time(file);
  project.build();
  project.dir.write("context/a", "two");
  fs::last_write_time(file, time);
  CHECK(layer_text(project, project.build().platforms[0].layers.at(0).descriptor) == "a two\n");
}

TEST_CASE("dockerfile.md 6: files come from stages, whose layers are not written", "[build]") {
  Project project(
      "FROM scratch AS one\nCOPY a /d/a\nFROM one AS two\nCOPY b /d/b\nFROM scratch\nCOPY "
      "--from=two /d /out\n");
  project.dir.write("context/a", "1");
  project.dir.write("context/b", "2");
  const BuildResult result = project.build();
  REQUIRE(result.platforms[0].layers.size() == 1);
  CHECK(layer_text(project, result.platforms[0].layers[0].descriptor) ==
        "out \nout/a 1\nout/b 2\n");
  check_valid(project, result);
}

TEST_CASE("dockerfile.md 6.10: a stage continues another one's files, config and history",
          "[build]") {
  Project project("FROM scratch AS one\nENV A=1\nCOPY a /a\nFROM one\nENV B=2\nCOPY a /b\n");
  project.dir.write("context/a", "1");
  const BuildResult result = project.build();
  CHECK(result.platforms[0].layers.size() == 2);
  CHECK(result.platforms[0].config.history.size() == 4);
  CHECK(result.platforms[0].config.config.env.size() == 3);
}

TEST_CASE("a base image of the store is built upon and copied from", "[build]") {
  Project project("FROM scratch\nCOPY a /etc/a\nENV X=1\n");
  project.dir.write("context/a", "base");
  project.request.names = {Reference::parse("base:1")};
  const BuildResult base = project.build();
  project.request.names.clear();
  project.request.dockerfile_text = "FROM base:1\nCOPY --from=base:1 /etc/a /b\n";
  const BuildResult result = project.build();
  check_valid(project, result);
  REQUIRE(result.platforms[0].layers.size() == 2);
  CHECK(result.platforms[0].layers[0].from_base);
  CHECK(result.platforms[0].layers[0].descriptor.digest ==
        base.platforms[0].layers[0].descriptor.digest);
  CHECK(result.platforms[0].layers[0].unpacked == base.platforms[0].layers[0].unpacked);
  CHECK(layer_text(project, result.platforms[0].layers[1].descriptor) == "b base\n");
  CHECK(result.platforms[0].config.config.env.at(0) == base.platforms[0].config.config.env.at(0));
  CHECK(result.platforms[0].base_digest == base.manifest.digest);
}

TEST_CASE("a base that is not in the store says what to do, and where its name came from",
          "[build]") {
  Project project("ARG BASE=lib/colny:1\nFROM ${BASE} AS builder\n");
  project.request.build_args = {{"BASE", "distributed-colony-base"}};
  try {
    project.build();
    FAIL("built");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::not_found);
    const Diagnostic& found = error.diagnostic();
    CHECK(found.id == "base-not-local");
    CHECK(found.message == "Base image 'distributed-colony-base:latest' not found locally");
    CHECK(found.where->line == 2);
    CHECK(found.where->column == 6);
    CHECK(found.where->label == "BASE=distributed-colony-base (--build-arg)");
    CHECK(found.helps.size() == 2);
  }
}

TEST_CASE(
    "mistakes of several COPY lines are reported together, with the ignore line that hides a "
    "source",
    "[build]") {
  Project project("FROM scratch\nCOPY build/server .\nCOPY nothing .\n");
  project.dir.write("context/build/server", "x");
  project.dir.write("context/.dockerignore", "# out\nbuild/\n");
  try {
    project.build();
    FAIL("built");
  } catch (const Error& error) {
    REQUIRE(error.diagnostics().size() == 2);
    const Diagnostic& hidden = error.diagnostics()[0];
    CHECK(hidden.message == "'build/server' is not in the build context");
    CHECK(hidden.notes == std::vector<std::string>{
                              "./build/server exists, but .dockerignore:2 'build/' leaves it out"});
    CHECK(hidden.helps == std::vector<std::string>{"add '!build/server' below that line"});
  }
}

TEST_CASE("a build that fails names nothing", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  project.request.names = {Reference::parse("app:1")};
  CHECK_THROWS_AS(project.build(), Error);
  CHECK(ImageStore(project.request.store).images().empty());
}

TEST_CASE("a stopped build throws and names nothing", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "1");
  project.request.names = {Reference::parse("app:1")};
  std::stop_source stop;
  stop.request_stop();
  NullEvents events;
  try {
    build(project.request, events, stop.get_token());
    FAIL("built");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::interrupted);
  }
  CHECK(ImageStore(project.request.store).images().empty());
}

TEST_CASE(
    "dockerfile.md 16.2; image.md 1.1: threads, umask, time zone and file times do not change the "
    "image",
    "[build]") {
  const auto digest = [](unsigned jobs, mode_t mask) {
    Project project("FROM scratch\nCOPY . /app\n");
    const mode_t before = ::umask(mask);
    for (int i = 0; i < 40; ++i) {
      const int name = jobs == 1 ? i : 39 - i;  // another directory order
      project.dir.write("context/" + std::to_string(name),
                        std::string(100000, static_cast<char>('a' + name % 26)));
    }
    project.request.jobs = jobs;
    const Digest out = project.build().manifest.digest;
    ::umask(before);
    return out;
  };
  CHECK(digest(1, 022) == digest(4, 077));
}

TEST_CASE("image.md 4.4: the docker format relabels, the layers stay the same bytes", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "1");
  const BuildResult oci = project.build();
  project.request.format = ImageFormat::docker;
  const BuildResult docker = project.build();
  CHECK(docker.manifest.media_type == media_types::docker_manifest);
  CHECK(docker.platforms[0].layers[0].descriptor.media_type == media_types::docker_layer_gzip);
  CHECK(docker.platforms[0].layers[0].descriptor.digest ==
        oci.platforms[0].layers[0].descriptor.digest);
  check_valid(project, docker);
}

TEST_CASE("every compression gives a valid image with the same diff_ids", "[build]") {
  Project project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", std::string(3000000, 'x'));
  const BuildResult gzip = project.build();
  project.request.compression = Compression::none;
  const BuildResult none = project.build();
  check_valid(project, none);
  CHECK(none.platforms[0].layers[0].diff_id == gzip.platforms[0].layers[0].diff_id);
  CHECK(none.platforms[0].layers[0].descriptor.digest ==
        none.platforms[0].layers[0].diff_id.digest());
  project.request.compression = Compression::zstd;
  const BuildResult zstd = project.build();
  check_valid(project, zstd);
  CHECK(zstd.platforms[0].layers[0].diff_id == gzip.platforms[0].layers[0].diff_id);
}
