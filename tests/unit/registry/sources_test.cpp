// SPDX-License-Identifier: Apache-2.0
#include "registry/sources.hpp"

#include <algorithm>

#include "secrets.hpp"
#include "support/temp_dir.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::refusal_of;

namespace {

std::string shown(const Source& source) {
  std::string out = source.registry + '/' + source.repository;
  if (source.insecure) out += " insecure";
  if (source.mirror) out += " mirror";
  return out;
}

/// Configuration files and flags.
struct Machine {
  void conf(const std::string& text) {
    settings.registries_conf.push_back(
        files.write("r" + std::to_string(settings.registries_conf.size()), text));
  }
  void daemon(const std::string& text) { settings.daemon_json = files.write("daemon.json", text); }

  /// Sources joined by ", ", or what the pull is refused with.
  std::string pull(const std::string& name) const {
    std::string out;
    const std::string refusal = refusal_of([&] {
      for (const Source& source : Configuration(settings).pull_sources(Reference::parse(name)))
        out += (out.empty() ? "" : ", ") + shown(source);
    });
    return refusal.empty() ? out : refusal;
  }
  std::string push(const std::string& name) const {
    std::string out;
    const std::string refusal = refusal_of(
        [&] { out = shown(Configuration(settings).push_target(Reference::parse(name))); });
    return refusal.empty() ? out : refusal;
  }
  std::string resolve(const std::string& name) const {
    std::string out;
    const std::string refusal =
        refusal_of([&] { out = Configuration(settings).resolve_short_name(name).str(); });
    return refusal.empty() ? out : refusal;
  }

  test::TempDir files;
  NetworkSettings settings;
};

const std::string by_digest = "alpine@sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("registry.md R4: Docker Hub is asked at its API host", "[registry]") {
  CHECK(api_host("docker.io") == "registry-1.docker.io");
  CHECK(api_host("ghcr.io") == "ghcr.io");
  CHECK(api_host("localhost:5000") == "localhost:5000");
}

TEST_CASE("registry.md C3: mirrors come in order, then the registry itself", "[registry]") {
  Machine machine;
  CHECK(machine.pull("alpine") == "docker.io/library/alpine");
  machine.daemon(R"({"registry-mirrors": ["https://d.corp/", "http://e.corp:5000/x"]})");
  CHECK(machine.pull("alpine") ==
        "d.corp/library/alpine mirror, e.corp:5000/x/library/alpine insecure mirror, "
        "docker.io/library/alpine");
  CHECK(machine.pull("ghcr.io/a/b") == "ghcr.io/a/b");

  machine.conf(
      "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = "
      "\"f.corp/hub\"\n[[registry.mirror]]\nlocation = \"g.corp\"\ninsecure = true\n");
  CHECK(machine.pull("alpine") ==
        "f.corp/hub/library/alpine mirror, g.corp/library/alpine insecure mirror, "
        "docker.io/library/alpine");

  machine.settings.mirrors = {{.location = "h.corp/p/"}, {.registry = "ghcr.io", .location = "i"}};
  CHECK(machine.pull("alpine") == "h.corp/p/library/alpine mirror, docker.io/library/alpine");
  CHECK(machine.pull("ghcr.io/a/b") == "i/a/b mirror, ghcr.io/a/b");
  CHECK(machine.push("alpine") == "docker.io/library/alpine");

  machine.settings.mirror_only = true;
  CHECK(machine.pull("alpine") == "h.corp/p/library/alpine mirror");
  CHECK(machine.pull("quay.io/a/b") == "quay.io/a/b");
  machine.settings.mirror_only = false;
  machine.settings.mirror_only_registries = {"ghcr.io"};
  CHECK(machine.pull("ghcr.io/a/b") == "i/a/b mirror");
  CHECK(machine.pull("alpine") == "h.corp/p/library/alpine mirror, docker.io/library/alpine");
  machine.settings.mirrors = {{.location = "https://h.corp"}};
  CHECK(has(machine.pull("alpine"), "the mirror \"https://h.corp\" is no HOST[:PORT][/PREFIX]"));
}

TEST_CASE("registry.md C2.1: a mirror may be for digests or tags only", "[registry]") {
  Machine machine;
  machine.conf(
      "[[registry]]\nlocation = \"docker.io\"\n[[registry.mirror]]\nlocation = \"d.corp\"\n"
      "pull-from-mirror = \"digest-only\"\n");
  CHECK(machine.pull("alpine") == "docker.io/library/alpine");
  CHECK(machine.pull(by_digest) == "d.corp/library/alpine mirror, docker.io/library/alpine");
  machine.settings.mirror_only = true;
  CHECK(has(machine.pull("alpine"), "no-mirror: no mirror may serve \"alpine:latest\""));
  CHECK(machine.pull(by_digest) == "d.corp/library/alpine mirror");
}

TEST_CASE("registry.md C2.3, C2.4: pulls are rewritten, pushes go where the name says",
          "[registry]") {
  Machine machine;
  machine.conf(
      "[[registry]]\nprefix = \"docker.io\"\nlocation = \"harbor.corp/hub\"\n"
      "insecure = true\n[[registry.mirror]]\nlocation = \"m.corp\"\n"
      "[[registry]]\nprefix = \"*.x.io\"\ninsecure = true\n");
  CHECK(machine.pull("alpine") ==
        "m.corp/library/alpine mirror, harbor.corp/hub/library/alpine insecure");
  CHECK(machine.push("alpine") == "docker.io/library/alpine");
  CHECK(machine.pull("a.x.io/b") == "a.x.io/b insecure");
  CHECK(machine.push("a.x.io/b") == "a.x.io/b insecure");
}

TEST_CASE("registry.md C2.4: what is blocked is refused for pull and push with file and table",
          "[registry]") {
  Machine machine;
  machine.conf("\n[[registry]]\nlocation = \"docker.io/acme\"\nblocked = true\n");
  const std::string said =
      "registry-blocked: \"acme/app:latest\" is blocked: " + (machine.files / "r0").string() +
      " line 2, [[registry]] \"docker.io/acme\"\n";
  CHECK(machine.pull("acme/app") == said);
  CHECK(machine.push("acme/app") == said);
  machine.settings.mirrors = {{.location = "h.corp"}};
  CHECK(machine.pull("acme/app") == said);
  CHECK(machine.pull("other/app") == "h.corp/other/app mirror, docker.io/other/app");
}

TEST_CASE("registry.md C2: files that are missing count for nothing, damaged ones are errors",
          "[registry]") {
  Machine machine;
  machine.settings.registries_conf = {machine.files / "absent"};
  machine.settings.daemon_json = machine.files / "absent";
  CHECK(machine.pull("alpine") == "docker.io/library/alpine");
  machine.daemon("{\n\"registry-mirrors\": hUsH}");
  CHECK(has(machine.pull("alpine"), "is not valid JSON (line 2, column 21)"));
  machine.daemon(R"({"registry-mirrors": ["https://u:hUsH@m.corp"]})");
  CHECK(has(machine.pull("alpine"), "an entry of \"registry-mirrors\" is no http(s)://HOST"));
  machine.daemon(R"({"registry-mirrors": "https://m.corp"})");
  CHECK(has(machine.pull("alpine"), "\"registry-mirrors\" is not a list"));
  machine.daemon("{}");
  machine.conf("x = [");
  CHECK(has(machine.pull("alpine"), "config-invalid: not valid TOML"));
}

TEST_CASE("registry.md S1, C3: who may be insecure is said by flags, files and loopback",
          "[registry]") {
  Machine machine;
  machine.settings.insecure_registries = {"Flag.corp", "port.corp:5000"};
  machine.daemon(
      R"({"insecure-registries": ["daemon.corp", "10.1.0.0/16", "fd00::/8", "1.2.3.4/x"]})");
  machine.conf(
      "[[registry]]\nprefix = \"docker.io\"\nlocation = \"table.corp\"\ninsecure = true\n"
      "[[registry.mirror]]\nlocation = \"mirror.corp\"\ninsecure = true\n");
  const Configuration configuration(machine.settings);
  for (const char* name : {"flag.corp", "flag.corp:5000", "port.corp:5000", "daemon.corp",
                           "10.1.2.3:5000", "[fd00::1]:5000", "table.corp", "mirror.corp",
                           "localhost:5000", "127.0.0.1", "[::1]:5000"}) {
    INFO(name);
    CHECK(configuration.is_insecure(name));
  }
  for (const char* name : {"port.corp", "port.corp:5001", "10.2.0.1", "192.168.0.1", "[fe80::1]",
                           "docker.io", "sub.flag.corp", "1.2.3.4"}) {
    INFO(name);
    CHECK_FALSE(configuration.is_insecure(name));
  }
  machine.settings.tls_verify = false;
  CHECK(Configuration(machine.settings).is_insecure("docker.io"));
}

TEST_CASE("registry.md R5.1, R5.2: short names go by alias, then by the only search registry",
          "[registry]") {
  Machine machine;
  CHECK(machine.resolve("fedora:40") == "docker.io/library/fedora:40");
  machine.conf(
      "[aliases]\nfedora = \"registry.fedoraproject.org/fedora\"\n\"a/b\" = \"c.io/d/e\"\n"
      "gone = \"c.io/gone\"\n");
  machine.conf("[aliases]\ngone = \"\"\n");
  CHECK(machine.resolve("fedora:40") == "registry.fedoraproject.org/fedora:40");
  CHECK(machine.resolve("fedora") == "registry.fedoraproject.org/fedora:latest");
  const std::string digest = "@sha256:" + std::string(64, 'a');
  CHECK(machine.resolve("a/b:1" + digest) == "c.io/d/e:1" + digest);
  CHECK(machine.resolve("gone") == "docker.io/library/gone:latest");
  CHECK(machine.resolve("docker.io/fedora") == "docker.io/library/fedora:latest");
  CHECK(machine.resolve("localhost/fedora") == "localhost/fedora:latest");

  machine.conf("unqualified-search-registries = [\"quay.io\"]\n");
  CHECK(machine.resolve("x/y:1") == "quay.io/x/y:1");
  CHECK(machine.resolve("test.com:5000") == "quay.io/test.com:5000");
  CHECK(machine.resolve("fedora") == "registry.fedoraproject.org/fedora:latest");
  machine.conf("unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n");
  CHECK(machine.resolve("x:1") ==
        "name-ambiguous: \"x:1\" could be on any of several registries\n"
        "note: \"unqualified-search-registries\" has 2 entries\n"
        "help: write one of: quay.io/x:1, docker.io/library/x:1\n");
  CHECK(machine.resolve("ghcr.io/x:1") == "ghcr.io/x:1");
  machine.conf("unqualified-search-registries = []\n");
  CHECK(machine.resolve("x:1") == "docker.io/library/x:1");
  CHECK(has(machine.resolve("X:1"), "name-invalid"));
}

TEST_CASE("registry.md R5.3: what is local goes before the search, and an alias before that",
          "[registry]") {
  Machine machine;
  machine.conf(
      "unqualified-search-registries = [\"quay.io\"]\n[aliases]\nfedora = \"f.test/fedora\"\n");
  const auto among = [&](const std::vector<std::string>& local, const std::string& name) {
    const auto is_local = [&](const Reference& given) {
      return std::find(local.begin(), local.end(), given.str()) != local.end();
    };
    return Configuration(machine.settings).resolve_short_name(name, is_local).str();
  };
  const std::string built = "docker.io/library/fedora:latest";
  CHECK(among({}, "fedora") == "f.test/fedora:latest");
  CHECK(among({built}, "fedora") == built);
  CHECK(among({built, "f.test/fedora:latest"}, "fedora") == "f.test/fedora:latest");
  CHECK(among({"docker.io/library/base:1", "quay.io/base:1"}, "base:1") ==
        "docker.io/library/base:1");
  CHECK(among({"docker.io/library/base:1"}, "base:2") == "quay.io/base:2");
  CHECK(among({built}, "quay.io/fedora") == "quay.io/fedora:latest");
  machine.conf("unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n");
  CHECK(among({"docker.io/library/base:1"}, "base:1") == "docker.io/library/base:1");
}
