// SPDX-License-Identifier: Apache-2.0
#include "config_file.hpp"

#include <ocibuild/error.hpp>

#include "network_settings.hpp"
#include "program_fixture.hpp"
#include "settings.hpp"
#include "support/catch.hpp"
#include "units.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

/// Flags of one command with the files of a user and of a system that has its own root.
struct Machine {
  Machine() { io.environment["HOME"] = (dir / "home").string(); }

  void user(const std::string& text) { dir.write("home/.config/ocibuild/config.toml", text); }
  void system(const std::string& text) { dir.write("etc/config.toml", text); }
  ParsedFlags flags(const Strings& words = {}, Command command = build_command) {
    io.working_directory = dir.path();
    io.system_config = dir / "etc/config.toml";
    ParsedFlags out = parse_flags(command, words, io.environment);
    add_configuration(out, command, io);
    return out;
  }
  NetworkSettings network(const Strings& words = {}) { return network_settings(flags(words), io); }

  test::TempDir dir;
  Io io{.out = {nullptr}, .err = {nullptr}};
};

/// "REGISTRY=LOCATION" of each mirror.
Strings mirrors_of(const NetworkSettings& network) {
  Strings out;
  for (const Mirror& mirror : network.mirrors)
    out.push_back(mirror.registry + '=' + mirror.location);
  return out;
}

/// What is wrong with a file: "LINE: message (help)".
Strings faults(const std::string& text) {
  Strings out;
  try {
    parse_config(text, "/etc/c.toml");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::usage);
    for (const Diagnostic& one : error.diagnostics()) {
      CHECK(one.id == "config-invalid");
      CHECK(one.where->file == "/etc/c.toml");
      out.push_back(std::to_string(one.where->line) + ": " + one.message);
      for (const std::string& help : one.helps) out.back() += " (" + help + ')';
    }
  }
  return out;
}

}  // namespace

TEST_CASE("cli.md 7.1: flag, own variable, general variable, user's file, system's file, default",
          "[cli]") {
  Machine machine;
  CHECK(!machine.flags().has("format"));
  machine.system("format = \"docker\"\njobs = 3\n");
  CHECK(machine.flags().text("format") == "docker");
  machine.user("format = \"oci\"\n");
  CHECK(machine.flags().text("format") == "oci");
  CHECK(machine.flags().text("jobs") == "3");
  machine.io.environment["BUILDAH_FORMAT"] = "docker";
  CHECK(machine.flags().text("format") == "docker");
  CHECK(machine.flags().origin("format") == "BUILDAH_FORMAT");
  machine.io.environment["OCIBUILD_FORMAT"] = "oci";
  CHECK(machine.flags().origin("format") == "OCIBUILD_FORMAT");
  CHECK(machine.flags({"--format", "docker"}).origin("format") == "--format");
  CHECK(machine.flags({"--format", "docker"}).list("format") == Strings{"docker"});
}

TEST_CASE("cli.md 7.1: general variables stand between our own and the files", "[cli]") {
  Machine machine;
  machine.system(
      "source-date-epoch = 7\nprogress = \"quiet\"\nauthfile = \"/a\"\ncolor = \"always\"\n");
  CHECK(machine.flags().text("source-date-epoch") == "7");
  CHECK(machine.network().credentials.only_file == fs::path("/a"));
  CHECK(progress_mode(machine.flags(), machine.io) == ProgressMode::quiet);
  CHECK(look_of(machine.flags(), machine.io, machine.io.err).colour);
  machine.io.environment = {{"SOURCE_DATE_EPOCH", "8"},
                            {"BUILDKIT_PROGRESS", "rawjson"},
                            {"REGISTRY_AUTH_FILE", "/b"},
                            {"NO_COLOR", "1"},
                            {"DOCKER_DEFAULT_PLATFORM", "linux/arm64"}};
  CHECK(machine.flags().text("source-date-epoch") == "8");
  CHECK(machine.network().credentials.only_file == fs::path("/b"));
  CHECK(progress_mode(machine.flags(), machine.io) == ProgressMode::json);
  CHECK(!look_of(machine.flags(), machine.io, machine.io.err).colour);
  CHECK(machine.flags().list("platform") == Strings{"linux/arm64"});
  CHECK(machine.flags({}, pull_command).list("platform") == Strings{"linux/arm64"});
  CHECK(!machine.flags({}, inspect_command).has("platform"));
}

TEST_CASE("cli.md 7.2: a file of XDG_CONFIG_HOME is the user's, one of --config the only one",
          "[cli]") {
  Machine machine;
  machine.user("jobs = 1\n");
  machine.system("jobs = 2\nretry = 2\n");
  machine.dir.write("xdg/ocibuild/config.toml", "jobs = 3\n");
  machine.dir.write("own.toml", "jobs = 4\n");
  machine.io.environment["XDG_CONFIG_HOME"] = "relative";
  CHECK(machine.flags().text("jobs") == "1");
  machine.io.environment["XDG_CONFIG_HOME"] = (machine.dir / "xdg").string();
  CHECK(machine.flags().text("jobs") == "3");
  CHECK(machine.flags().text("retry") == "2");
  const ParsedFlags own = machine.flags({"--config", "own.toml"});
  CHECK(own.text("jobs") == "4");
  CHECK(!own.has("retry"));
  machine.io.environment["OCIBUILD_CONFIG"] = "own.toml";
  CHECK(machine.flags().text("jobs") == "4");
  CHECK(!machine.flags({"--config=none"}).has("jobs"));
  CHECK(machine.flags({"--config=none"}, images_command).config == "none");
}

TEST_CASE("cli.md 7.2: --config none reads no file of podman and docker either", "[cli]") {
  Machine machine;
  CHECK(machine.network().daemon_json == fs::path("/etc/docker/daemon.json"));
  CHECK(!machine.network().registries_conf.empty());
  CHECK(machine.network().trust.certs_d.size() == 4);
  const NetworkSettings none = machine.network({"--config", "none", "--cert-dir", "/certs"});
  CHECK(!none.daemon_json);
  CHECK(none.registries_conf.empty());
  CHECK(none.trust.certs_d == std::vector<fs::path>{"/certs"});
}

TEST_CASE("cli.md 7.2: a file that --config names must be there, and every one readable", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"images", "--config", "missing.toml"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("missing.toml\" cannot be read: No such file or directory"));
  CHECK(ocibuild.run({"--config", "", "images"}) == 2);
  CHECK(ocibuild.err ==
        "error: --config needs the name of a file, or none\nsee: ocibuild images -h\n");
  fs::create_directories(ocibuild.dir / "etc/config.toml");
  CHECK(ocibuild.run({"images"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("etc/config.toml\" cannot be read: Is a directory"));
  CHECK(ocibuild.run({"--config", "none", "images"}) == 0);
}

TEST_CASE("cli.md 7.3: lists of different levels replace each other, CA files add up", "[cli]") {
  Machine machine;
  machine.user("label = [\"a=1\", \"b=2\"]\ncacert = \"/u.pem\"\n");
  machine.system(
      "label = [\"c=3\"]\ncacert = [\"/s.pem\"]\nregistry-certificate = \"r.test=/r.pem\"\n");
  CHECK(machine.flags().list("label") == Strings{"a=1", "b=2"});
  CHECK(machine.flags({"--label", "d=4"}).list("label") == Strings{"d=4"});
  machine.io.environment["OCIBUILD_CACERT"] = "/v.pem";
  CHECK(machine.flags({"--cacert", "/f.pem"}).list("cacert") ==
        Strings{"/f.pem", "/v.pem", "/u.pem", "/s.pem"});
  const NetworkSettings network = machine.network({"--registry-certificate", "r.test=/f.pem"});
  CHECK(network.trust.registry_ca.at("r.test") == std::vector<fs::path>{"/f.pem", "/r.pem"});
}

TEST_CASE("cli.md 7.4: files of a configuration are beside it, those that a build writes are not",
          "[cli]") {
  Machine machine;
  machine.system(
      "cacert = \"ca.pem\"\niidfile = \"id\"\ncache-dir = \"../c\"\n"
      "registry-client-cert = \"r.test=c.pem,/k.pem\"\n[registry.\"r.test\"]\nca = \"r.pem\"\n");
  const std::string etc = (machine.dir / "etc/").string();
  const ParsedFlags flags = machine.flags();
  CHECK(flags.list("cacert") == Strings{etc + "ca.pem"});
  CHECK(flags.text("iidfile") == "id");
  CHECK(flags.text("cache-dir") == (machine.dir / "c").string());
  CHECK(flags.list("registry-client-cert") == Strings{"r.test=" + etc + "c.pem,/k.pem"});
  CHECK(flags.registries[0].authorities == Strings{etc + "r.pem"});
}

TEST_CASE("cli.md 7.5: [registry] has mirrors, trust and whether a registry is insecure", "[cli]") {
  Machine machine;
  machine.user(
      "[registry.\"docker.io\"]\nmirrors = [\"u.test/hub\"]\nmirror-only = true\n"
      "[registry.\"r.test:5000\"]\ninsecure = false\ncert = \"/c\"\nkey = \"/k\"\n");
  machine.system(
      "registry-mirror = [\"s.test\", \"ghcr.io=s.test/ghcr\"]\n[registry.\"r.test:5000\"]\n"
      "insecure = true\nmirrors = \"s.test/r\"\n[registry.\"q.test\"]\ninsecure = true\n");
  const NetworkSettings network = machine.network();
  CHECK(mirrors_of(network) ==
        Strings{"docker.io=u.test/hub", "ghcr.io=s.test/ghcr", "r.test:5000=s.test/r"});
  CHECK(network.mirrors[0].setting ==
        (machine.dir / "home/.config/ocibuild/config.toml:1").string());
  CHECK(network.mirror_only_registries == Strings{"docker.io"});
  CHECK(!network.mirror_only);
  CHECK(network.insecure_registries == Strings{"q.test"});
  CHECK(network.trust.registry_client.at("r.test:5000").key == fs::path("/k"));
  CHECK(mirrors_of(machine.network({"--registry-mirror", "f.test"})) ==
        Strings{"docker.io=f.test", "r.test:5000=s.test/r"});
}

TEST_CASE("cli.md 7.6: every mistake of a file is told with its line and the nearest name",
          "[cli]") {
  CHECK(faults("jobs = 1\nretri = 3\n\n[registri]\n") ==
        Strings{"2: there is no setting \"retri\" (did you mean \"retry\"?)",
                "4: there is no setting \"registri\" (did you mean \"registry\"?)"});
  CHECK(faults("a b\n")[0].starts_with("1: not valid TOML: "));
  CHECK(faults("no-cache = \"true\"\njobs = [1]\nlabel = [1]\npush = 1\nretry = 1.5\npull = 1\n") ==
        Strings{"1: \"no-cache\" takes true or false, without quotes",
                "2: \"jobs\" takes a text in quotes", "3: \"label\" takes a text in quotes",
                "4: \"push\" takes true or false, without quotes",
                "5: \"retry\" takes a text in quotes"});
  CHECK(faults("label = 1\n") == Strings{"1: \"label\" takes a list of texts: [\"…\", \"…\"]"});
  CHECK(faults("file = \"x\"\ntarget = \"x\"\nnetwork = \"host\"\nconfig = \"x\"\n").size() == 4);
  CHECK(faults("target = \"x\"\n") ==
        Strings{"1: \"target\" is for the command line only, as it is about one build"});
  CHECK(faults("squash = true\n")[0].starts_with("1: \"squash\" is refused: "));
  CHECK(faults("digestfile = \"x\"\ndigest-file = \"x\"\n").size() == 1);
  CHECK(faults("[registry.\"r.test\"]\nmirror = \"x\"\ninsecure = 1\n") ==
        Strings{"2: a registry has no setting \"mirror\" (did you mean \"mirrors\"?)",
                "3: \"insecure\" takes true or false"});
  CHECK(faults("[cache]\nmax-used = 1\nmax-used-space = true\n[[registry]]\n").size() == 3);
  CHECK(faults("cache = 1\n") == Strings{"1: \"cache\" is no table: write [cache]"});
  CHECK(faults("[registry.hub]\n") ==
        Strings{"1: \"hub\" is no registry: write [registry.\"HOST[:PORT]\"]"});
  CHECK(faults("[registry.\"r.test\"]\ncert = \"a\"\n") ==
        Strings{"1: \"cert\" and \"key\" of a registry belong together"});
  CHECK(faults("[registry.\"r.test\"]\nmirrors = [\"https://a\"]\n") ==
        Strings{"2: the mirror \"https://a\" is no HOST[:PORT][/PREFIX]"});
}

TEST_CASE("cli.md 7.6: a mistake in a file ends the command before it does anything", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("etc/config.toml", "jbos = 2\n");
  CHECK(ocibuild.run({"images"}) == 2);
  const std::string file = (ocibuild.dir / "etc/config.toml").string();
  CHECK(ocibuild.err == "error[config-invalid]: there is no setting \"jbos\"\n  --> " + file +
                            ":1:1\n 1 | jbos = 2\n   | ^^^^\n"
                            "   = help: did you mean \"jobs\"?\n");
  ocibuild.dir.write("etc/config.toml", "\njobs = 0\n");
  ocibuild.dir.write("Dockerfile", "FROM scratch\n");
  CHECK(ocibuild.run({"build", "."}) == 2);
  CHECK(ocibuild.err == "error: jobs (" + file +
                            ":2) needs a whole number from 1 to 1024, not '0'\n"
                            "see: ocibuild build -h\n");
}

TEST_CASE("cli.md 7.7: a file of the build context configures nothing", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("c/Dockerfile", "FROM scratch\nLABEL a=b\n");
  for (const char* name : {"config.toml", "ocibuild.toml", "ocibuild/config.toml",
                           ".config/ocibuild/config.toml", ".ocibuild/config.toml"})
    ocibuild.dir.write("c/" + std::string(name), "wrong\n");
  CHECK(ocibuild.run({"./c"}) == 0);
}

TEST_CASE("cli.md 7.8: what a file says gives way to what one build says", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
  ocibuild.dir.write("etc/config.toml",
                     "compression = \"zstd\"\ncompression-level = 19\nformat = \"docker\"\n"
                     "timestamp = 5\nrewrite-timestamp = true\nsource-date-epoch = 9\n");
  CHECK(ocibuild.run({"-o", "type=oci,dest=a/,compression=gzip,oci-mediatypes=true", "."}) == 0);
  CHECK(ocibuild.run({"--compression=gzip", "--timestamps=preserve", "."}) == 0);
  ocibuild.dir.write("etc/config.toml", "ipv4 = true\n");
  CHECK(ocibuild.run({"-6", "."}) == 0);
  ocibuild.dir.write("etc/config.toml", "skip-tls-verify = true\n");
  Machine machine;
  machine.system("skip-tls-verify = true\n");
  CHECK(!machine.network().tls_verify);
  CHECK(machine.network({"--tls-verify"}).tls_verify);
}

TEST_CASE("cli.md 7.9: a global --config may stand before inspect, which has its own", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"--config", "none", "inspect", "--config", "app"}) == 5);
  ocibuild.environment["OCIBUILD_CONFIG"] = "missing.toml";
  CHECK(ocibuild.run({"inspect", "app"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("missing.toml"));
}
