// SPDX-License-Identifier: Apache-2.0
#include "oci/image_json.hpp"
#include "unit/build/project.hpp"

using namespace ocibuild;
using test::check_valid;
using test::layer_text;
using test::Project;

namespace {

std::vector<Platform> platforms(std::initializer_list<const char*> names) {
  std::vector<Platform> out;
  for (const char* name : names) out.push_back(Platform::parse(name));
  return out;
}

Index index_of(const Project& project, const Descriptor& descriptor) {
  return oci::parse_index(
      store::BlobStore(project.request.store).read(descriptor, oci::manifest_limit));
}

std::map<std::string, std::string> env_of(const PlatformResult& image) {
  std::map<std::string, std::string> out;
  for (const std::string& entry : image.config.config.env)
    out[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
  return out;
}

struct Recorder final : EventSink {
  void on_event(const Event& event) override {
    if (const auto* step = std::get_if<StepDone>(&event)) steps.push_back(step->platform);
    if (std::holds_alternative<Warning>(event)) ++warnings;
  }
  std::vector<std::string> steps;
  int warnings = 0;
};

}  // namespace

TEST_CASE("image.md 4.5: several platforms give an index of their images, in the order asked for",
          "[build]") {
  Project project(
      "FROM scratch\nARG TARGETPLATFORM TARGETARCH TARGETVARIANT\n"
      "ENV P=$TARGETPLATFORM V=$TARGETVARIANT\nCOPY bin/$TARGETARCH /app\n");
  project.dir.write("context/bin/arm64", "A");
  project.dir.write("context/bin/arm", "B");
  project.dir.write("context/bin/amd64", "C");
  project.request.platforms = platforms({"arm64", "linux/arm/v7", "amd64", "arm64"});
  project.request.names = {Reference::parse("app:1")};
  const BuildResult result = project.build();
  check_valid(project, result);
  CHECK(result.manifest.media_type == media_types::oci_index);
  CHECK(result.image_id == result.manifest.digest);
  REQUIRE(result.platforms.size() == 3);
  const Index index = index_of(project, result.manifest);
  REQUIRE(index.manifests.size() == 3);
  const char* expected[] = {"linux/arm64", "linux/arm/v7", "linux/amd64"};
  const char* content[] = {"app A\n", "app B\n", "app C\n"};
  for (std::size_t i = 0; i < 3; ++i) {
    const PlatformResult& image = result.platforms[i];
    CHECK(index.manifests[i].digest == image.manifest.digest);
    CHECK(index.manifests[i].platform->str() == expected[i]);
    CHECK(image.config.platform.str() == expected[i]);
    CHECK(env_of(image).at("P") == expected[i]);
    CHECK(layer_text(project, image.layers.at(0).descriptor) == content[i]);
  }
  CHECK(env_of(result.platforms[1]).at("V") == "v7");
  CHECK(ImageStore(project.request.store).find("app:1").manifest.digest == result.manifest.digest);
}

TEST_CASE("image.md 4.5: one platform gives its manifest, the same that an index would list",
          "[build]") {
  Project project("FROM scratch\nCOPY a /\n");
  project.dir.write("context/a", "1");
  project.request.platforms = platforms({"amd64", "arm64"});
  const BuildResult both = project.build();
  project.request.platforms = platforms({"arm64"});
  const BuildResult one = project.build();
  CHECK(one.manifest.media_type == media_types::oci_manifest);
  CHECK(one.manifest.digest == both.platforms[1].manifest.digest);
  CHECK(one.image_id == one.platforms[0].image_id);
}

TEST_CASE("image.md 4.5: what is the same for all platforms is done and said once", "[build]") {
  Project project("FROM scratch\nCOPY a /x\nENV A=$NOWHERE\n");
  project.dir.write("context/a", std::string(100000, 'x'));
  project.request.platforms = platforms({"amd64", "arm64"});
  project.request.use_cache = false;
  Recorder recorder;
  const BuildResult result = build(project.request, recorder);
  CHECK(result.platforms[0].layers[0].descriptor.digest ==
        result.platforms[1].layers[0].descriptor.digest);
  CHECK(recorder.warnings == 1);
  CHECK(result.warnings.size() == 1);
  CHECK(recorder.steps ==
        std::vector<std::string>{"linux/amd64", "linux/amd64", "linux/arm64", "linux/arm64"});
  project.request.platforms = platforms({"amd64"});
  Recorder alone;
  build(project.request, alone);
  CHECK(alone.steps == std::vector<std::string>{"", ""});
}

TEST_CASE(
    "dockerfile.md 6.6, 14.9: each platform has its own variant of the base, also by --platform",
    "[build]") {
  Project project("FROM scratch\nARG TARGETARCH\nENV BASE=$TARGETARCH\nCOPY $TARGETARCH /arch\n");
  for (const char* name : {"amd64", "arm64"})
    project.dir.write(std::string("context/") + name, name);
  project.request.names = {Reference::parse("base")};
  project.request.platforms = platforms({"amd64", "arm64"});
  project.build();
  project.request.names.clear();
  project.request.dockerfile_text =
      "FROM --platform=linux/amd64 base AS tools\nFROM base\nCOPY --from=tools /arch /tools\n";
  const BuildResult result = project.build();
  check_valid(project, result);
  const char* expected[] = {"amd64", "arm64"};
  for (std::size_t i = 0; i < 2; ++i) {
    const PlatformResult& image = result.platforms[i];
    CHECK(env_of(image).at("BASE") == expected[i]);
    CHECK(layer_text(project, image.layers.at(0).descriptor) ==
          std::string("arch ") + expected[i] + "\n");
    CHECK(layer_text(project, image.layers.at(1).descriptor) == "tools amd64\n");
  }
  // The same out of a layout.
  Project other("FROM base\n");
  other.request.platforms = platforms({"arm64"});
  other.request.build_contexts = {{"base", LayoutImage{project.request.store, "latest"}}};
  CHECK(env_of(other.build().platforms[0]).at("BASE") == "arm64");
}

TEST_CASE("image.md 4.5: docker's types have an index of their own", "[build]") {
  Project project("FROM scratch\nENV A=1\n");
  project.request.platforms = platforms({"amd64", "arm64"});
  project.request.format = ImageFormat::docker;
  const BuildResult result = project.build();
  CHECK(result.manifest.media_type == media_types::docker_index);
  CHECK(index_of(project, result.manifest).manifests[0].media_type == media_types::docker_manifest);
}

TEST_CASE("cli.md 4.6: annotations stand where they were meant to", "[build]") {
  Project project("FROM scratch\nENV A=1\n");
  project.request.platforms = platforms({"amd64", "arm64"});
  project.request.names = {Reference::parse("app")};
  const Platform arm = Platform::parse("arm64");
  project.request.annotations = {
      {"all", "1"},
      {"all", "2"},
      {"arm", "3", AnnotationPlace::manifest, arm},
      {"on-index", "4", AnnotationPlace::index},
      {"entry", "5", AnnotationPlace::manifest_descriptor, arm},
      {"listed", "6", AnnotationPlace::index_descriptor},
  };
  const BuildResult result = project.build();
  const Index index = index_of(project, result.manifest);
  const store::BlobStore blobs(project.request.store);
  const auto manifest = [&](std::size_t i) {
    return oci::parse_manifest(blobs.read(index.manifests[i], oci::manifest_limit)).annotations;
  };
  CHECK(manifest(0) == Annotations{{"all", "2"}});
  CHECK(manifest(1) == Annotations{{"all", "2"}, {"arm", "3"}});
  CHECK(index.annotations == Annotations{{"on-index", "4"}});
  CHECK(index.manifests[0].annotations.empty());
  CHECK(index.manifests[1].annotations == Annotations{{"entry", "5"}});
  CHECK(ImageStore(project.request.store).find("app").manifest.annotations ==
        Annotations{{"listed", "6"}});
}

TEST_CASE("cli.md 4.6: an annotation that no document could carry is refused", "[build]") {
  Project project("FROM scratch\nENV A=1\n");
  project.request.annotations = {{"a", "1", AnnotationPlace::index}};
  CHECK_THROWS_WITH(project.build(),
                    "the annotation \"a\" is for an index, and one platform makes none");
  project.request.annotations = {
      {"a", "1", AnnotationPlace::manifest, Platform::parse("linux/s390x")}};
  CHECK_THROWS_WITH(project.build(), "the annotation \"a\" is for linux/s390x, which is not built");
}
