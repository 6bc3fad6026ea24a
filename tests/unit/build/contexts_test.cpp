// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "context/root_directory.hpp"
#include "context/stat_index.hpp"
#include "oci/hasher.hpp"
#include "store/build_cache.hpp"
#include "support/text.hpp"
#include "unit/build/project.hpp"

using namespace ocibuild;
using test::check_valid;
using test::layer_text;
using test::Project;
namespace fs = std::filesystem;

namespace {

/// What is wrong and the notes below it.
std::pair<std::string, std::string> failure_of(Project& project) {
  try {
    project.build();
  } catch (const Error& error) {
    const Diagnostic& diagnostic = error.diagnostic();
    return {diagnostic.id + ": " + error.what(), support::join(diagnostic.notes, "\n")};
  }
  return {"built", ""};
}

std::string what_fails(Project& project) {
  return failure_of(project).first;
}

/// An image in the store of a project of its own: a layout to build from.
struct Layout {
  Project project{"FROM scratch\nENV FROM_LAYOUT=1\nCOPY etc /etc\n"};
  BuildResult made;

  explicit Layout(std::string name = "tool:2") {
    project.dir.write("context/etc/conf", "layout");
    project.request.names = {Reference::parse(name)};
    made = project.build();
    fs::remove_all(project.request.store / "cache");
  }
  LayoutImage image(std::string tag = {}) const { return {project.request.store, std::move(tag)}; }
};

}  // namespace

TEST_CASE("image.md 7.2, 7.4: the index of known files is believed, and not with use_cache false",
          "[build]") {
  Project project("FROM scratch\nCOPY a /\n");
  const std::string file = project.dir.write("context/a", "right").string();
  const auto key = [&](const std::string& cache, bool use_cache) {
    project.request.cache = project.dir / cache;
    project.request.use_cache = use_cache;
    return project.build().platforms.at(0).layers.at(0).key;
  };
  const auto later = [] { return context::StatIndex::system_clock()() + 100'000'000'000; };
  struct stat status {};
  REQUIRE(::lstat(file.c_str(), &status) == 0);
  const store::BuildCache cache(project.dir / "cache");
  const auto index_file = cache.stat_index_file(fs::absolute(project.request.context));
  fs::create_directories(index_file.parent_path());
  context::StatIndex forged(index_file, later);
  forged.learn("a", context::stamp_of(status), oci::sha256("wrong"));
  forged.save();

  const Digest right = key("other", true);
  CHECK(key("cache", true) != right);
  CHECK(key("cache", false) == right);
}

TEST_CASE("dockerfile.md 6.4: a directory of a stage's name takes the place of the stage",
          "[build]") {
  Project project(
      "FROM golang AS Builder\nRUN go build\nFROM scratch\nCOPY --from=builder /out/server /\n"
      "COPY --from=0 /out /all\nCOPY --from=Extra x /\n");
  project.dir.write("compiled/out/server", "1");
  project.dir.write("compiled/out/secret", "2");
  project.dir.write("compiled/.dockerignore", "out/secret\n");
  project.dir.write("extra/x", "3");
  project.request.build_contexts = {{"BUILDER", project.dir / "compiled"},
                                    {"extra", project.dir / "extra"}};
  const BuildResult result = project.build();
  REQUIRE(result.platforms[0].layers.size() == 3);
  CHECK(layer_text(project, result.platforms[0].layers[0].descriptor) == "server 1\n");
  CHECK(layer_text(project, result.platforms[0].layers[1].descriptor) == "all \nall/server 1\n");
  CHECK(layer_text(project, result.platforms[0].layers[2].descriptor) == "x 3\n");
}

TEST_CASE("dockerfile.md 6.4, 14.1: a directory as base is a layer below a config as from scratch",
          "[build]") {
  Project project("FROM rootfs\nCOPY a /etc/a\nCMD [\"x\"]\n");
  project.dir.write("context/a", "1");
  project.dir.write("root/etc/b", "2");
  project.dir.write("root/hidden", "3");
  project.dir.write("root/.dockerignore", "hidden\n.dockerignore\n");
  fs::permissions(project.dir / "root/etc", fs::perms(0711));
  project.request.build_contexts = {{"rootfs", project.dir / "root"}};
  const BuildResult result = project.build();
  check_valid(project, result);
  const PlatformResult& image = result.platforms.front();
  REQUIRE(image.layers.size() == 2);
  CHECK(layer_text(project, image.layers[0].descriptor) == "etc \netc/b 2\n");
  CHECK(image.layers[0].instruction == "FROM rootfs");
  CHECK(image.layers[0].line == 1);
  CHECK(image.config.history.at(0).created_by == "FROM rootfs");
  CHECK_FALSE(image.config.history.at(0).empty_layer);
  CHECK(image.config.config.working_dir == "/");
  CHECK(image.config.config.env.size() == 1);
  CHECK_FALSE(image.base_digest);
}

TEST_CASE("dockerfile.md 6.4: a replaced stage is built upon and may be the target", "[build]") {
  Project project("FROM golang AS builder\nRUN go build\nFROM builder\nENV A=1\n");
  project.dir.write("out/server", "1");
  project.request.build_contexts = {{"builder", project.dir / "out"}};
  const BuildResult upon = project.build();
  CHECK(upon.platforms[0].layers.size() == 1);
  CHECK(upon.platforms[0].config.config.env.size() == 2);
  project.request.target = "builder";
  const BuildResult target = project.build();
  REQUIRE(target.platforms[0].layers.size() == 1);
  CHECK(layer_text(project, target.platforms[0].layers[0].descriptor) == "server 1\n");
}

TEST_CASE("dockerfile.md 6.4: an empty directory as base gives an image without layers",
          "[build]") {
  Project project("FROM nothing\nENV A=1\n");
  project.dir.mkdir("empty");
  project.request.build_contexts = {{"nothing", project.dir / "empty"}};
  const BuildResult result = project.build();
  check_valid(project, result);
  CHECK(result.platforms[0].layers.empty());
}

TEST_CASE("dockerfile.md 6.4, 6.9: a context takes the place of an image, however that is written",
          "[build]") {
  Project project("FROM docker.io/library/alpine:latest\nCOPY --from=Registry.local/x/y:1 a /\n");
  project.dir.write("root/os", "1");
  project.dir.write("other/a", "2");
  project.request.build_contexts = {{"alpine", project.dir / "root"},
                                    {"registry.local/x/y:1", project.dir / "other"}};
  const BuildResult result = project.build();
  REQUIRE(result.platforms[0].layers.size() == 2);
  CHECK(layer_text(project, result.platforms[0].layers[0].descriptor) == "os 1\n");
  CHECK(layer_text(project, result.platforms[0].layers[1].descriptor) == "a 2\n");
  project.request.dockerfile_text = "FROM alpine:3\n";
  CHECK(what_fails(project) == "base-not-local: Base image 'alpine:3' not found locally");
}

TEST_CASE("dockerfile.md 6.4: an image of the store takes the place of a stage or an image",
          "[build]") {
  Project project("FROM scratch\nENV BASE=1\nCOPY a /etc/a\n");
  project.dir.write("context/a", "base");
  project.request.names = {Reference::parse("real:1")};
  const BuildResult base = project.build();
  project.request.names.clear();
  project.request.dockerfile_text =
      "FROM golang AS builder\nRUN x\nFROM alpine\nCOPY --from=builder /etc/a /b\n";
  project.request.build_contexts = {{"builder", Reference::parse("real:1")},
                                    {"alpine", Reference::parse("real:1")}};
  const BuildResult result = project.build();
  check_valid(project, result);
  const PlatformResult& image = result.platforms.front();
  REQUIRE(image.layers.size() == 2);
  CHECK(image.layers[0].from_base);
  CHECK(layer_text(project, image.layers[1].descriptor) == "b base\n");
  CHECK(image.config.config.env.at(1) == "BASE=1");
  CHECK(image.base_name == Reference::parse("real:1"));
  CHECK(image.base_digest == base.manifest.digest);
  project.request.build_contexts = {{"builder", Reference::parse("gone")},
                                    {"alpine", Reference::parse("real:1")}};
  CHECK(what_fails(project) == "base-not-local: Base image 'gone:latest' not found locally");
}

TEST_CASE(
    "dockerfile.md 6.4: an image of a layout is read from there, and nothing is written there",
    "[build]") {
  const Layout layout;
  Project project("FROM alpine\nCOPY --from=alpine /etc/conf /copy\n");
  project.request.build_contexts = {{"alpine", layout.image()}};
  const BuildResult result = project.build();
  check_valid(project, result);  // the base's layer was brought into the store
  const PlatformResult& image = result.platforms.front();
  REQUIRE(image.layers.size() == 2);
  CHECK(image.layers[0].descriptor.digest == layout.made.platforms[0].layers[0].descriptor.digest);
  CHECK(layer_text(project, image.layers[1].descriptor) == "copy layout\n");
  CHECK(image.config.config.env.at(1) == "FROM_LAYOUT=1");
  CHECK(image.base_digest == layout.made.manifest.digest);
  CHECK_FALSE(image.base_name);
  CHECK_FALSE(fs::exists(layout.project.request.store / "cache"));
}

TEST_CASE("dockerfile.md 6.4: an image of a layout is chosen by tag or digest", "[build]") {
  Layout layout;
  Project project("FROM x\n");
  const auto env = [&](const LayoutImage& image) {
    project.request.build_contexts = {{"x", image}};
    return project.build().platforms[0].config.config.env.back();
  };
  layout.project.request.dockerfile_text = "FROM scratch\nENV OTHER=1\n";
  layout.project.request.names = {Reference::parse("other:latest")};
  const BuildResult other = layout.project.build();
  CHECK(env(layout.image("2")) == "FROM_LAYOUT=1");
  CHECK(env(layout.image()) == "OTHER=1");
  CHECK(env({layout.project.request.store, {}, layout.made.manifest.digest}) == "FROM_LAYOUT=1");
  project.request.build_contexts = {{"x", layout.image("3")}};
  CHECK(what_fails(project) == "context-image-missing: oci-layout://" +
                                   layout.project.request.store.string() + ":3 is not there");

  // Two names may have the tag; then it says how to choose.
  layout.project.request.dockerfile_text = "FROM scratch\nENV OTHER=2\n";
  layout.project.request.names = {Reference::parse("second:2")};
  const BuildResult second = layout.project.build();
  project.request.build_contexts = {{"x", layout.image("2")}};
  const auto [what, notes] = failure_of(project);
  CHECK(what.ends_with(":2 may be several images"));
  for (const BuildResult& one : {layout.made, second})
    CHECK_THAT(notes, Catch::Contains("2@" + one.manifest.digest.str()));
  project.request.build_contexts = {{"x", LayoutImage{project.dir / "nothing"}}};
  CHECK(what_fails(project) == "context-missing: the build context \"x\": \"" +
                                   (project.dir / "nothing").string() +
                                   "\" is no OCI image layout");
}

TEST_CASE("image.md 4.7: a damaged layer of a layout is found before it enters the store",
          "[build]") {
  const Layout layout;
  const fs::path blob = store::BlobStore(layout.project.request.store)
                            .path(layout.made.platforms[0].layers[0].descriptor.digest);
  std::string bytes = support::read_file(blob, 100000);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  layout.project.dir.write("damaged", bytes);
  fs::rename(layout.project.dir / "damaged", blob);
  Project project("FROM x\nENV A=1\n");
  project.request.build_contexts = {{"x", layout.image()}};
  CHECK_THAT(what_fails(project), Catch::StartsWith("blob-corrupt: "));
  project.request.dockerfile_text = "FROM scratch\nCOPY --from=x /etc/conf /\n";
  CHECK_THAT(what_fails(project), Catch::StartsWith("blob-corrupt: "));
}

TEST_CASE("dockerfile.md 6.4: nothing takes the place of scratch", "[build]") {
  Project project("FROM scratch\n");
  project.request.build_contexts = {{"scratch", project.dir.path()}};
  CHECK(what_fails(project) == "context-name-invalid: nothing can take the place of \"scratch\"");
}
