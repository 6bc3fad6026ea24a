// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include <nlohmann/json.hpp>
#include <ocibuild/image.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Json = nlohmann::json;
using Catch::Matchers::Contains;

namespace {

/// A store that holds one image, "app:1".
struct Store : test::Program {
  std::string id;  ///< "sha256:…" of its config

  Store() {
    dir.write("Dockerfile", "FROM scratch\nCOPY hello /bin/hello\nENV A=b\nCMD [\"/bin/hello\"]\n");
    dir.write("hello", "hello, world\n", 0755);
    REQUIRE(run({"-q", "-t", "app:1", "--platform=linux/amd64", "--source-date-epoch=1699900000",
                 "."}) == 0);
    id = out.substr(0, out.find('\n'));
  }
  std::string short_id() const { return id.substr(7, 12); }
  std::string images(std::string name = "") {
    CHECK(run(name.empty() ? program::Arguments{"images"} : program::Arguments{"images", name}) ==
          0);
    return out;
  }
};

constexpr const char* no_images = "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n";

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("cli.md 6.1: history knows both sizes of a layer, also when no record has them",
          "[cli]") {
  Store store;
  const auto rows = [&] {
    REQUIRE(store.run({"history", "--format", "json", "app:1"}) == 0);
    std::vector<Json> out;
    std::istringstream lines(store.out);
    for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
    return out;
  };
  std::filesystem::remove_all(store.dir / "home/.local/share/ocibuild/cache");
  for (int round = 0; round < 2; ++round) {
    const std::vector<Json> found = rows();
    REQUIRE(found.size() == 3);
    CHECK(found[0]["UnpackedBytes"] == 0);
    CHECK(found[2]["UnpackedBytes"].get<int>() % 512 == 0);
    CHECK(found[2]["UnpackedBytes"] > found[2]["SizeBytes"]);
    CHECK(found[2]["UnpackedSize"] == "2.6kB");
  }
  CHECK(store.run({"history", "--format", "{{.UnpackedSize}}", "app:1"}) == 0);
  CHECK(store.out == "0B\n0B\n2.6kB\n");
}

TEST_CASE("cli.md 4.2: an image without a name is in the store under its ID, until it is cleaned",
          "[cli]") {
  test::Program program;
  program.dir.write("Dockerfile", "FROM scratch\nCOPY hello /\n");
  program.dir.write("hello", "1");
  REQUIRE(program.run({"-q", "."}) == 0);
  const std::string id = program.out.substr(0, program.out.find('\n'));
  REQUIRE(program.run({"-q", "."}) == 0);  // the same again is not listed again
  CHECK(program.run({"images", "-q", "--no-trunc", "-f", "dangling=true"}) == 0);
  CHECK(program.out == id + "\n");
  CHECK(program.run({"inspect", "-f", "{{.Id}} {{.RepoTags}}", id}) == 0);
  CHECK(program.out == id + " []\n");
  CHECK(program.run({"tag", id, "app:1"}) == 0);
  CHECK(program.run({"images", "--format", "{{.Repository}}:{{.Tag}}"}) == 0);
  CHECK(program.out == "app:1\n");
  program.dir.write("hello", "22");
  REQUIRE(program.run({"-q", "."}) == 0);
  CHECK(program.run({"cache", "prune", "-f"}) == 0);
  CHECK(program.run({"images", "-q", "-f", "dangling=true"}) == 0);
  CHECK(program.out.empty());
}

TEST_CASE(
    "cli.md 4.2, 4.9, 4.16: what goes elsewhere is not listed, unless nothing is pushed after all",
    "[cli]") {
  test::Program program;
  program.dir.write("Dockerfile", "FROM scratch\nCOPY hello /\n");
  program.dir.write("hello", "1");
  REQUIRE(program.run({"-q", "-t", "app:1", "-o", "type=oci,dest=out.tar", "."}) == 0);
  CHECK(program.run({"images", "-q"}) == 0);
  CHECK(program.out.empty());
  REQUIRE(program.run({"-q", "-t", "app:1", "-o", "type=registry", "--no-push", "."}) == 0);
  CHECK(program.run({"images", "--format", "{{.Repository}}:{{.Tag}}"}) == 0);
  CHECK(program.out == "app:1\n");
}

TEST_CASE("cli.md 4.7, 6.1, 6.2: an index is one image, whose parts --platform shows", "[cli]") {
  test::Program program;
  program.dir.write("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH same /\n");
  program.dir.write("s390x", "1");
  program.dir.write("riscv64", "22");
  program.dir.write("same", std::string(1000, 'x'));
  REQUIRE(program.run({"-t", "app:1", "--platform=linux/s390x", "--platform", "linux/riscv64",
                       "--iidfile", "id", "--digest-file", "digest", "--metadata-file", "meta",
                       "."}) == 0);
  const std::string id = program.out.substr(0, program.out.find('\n'));
  CHECK(test::read_text(program.dir / "id") == id);
  CHECK(test::read_text(program.dir / "digest") == id);
  const Json meta = Json::parse(test::read_text(program.dir / "meta"));
  CHECK(meta["containerimage.digest"] == id);
  CHECK_FALSE(meta.contains("containerimage.config.digest"));
  CHECK(meta["containerimage.descriptor"]["mediaType"] == media_types::oci_index);
  CHECK(meta["ocibuild.platforms"] == Json({"linux/s390x", "linux/riscv64"}));
  CHECK(meta["ocibuild.layers"][1]["platform"] == "linux/riscv64");
  CHECK(program.run({"images", "-q", "--no-trunc"}) == 0);
  CHECK(program.out == id + "\n");
  CHECK(program.run({"inspect", "--raw", "app:1"}) == 0);
  CHECK(Json::parse(program.out)["manifests"].size() == 2);
  CHECK(program.run({"inspect", "--raw", "--platform", "linux/riscv64", "app:1"}) == 0);
  CHECK(Json::parse(program.out)["layers"].size() == 1);
  CHECK(program.run({"inspect", "--platform", "linux/riscv64", "app:1"}) == 0);
  CHECK(Json::parse(program.out)[0]["Architecture"] == "riscv64");
  CHECK(program.run({"history", "--platform", "linux/riscv64", "app:1"}) == 0);
  CHECK_THAT(program.out, Contains("ARG TARGETARCH=riscv64"));
  CHECK(program.run({"inspect", "--platform", "linux/mips", "app:1"}) == 5);
  CHECK_THAT(program.err, Contains("it has: linux/s390x, linux/riscv64"));
  CHECK(program.run({"save", "app:1", "-o", "all.tar"}) == 5);
  CHECK_THAT(program.err, Contains("save --platform"));
  CHECK(program.run({"save", "app:1", "-o", "one.tar", "--platform", "linux/s390x"}) == 0);
  CHECK(program.run({"save", "app:1", "-o", "all", "--format", "oci-dir"}) == 0);
}

TEST_CASE("images lists the store as docker does", "[cli]") {
  Store store;
  CHECK_THAT(store.images(),
             Catch::Matchers::StartsWith("REPOSITORY   TAG   IMAGE ID       CREATED        SIZE\n"
                                         "app          1     " +
                                         store.short_id() + "   27 hours ago   "));
  CHECK(store.run({"images", "-q"}) == 0);
  CHECK(store.out == store.short_id() + "\n");
  CHECK(store.run({"ls", "-q", "--no-trunc"}) == 0);
  CHECK(store.out == store.id + "\n");
  CHECK(store.run({"images", "--digests"}) == 0);
  CHECK_THAT(store.out, Contains("DIGEST") && Contains("sha256:"));
  CHECK(store.run({"images", "--format", "json"}) == 0);
  Json row = Json::parse(store.out);
  CHECK(row["Repository"] == "app");
  CHECK(row["Tag"] == "1");
  CHECK(row["ID"] == store.id);
  CHECK(row["CreatedSince"] == "27 hours ago");
  CHECK(row["SizeBytes"].is_number_unsigned());
}

TEST_CASE("images NAME means every tag, NAME:TAG one", "[cli]") {
  Store store;
  REQUIRE(store.run({"tag", "app:1", "app:2", "localhost:5000/app:1"}) == 0);
  CHECK(lines(store.images()) == 4);
  CHECK(lines(store.images("app")) == 3);
  CHECK(lines(store.images("app:2")) == 2);
  CHECK(lines(store.images("localhost:5000/app")) == 2);
  CHECK(store.images("other") == no_images);
}

TEST_CASE("inspect shows the config with docker's keys", "[cli]") {
  Store store;
  REQUIRE(store.run({"tag", "app:1", "app"}) == 0);
  CHECK(store.run({"inspect", "app:1", store.short_id()}) == 0);
  Json all = Json::parse(store.out);
  REQUIRE(all.size() == 2);
  CHECK(all[0] == all[1]);
  CHECK(all[0]["Id"] == store.id);
  CHECK(all[0]["RepoTags"] == Json::array({"app:1", "app:latest"}));
  CHECK(all[0]["RepoDigests"].size() == 1);
  CHECK(all[0]["Config"]["Cmd"] == Json::array({"/bin/hello"}));
  CHECK(all[0]["Config"]["Env"].back() == "A=b");
  CHECK(all[0]["Architecture"] == "amd64");
  CHECK(all[0]["Os"] == "linux");
  CHECK(all[0]["RootFS"]["Layers"].size() == 1);
  CHECK(store.run({"inspect", "--raw", "app:1"}) == 0);
  CHECK(Json::parse(store.out)["config"]["digest"] == store.id);
  CHECK(store.run({"inspect", "--config", "app:1"}) == 0);
  CHECK(Json::parse(store.out)["config"]["Cmd"][0] == "/bin/hello");
}

TEST_CASE("history shows the layers' own digests, newest first", "[cli]") {
  Store store;
  CHECK(store.run({"history", "app:1"}) == 0);
  REQUIRE(lines(store.out) == 4);
  CHECK_THAT(store.out, Catch::Matchers::StartsWith("IMAGE          CREATED        CREATED BY "));
  CHECK_THAT(store.out, Contains("\n-              27 hours ago   CMD [\"/bin/hello\"]"));
  CHECK(store.run({"history", "-q", "--no-trunc", "app:1"}) == 0);
  CHECK(test::steady(store.out) == "sha256:…\n");
  const std::string layer = store.out.substr(0, store.out.find('\n'));
  CHECK(store.run({"inspect", "--raw", "app:1"}) == 0);
  CHECK(Json::parse(store.out)["layers"][0]["digest"] == layer);
  CHECK(store.run({"history", "--format", "json", "app:1"}) == 0);
  CHECK(lines(store.out) == 3);
}

TEST_CASE("an image that is not there is exit status 5", "[cli]") {
  Store store;
  for (const std::string command : {"inspect", "history", "save", "rmi"}) {
    CHECK(store.run({command, "apq:1"}) == 5);
    CHECK_THAT(store.err, Catch::Matchers::StartsWith("error[image-unknown]: "));
    CHECK(store.out.empty());
  }
  CHECK(store.run({"tag", "apq:1", "x"}) == 5);
}

TEST_CASE("rmi removes a name, and an image with several names only by force", "[cli]") {
  Store store;
  REQUIRE(store.run({"tag", "app:1", "app:2"}) == 0);
  CHECK(store.run({"rmi", store.short_id()}) == 1);
  CHECK_THAT(store.err, Catch::Matchers::StartsWith("error[image-in-use]: "));
  CHECK(store.run({"rmi", "app:2", "missing"}) == 5);
  CHECK(lines(store.images()) == 3);  // looked up before anything is removed
  CHECK(store.run({"rmi", "-f", "missing"}) == 0);
  CHECK(store.run({"rmi", "app:2"}) == 0);
  CHECK(store.out == "Untagged: app:2\n");
  CHECK(store.run({"rmi", "-a"}) == 0);
  CHECK(store.out == "Untagged: app:1\n");
  CHECK(store.images() == no_images);
}

TEST_CASE("what save writes load reads, in every format", "[cli]") {
  for (const std::string format : {"docker-archive", "oci-archive", "oci-dir"}) {
    Store store;
    CHECK(store.run({"save", "app:1", "-o", "saved", "--format", format}) == 0);
    CHECK(store.run({"--root", "other", "load", "-i", "saved"}) == 0);
    CHECK(store.out == "Loaded image: app:1\n");
    CHECK(store.run({"--root=other", "images", "-q", "--no-trunc"}) == 0);
    CHECK(store.out == store.id + "\n");
  }
}

TEST_CASE("save and load work through pipes, and an image saved by ID has no name", "[cli]") {
  Store store;
  CHECK(store.run({"save", store.id}) == 0);
  store.input = store.out;
  CHECK(store.run({"--root=other", "load"}) == 0);
  CHECK(store.out == "Loaded image ID: " + store.id + "\n");
}

TEST_CASE("no archive is written to or read from a terminal", "[cli]") {
  Store store;
  store.terminal = true;
  store.environment["TERM"] = "dumb";
  CHECK(store.run({"save", "app:1"}) == 2);
  CHECK(store.err ==
        "error: save: an archive is not written to a terminal; redirect standard output or name a "
        "file\n"
        "see: ocibuild save -h\n");
  CHECK(store.run({"load"}) == 2);
  CHECK(store.err ==
        "error: load reads an archive from standard input, which is a terminal; redirect it or use "
        "-i FILE\n"
        "see: ocibuild load -h\n");
}

TEST_CASE("commands say how many arguments they take", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"history"}) == 2);
  CHECK(ocibuild.err ==
        "error: this command needs the name or ID of an image\nsee: ocibuild history -h\n");
  CHECK(ocibuild.run({"tag", "a"}) == 2);
  CHECK(ocibuild.run({"images", "a", "b"}) == 2);
  CHECK(ocibuild.err == "error: 'b' is one argument too many\nsee: ocibuild images -h\n");
}
