// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/image_store.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Json = nlohmann::json;
using Catch::Matchers::Contains;

namespace {

/// A small image without a base.
struct Project : test::Program {
  Project() {
    dir.write("Dockerfile", "FROM scratch\nCOPY hello /bin/hello\nCMD [\"/bin/hello\"]\n");
    dir.write("hello", "hello, world\n", 0755);
  }
  std::size_t stored_images() {
    return ImageStore(dir / "home/.local/share/ocibuild").images().size();
  }
};

}  // namespace

TEST_CASE("a build prints the image ID and says on stderr what it did", "[cli]") {
  Project project;
  CHECK(project.run({"-t", "app:1", "--platform=linux/amd64", "."}) == 0);
  CHECK(test::steady(project.out) == "sha256:…\n");
  const std::string text = test::steady(project.err);
  CHECK_THAT(text, Contains(" 1 file 13 B"));
  CHECK_THAT(text, Contains(" COPY hello /bin/hello 2.6kB -> "));
  CHECK_THAT(text, Contains("docker.io/library/app:1@sha256:… "));
  CHECK_THAT(text, Contains("\n\napp:1   linux/amd64   user root   cmd /bin/hello\n"));
  CHECK_THAT(text, Contains("  COPY hello /bin/hello  Dockerfile:2\n"));
  CHECK_THAT(text, Contains("image  sha256:…   digest sha256:…\n1 layer built, T\n"));
  CHECK_THAT(text, !Contains("\x1b"));
}

TEST_CASE("a second build changes nothing and says so", "[cli]") {
  Project project;
  REQUIRE(project.run({"-t", "app:1", "."}) == 0);
  const std::string id = project.out;
  REQUIRE(project.run({"-t", "app:1", "."}) == 0);
  CHECK(project.out == id);
  CHECK_THAT(project.err, Contains(" CACHED\n"));
  CHECK_THAT(test::steady(project.err), Catch::Matchers::EndsWith("\nnothing changed, T\n"));
  REQUIRE(project.run({"-t", "app:1", "--label", "a=b", "."}) == 0);
  CHECK_THAT(test::steady(project.err), Catch::Matchers::EndsWith("\nno layer changed, T\n"));
}

TEST_CASE("cli.md 5.4: the files of an image go into a tar or a directory, without a name",
          "[cli]") {
  Project project;
  REQUIRE(project.run({"-o", "out", "."}) == 0);
  CHECK(test::read_text(project.dir / "out/bin/hello") == "hello, world\n");
  CHECK(project.stored_images() == 0);
  REQUIRE(project.run({"-o", "type=tar,dest=files.tar", "."}) == 0);
  const std::string tar = test::read_text(project.dir / "files.tar");
  CHECK(tar.starts_with("bin/"));
  REQUIRE(project.run({"-o", "-", "."}) == 0);
  CHECK(project.out == tar);
  REQUIRE(project.run({"-o", "both", "--platform=linux/amd64,linux/arm/v7", "."}) == 0);
  CHECK(std::filesystem::exists(project.dir / "both/linux_amd64/bin/hello"));
  CHECK(std::filesystem::exists(project.dir / "both/linux_arm_v7/bin/hello"));
}

TEST_CASE("-q prints the ID only, also on a terminal; without it a terminal gets none", "[cli]") {
  Project project;
  project.terminal = true;
  project.environment["NO_COLOR"] = "1";
  CHECK(project.run({"-q", "."}) == 0);
  CHECK(test::steady(project.out) == "sha256:…\n");
  CHECK(project.err.empty());
  CHECK(project.run({"."}) == 0);
  CHECK(project.out.empty());
}

TEST_CASE("ID, digest and names are written to the files asked for", "[cli]") {
  Project project;
  REQUIRE(project.run({"-t", "app:1", "-t", "ghcr.io/me/app", "--iidfile", "id", "--digest-file",
                       "digest", "--image-name-with-digest-file", "names", "--metadata-file",
                       "meta", "."}) == 0);
  const std::string digest = test::read_text(project.dir / "digest");
  CHECK(test::read_text(project.dir / "id") + '\n' == project.out);
  CHECK(test::steady(digest) == "sha256:…");
  CHECK(test::read_text(project.dir / "names") ==
        "docker.io/library/app@" + digest + "\nghcr.io/me/app@" + digest + "\n");
  Json meta = Json::parse(test::read_text(project.dir / "meta"));
  CHECK(meta["containerimage.digest"] == digest);
  CHECK(meta["containerimage.config.digest"].get<std::string>() + '\n' == project.out);
  CHECK(meta["containerimage.descriptor"]["mediaType"] ==
        "application/vnd.oci.image.manifest.v1+json");
  CHECK(meta["image.name"] == "docker.io/library/app:1,ghcr.io/me/app:latest");
  CHECK(meta["ocibuild.layers"][0]["source"] == "Dockerfile:2");
  CHECK(meta["ocibuild.layers"][0]["cached"] == false);
  CHECK(meta["ocibuild.version"].is_string());
}

TEST_CASE("a failed build leaves the reason in the metadata and no stale ID", "[cli]") {
  Project project;
  project.dir.write("id", "stale");
  project.dir.write("Dockerfile", "FROM scratch\nCOPY gone /\n");
  CHECK(project.run({"--iidfile", "id", "--metadata-file", "meta", "."}) == 1);
  CHECK(project.out.empty());
  CHECK(!std::filesystem::exists(project.dir / "id"));
  Json error = Json::parse(test::read_text(project.dir / "meta"))["error"];
  CHECK(error["id"] == "copy-source-missing");
  CHECK(error["exit"] == 1);
  CHECK(error["file"] == "Dockerfile");
  CHECK(error["line"] == 2);
  CHECK(error["col"] == 6);
}

TEST_CASE("an archive on standard output takes the place of the ID", "[cli]") {
  Project project;
  CHECK(project.run({"-t", "app:1", "-o", "type=docker,dest=-", "."}) == 0);
  CHECK(project.out.find("sha256:") != 0);
  CHECK(project.out.size() % 512 == 0);
  CHECK_THAT(project.out, Contains("manifest.json"));
  REQUIRE(project.run({"images", "app"}) == 0);
  CHECK(std::count(project.out.begin(), project.out.end(), '\n') == 1);  // no name in the store
}

TEST_CASE("with --load a file output leaves the name in the store too", "[cli]") {
  Project project;
  CHECK(project.run({"-t", "app:1", "-o", "type=oci,dest=app.tar", "--load", "."}) == 0);
  CHECK(std::filesystem::exists(project.dir / "app.tar"));
  CHECK_THAT(test::steady(project.err), Contains("app.tar DONE T\n"));
  CHECK(project.stored_images() == 1);
}

TEST_CASE("dockerfile.md 1.3: a Dockerfile may come from standard input", "[cli]") {
  Project project;
  project.input = "FROM scratch\nCOPY hello /other\n";
  CHECK(project.run({"-f", "-", "."}) == 0);
  CHECK_THAT(project.err, Contains("COPY hello /other"));
}

TEST_CASE("dockerfile.md 1.1: two default Dockerfiles are pointed out", "[cli]") {
  Project project;
  project.dir.write("Containerfile", "FROM scratch\n");
  CHECK(project.run({"."}) == 0);
  CHECK_THAT(project.err,
             Contains("note: Dockerfile is used, Containerfile is there too; choose with -f\n"));
}

TEST_CASE("dockerfile.md 7.4, 9.9: a source that the ignore file hides is explained", "[cli]") {
  Project project;
  project.dir.write("build/server", "x");
  project.dir.write(".dockerignore", "# local files\nbuild/\n");
  project.dir.write("Dockerfile", "FROM scratch\nWORKDIR /app\n\n\nCOPY build/server .\n");
  CHECK(project.run({"--progress=quiet", "."}) == 1);
  CHECK(project.err ==
        "error[copy-source-missing]: 'build/server' is not in the build context\n"
        "  --> Dockerfile:5:6\n"
        " 5 | COPY build/server .\n"
        "   |      ^^^^^^^^^^^^\n"
        "   = note: ./build/server exists, but .dockerignore:2 'build/' leaves it out\n"
        "   = help: add '!build/server' below that line\n");
  project.dir.write("Dockerfile", "FROM scratch\nADD build/server .\n");
  CHECK(project.run({"--progress=quiet", "."}) == 1);
  CHECK_THAT(project.err, Contains(".dockerignore:2 'build/' leaves it out"));
}

TEST_CASE("a base that the store lacks is exit status 5 with the two ways to get it", "[cli]") {
  Project project;
  REQUIRE(project.run({"-t", "distributed-colony", "."}) == 0);
  project.dir.write("Dockerfile", "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS builder\n");
  CHECK(project.run({"--progress=quiet", "--pull=never", "--build-arg",
                     "BASE_IMAGE=distributed-colony-base:latest", "."}) == 5);
  CHECK_THAT(
      project.err,
      Catch::Matchers::StartsWith(
          "error[base-not-local]: Base image 'distributed-colony-base:latest' not found locally\n"
          "  --> Dockerfile:2:6\n"
          " 2 | FROM ${BASE_IMAGE} AS builder\n"
          "   |      ^^^^^^^^^^^^^ BASE_IMAGE=distributed-colony-base:latest (--build-arg)\n"));
  CHECK_THAT(project.err,
             Catch::Matchers::EndsWith("   = help: build it first:  ocibuild -f Dockerfile.base -t "
                                       "distributed-colony-base:latest .\n"
                                       "   = help: or bring it in:  ocibuild load -i FILE.tar\n"));
}

TEST_CASE("all mistakes of a Dockerfile are reported at once, ten at most", "[cli]") {
  Project project;
  std::string text = "FROM scratch\n";
  for (int i = 1; i <= 12; ++i) text += "COPPY a" + std::to_string(i) + " /\n";
  project.dir.write("Dockerfile", text);
  CHECK(project.run({"."}) == 1);
  std::size_t errors = 0;
  for (std::size_t at = 0;
       (at = project.err.find("error[unknown-instruction]", at)) != std::string::npos; ++at) {
    ++errors;
  }
  CHECK(errors == 10);
  CHECK_THAT(project.err, Contains("   = note: 2 more errors are not shown\n"));
  CHECK_THAT(project.err, Contains("\n\nerror[unknown-instruction]"));
}

TEST_CASE("a missing Dockerfile names what is near", "[cli]") {
  Project project;
  project.dir.write("sub/Dockerfile.prod", "FROM scratch\n");
  CHECK(project.run({"sub/"}) == 1);
  CHECK_THAT(project.err, Contains("error[dockerfile-missing]: "));
  CHECK_THAT(project.err, Contains("Dockerfile.prod"));
  CHECK(project.run({"./gone"}) == 1);
  CHECK_THAT(project.err, Contains("error[context-missing]: "));
}

TEST_CASE("the advice for a RUN that is needed works: a directory takes the place of its stage",
          "[cli]") {
  Project project;
  project.dir.write("Dockerfile",
                    "FROM golang AS builder\nRUN go build -o /out/server .\nFROM scratch\n"
                    "COPY --from=builder /out/server /server\n");
  CHECK(project.run({"."}) == 1);
  CHECK_THAT(project.err, Contains("   = help: build on the host and hand the result in:  ocibuild "
                                   "--build-context builder=./out ...   (then /out/server is "
                                   "./out/out/server)\n"));
  project.dir.write("out/out/server", "x");
  CHECK(project.run({"--build-context", "builder=./out", "."}) == 0);
}

TEST_CASE("cli.md 4.3: --build-context takes directories and layouts that exist", "[cli]") {
  Project project;
  for (const char* value : {"x", "=x", "x=", "x=gone", "x=oci-layout://gone", "x=https://a/b"}) {
    INFO(value);
    CHECK(project.run({"--build-context", value, "."}) == 2);
    CHECK_THAT(project.err, Contains("--build-context"));
  }
}

TEST_CASE("a wrong name or flag leaves no store behind", "[cli]") {
  Project project;
  CHECK(project.run({"-t", "App:1", "."}) == 2);
  CHECK_THAT(project.err, Catch::Matchers::StartsWith("error[name-invalid]: "));
  CHECK(project.run({"--jobs=many", "."}) == 2);
  CHECK(!std::filesystem::exists(project.dir / "home"));
}
