// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <ocibuild/version.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;

namespace {

/// The report without its first line, which tells of the machine.
std::string report(const test::Program& ocibuild) {
  const std::string text = test::steady(ocibuild.out);
  return text.substr(text.find('\n') + 1);
}

/// No system's CAs: their number is no machine's business here.
void trust_nobody(test::Program& ocibuild) {
  std::filesystem::create_directory(ocibuild.dir / "none");
  ocibuild.environment["SSL_CERT_DIR"] = (ocibuild.dir / "none").string();
}

}  // namespace

TEST_CASE("cli.md 6.8: the doctor lists offline what it would ask, settings first", "[cli]") {
  test::Program ocibuild;
  trust_nobody(ocibuild);
  ocibuild.environment["https_proxy"] = "http://u:s3cret@proxy.test:3128";
  ocibuild.environment["no_proxy"] = ".corp,10.0.0.0/8";
  ocibuild.dir.write("Dockerfile", "FROM alpine:3.20\n");
  CHECK(ocibuild.run({"doctor", "--offline", "--registry-mirror", "harbor.corp/hub"}) == 0);
  CHECK_THAT(ocibuild.out, Catch::Matchers::StartsWith("ocibuild " OCIBUILD_VERSION "  linux/") &&
                               Contains("   store ~/.local/share/ocibuild 0 B, "));
  CHECK(report(ocibuild) ==
        "settings  --registry-mirror: docker.io -> harbor.corp/hub\n"
        "proxy     http://proxy.test:3128 (https_proxy), not for .corp,10.0.0.0/8 (NO_PROXY)\n"
        "trust     0 CAs " +
            (ocibuild.dir / "none").string() +
            "\n"
            "FROM alpine:3.20\n"
            "  -    harbor.corp  direct  not asked: harbor.corp:443\n"
            "  -    docker.io    proxy   not asked: registry-1.docker.io:443\n"
            "hosts the firewall must allow: harbor.corp:443 registry-1.docker.io:443\n"
            "nothing was asked: --offline\n");
  CHECK(ocibuild.err.empty());
}

TEST_CASE("cli.md 6.8: names take the place of the bases, -f adds them again", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM alpine:3.20\n");
  CHECK(ocibuild.run({"doctor", "--offline", "ghcr.io/a/b:1"}) == 0);
  CHECK_THAT(ocibuild.out, !Contains("alpine"));
  CHECK(ocibuild.run({"doctor", "--offline", "-f", "Dockerfile", "ghcr.io/a/b:1"}) == 0);
  CHECK_THAT(ocibuild.out, Contains("FROM alpine:3.20\n") && Contains("\nghcr.io/a/b:1\n"));
}

TEST_CASE("cli.md 6.8, 9.1: on a terminal marks are signs, with colour only where it is wanted",
          "[cli]") {
  test::Program ocibuild;
  trust_nobody(ocibuild);
  ocibuild.terminal = true;
  ocibuild.environment["LANG"] = "C.UTF-8";
  ocibuild.environment["NO_COLOR"] = "1";
  // Nobody listens at port 1.
  CHECK(ocibuild.run({"doctor", "127.0.0.1:1"}) == 3);
  CHECK_THAT(
      ocibuild.out,
      Contains(
          "\n127.0.0.1:1\n  ✘ 127.0.0.1:1  direct  no connection to 127.0.0.1:1\n      = note: "));
  CHECK_THAT(ocibuild.out, Catch::Matchers::EndsWith("1 problem; in the way of 127.0.0.1:1\n"));
  CHECK(ocibuild.err == "#1 asking 127.0.0.1:1\n");
  ocibuild.environment.erase("NO_COLOR");
  CHECK(ocibuild.run({"doctor", "127.0.0.1:1"}) == 3);
  CHECK_THAT(ocibuild.out, Contains("  \x1b[1;31m✘\x1b[0m 127.0.0.1:1"));
}

TEST_CASE("cli.md 6.9: the report as JSON is one object, ASCII only", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"doctor", "--offline", "--format", "json", "ghcr.io"}) == 0);
  const auto json = nlohmann::json::parse(ocibuild.out);
  CHECK(json.at("version") == OCIBUILD_VERSION);
  CHECK(json.at("offline") == true);
  CHECK(json.at("exit") == 0);
  CHECK(json.at("hosts").at(0) == "ghcr.io:443");
  CHECK(json.at("subjects").at(0).at("kind") == "host");
  CHECK(json.at("subjects").at(0).at("sources").at(0).at("checks").empty());
}

TEST_CASE("cli.md 6.8: what the doctor cannot look at is refused before anything is asked",
          "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"doctor", "--push"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("--push needs the name of an image to push to"));
  CHECK(ocibuild.run({"doctor", "--format", "xml"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("--format takes text or json, not 'xml'"));
  CHECK(ocibuild.run({"doctor", "Bad/name"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("name-invalid"));
  CHECK(ocibuild.run({"doctor", "-f", "none"}) == 1);
  CHECK_THAT(ocibuild.err, Contains("dockerfile-missing"));
}
