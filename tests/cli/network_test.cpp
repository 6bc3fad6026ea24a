// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;
using program::Arguments;

namespace {

/// First line of the refusal of a command line that must not get as far as a connection.
std::string refusal(const Arguments& words) {
  test::Program ocibuild;
  REQUIRE(ocibuild.run(words) == 2);
  const std::string first = ocibuild.err.substr(0, ocibuild.err.find('\n'));
  return first.substr(first.find(": ") + 2);
}

}  // namespace

TEST_CASE("cli.md 4: what cannot work without a registry is refused under --offline", "[cli]") {
  CHECK(refusal({"push", "--offline", "app"}) == "push needs a registry, and --offline forbids it");
  CHECK(refusal({"--offline", "pull", "app"}) == "pull needs a registry, and --offline forbids it");
  CHECK(refusal({"login", "--offline", "-u", "me", "-p", "x"}) ==
        "login asks the registry; with --offline also give --no-verify");
}

TEST_CASE("cli.md 4: values of the network flags are checked before anything is asked", "[cli]") {
  CHECK(refusal({"pull", "--creds", "me", "app"}) ==
        "--creds has no password, and standard input is no terminal to ask for it");
  CHECK(refusal({"pull", "--creds", ":x", "app"}) == "--creds takes USER[:PASSWORD]");
  CHECK(refusal({"pull", "--registry-mirror", "docker.io=", "app"}) ==
        "--registry-mirror takes [REGISTRY=]HOST[:PORT][/PREFIX], not 'docker.io='");
  CHECK(refusal({"pull", "--registry-certificate", "reg", "app"}) ==
        "--registry-certificate takes HOST=FILE, not 'reg'");
  CHECK(refusal({"pull", "--registry-client-cert", "reg=a", "app"}) ==
        "--registry-client-cert takes HOST=CERTIFICATE,KEY");
  CHECK(refusal({"pull", "--idle-timeout", "soon", "app"}) ==
        "--idle-timeout takes a time such as 300ms, 2s or 1m, not 'soon'");
  CHECK(refusal({"push", "-4", "--ipv6", "app"}) == "--ipv4 and --ipv6 exclude each other");
  CHECK(refusal({"push", "--create-repository=always", "app"}) ==
        "--create-repository takes missing or never, not 'always'");
  CHECK(refusal({"push", "--compression=xz", "app"}) ==
        "compression is gzip, zstd or uncompressed, not 'xz'");
  CHECK(refusal({"push", "--compression-level=3", "app"}) ==
        "--compression-level needs --compression");
  CHECK(refusal({"push", "--force-compression", "app"}) ==
        "--force-compression needs --compression");
  CHECK(refusal({"push", "--compression=zstd", "--compression-level=20", "app"}) ==
        "compression-level of zstd needs a whole number from 1 to 19, not '20'");
  CHECK(refusal({"login", "-u", "me"}) == "login needs a password: --password-stdin < FILE");
  CHECK(refusal({"login", "-p", "x"}) == "login needs a user: -u USER");
}

TEST_CASE("cli.md 4.21: a build without any registry refuses network flags that cannot be meant",
          "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  const auto refused = [&](const std::string& flag) {
    REQUIRE(ocibuild.run({flag, "."}) == 2);
    return ocibuild.err.substr(7, ocibuild.err.find('\n') - 7);
  };
  CHECK(refused("--cacert=none") == "--cacert: there is no file 'none'");
  CHECK(refused("--cacert=.") == "--cacert: there is no file '.'");
  CHECK(refused("--cert-dir=Dockerfile") == "--cert-dir: 'Dockerfile' is no directory");
  CHECK(refused("--registry-certificate=reg=none") ==
        "--registry-certificate: there is no file 'none'");
  CHECK(refused("--registry-client-cert=reg=Dockerfile,none") ==
        "--registry-client-cert: there is no file 'none'");
  for (const char* wrong : {"x", "a:b:c", "a:1", ":1:127.0.0.1", "a:65536:127.0.0.1", "a:1:"}) {
    CHECK(refused(std::string("--resolve=") + wrong) ==
          std::string("--resolve takes HOST:PORT:ADDRESS, not '") + wrong + "'");
  }
  CHECK(refused("--registry-mirror=https://mirror") ==
        "--registry-mirror takes [REGISTRY=]HOST[:PORT][/PREFIX], not 'https://mirror'");
  CHECK(refused("--insecure-registry=a/b") == "--insecure-registry takes HOST[:PORT], not 'a/b'");
  CHECK(ocibuild.run({"--resolve=a:443:127.0.0.1,[::1]", "--resolve=b:443:::1",
                      "--registry-mirror=docker.io=[::1]:5000/x", "--insecure-registry=a:5000",
                      "--cacert=Dockerfile", "--cert-dir=none", "."}) == 0);
}

TEST_CASE("cli.md 6.23: on a terminal login asks for what is not given", "[cli]") {
  test::Program ocibuild;
  ocibuild.terminal = true;
  ocibuild.input = "me\ns3cret\n";
  CHECK(ocibuild.run({"login", "--no-verify", "reg.example:5000"}) == 0);
  CHECK_THAT(ocibuild.err, Catch::Matchers::StartsWith("Username: Password: \n"));
  CHECK_THAT(test::read_text(ocibuild.dir / "home/.docker/config.json"), Contains("bWU6czNjcmV0"));
  ocibuild.input = "\n";
  CHECK(ocibuild.run({"login", "--no-verify", "-u", "me", "reg.example:5000"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("login needs a password: --password-stdin < FILE"));
}

TEST_CASE("cli.md 6.23: login --get-login prints the user of the login that would be used",
          "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"login", "--get-login", "reg.example:5000"}) == 4);
  CHECK(ocibuild.err ==
        "error[auth-needed]: not logged in to reg.example:5000\n"
        "   = help: ocibuild login reg.example:5000\n");
  REQUIRE(ocibuild.run({"login", "--no-verify", "-u", "me", "-p", "x", "reg.example:5000"}) == 0);
  CHECK(ocibuild.run({"login", "--get-login", "reg.example:5000"}) == 0);
  CHECK(ocibuild.out == "me\n");
}

TEST_CASE("cli.md 4.22: --creds USER asks for the password, and one in view is warned about",
          "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  ocibuild.terminal = true;
  ocibuild.input = "s3cret\n";
  CHECK(ocibuild.run({"--creds=me", "."}) == 0);
  CHECK_THAT(ocibuild.err, Catch::Matchers::StartsWith("Password of me: \n"));
  ocibuild.terminal = false;
  CHECK(ocibuild.run({"--creds=me:s3cret", "."}) == 0);
  CHECK_THAT(ocibuild.err, Contains("seen by every user of this machine; with --creds USER"));
  CHECK(ocibuild.err.find("s3cret") == std::string::npos);
  ocibuild.environment["OCIBUILD_CREDS"] = "me:s3cret";
  CHECK(ocibuild.run({"."}) == 0);
  CHECK(ocibuild.err.find("seen by") == std::string::npos);
}

TEST_CASE("cli.md 6.22: an image of a registry is not looked at under --offline", "[cli]") {
  CHECK(refusal({"inspect", "--offline", "docker://app"}) ==
        "'docker://app' needs a registry, and --offline forbids it");
  CHECK(refusal({"history", "--offline", "docker://app"}) ==
        "'docker://app' needs a registry, and --offline forbids it");
}

TEST_CASE("cli.md 6: login saves what logout removes, and says where", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"login", "--no-verify", "-u", "me", "-p", "s3cret", "reg.example:5000"}) ==
        0);
  const std::filesystem::path file = ocibuild.dir.path() / "home/.docker/config.json";
  CHECK(ocibuild.out == "saved, and not tried: " + file.string() + "\n");
  CHECK_THAT(ocibuild.err, Contains("not encrypted") && Contains("seen by every user"));
  CHECK((ocibuild.out + ocibuild.err).find("s3cret") == std::string::npos);
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_THAT(test::read_text(file), Contains("reg.example:5000") && Contains("bWU6czNjcmV0"));
  CHECK(ocibuild.run({"logout", "reg.example:5000"}) == 0);
  CHECK_THAT(ocibuild.out, Contains("removed reg.example:5000: "));
  CHECK(test::read_text(file).find("bWU6czNjcmV0") == std::string::npos);
  CHECK(ocibuild.run({"logout", "reg.example:5000"}) == 0);
  CHECK(ocibuild.out == "not logged in to reg.example:5000\n");
}
