// SPDX-License-Identifier: Apache-2.0
#include "registry/registries_conf.hpp"

#include "secrets.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::refusal_of;

namespace {

RegistriesConf parse(const std::string& text) {
  return parse_registries_conf(text, "/etc/r.conf");
}

std::string table(const std::string& prefix, const std::string& location = "m.example/x") {
  return "[[registry]]\nprefix = \"" + prefix + "\"\nlocation = \"" + location + "\"\n";
}

}  // namespace

TEST_CASE("registry.md C2.1: every key of version 2 is read, others are ignored", "[registry]") {
  const RegistriesConf conf = parse(R"(
unqualified-search-registries = ["docker.io", "quay.io"]
short-name-mode = "enforcing"
[aliases]
"fedora" = "registry.fedoraproject.org/fedora"
"gone" = ""
[[registry]]
prefix = "docker.io/"
location = "Mirror.corp/hub/"
insecure = true
blocked = false
unknown = {a = 1}
[[registry.mirror]]
location = "a.corp:5000"
insecure = true
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "b.corp/x"
pull-from-mirror = "tag-only"
[[registry.mirror]]
location = "c.corp"
pull-from-mirror = "all"
[[registry]]
location = "ghcr.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "d.corp"
[[registry]]
prefix = "*.example.com"
blocked = true
)");
  CHECK(conf.search == std::vector<std::string>{"docker.io", "quay.io"});
  CHECK(conf.aliases.at("fedora") == "registry.fedoraproject.org/fedora");
  CHECK(conf.aliases.at("gone").empty());
  REQUIRE(conf.registries.size() == 3);
  const RegistryTable& hub = conf.registries[0];
  CHECK(hub.prefix == "docker.io");
  CHECK(hub.location->str() == "mirror.corp/hub");
  CHECK(hub.insecure);
  CHECK(hub.line == 7);
  REQUIRE(hub.mirrors.size() == 3);
  CHECK(hub.mirrors[0].location.str() == "a.corp:5000");
  CHECK(hub.mirrors[0].insecure);
  CHECK(hub.mirrors[0].pulls == MirrorTable::Pulls::by_digest);
  CHECK(hub.mirrors[1].pulls == MirrorTable::Pulls::by_tag);
  CHECK(hub.mirrors[2].pulls == MirrorTable::Pulls::all);
  CHECK(conf.registries[1].prefix == "ghcr.io");
  CHECK(conf.registries[1].mirrors[0].pulls == MirrorTable::Pulls::by_digest);
  CHECK_FALSE(conf.registries[2].location);
  CHECK(conf.registries[2].blocked);
}

TEST_CASE("registry.md C1, C2.1: a mistake is told with file, line and the words", "[registry]") {
  struct Row {
    const char* text;
    const char* said;
  };
  const Row rows[] = {
      {"\nx = [", "not valid TOML: "},
      {"registry = 1", "\"registry\" is no list of tables: write [[registry]]"},
      {"[[registry]]\nprefix = 1", "\"prefix\" is no string"},
      {"[[registry]]\nblocked = true", "a [[registry]] needs \"prefix\" or \"location\""},
      {"[[registry]]\nprefix = \"a.io\"", "\"location\" is missing for the prefix \"a.io\""},
      {"[[registry]]\nlocation = \"https://a.io\"", "the prefix \"https://a.io\" has a scheme"},
      {"[[registry]]\nprefix = \"a.io\"\nlocation = \"https://a.io\"",
       "\"https://a.io\" has a scheme: write HOST[:PORT][/PATH]"},
      {"[[registry]]\nprefix = \"a.io\"\nlocation = \"-a/b\"", "\"-a/b\" is no HOST[:PORT][/PATH]"},
      {"[[registry]]\nprefix = \"a.io\"\nlocation = \"a.io/B\"", "is no HOST[:PORT][/PATH]"},
      {"[[registry]]\nprefix = \"a.io\"\nlocation = \"a.io/b:c\"", "is no HOST[:PORT][/PATH]"},
      {"[[registry]]\nprefix = \"*.a.io/b\"", "is no *.DOMAIN without port and path"},
      {"[[registry]]\nprefix = \"*.a.io:5\"", "is no *.DOMAIN without port and path"},
      {"[[registry]]\nprefix = \"x.*.io\"", "is no *.DOMAIN without port and path"},
      {"[[registry]]\nprefix = \"*.*.io\"", "is no *.DOMAIN without port and path"},
      {"[[registry]]\nlocation = \"a.io\"\ninsecure = \"yes\"",
       "\"insecure\" is neither true nor false"},
      {"[[registry]]\nlocation = \"a.io\"\nmirror = 1", "\"mirror\" is no list"},
      {"[[registry]]\nlocation = \"a.io\"\n[[registry.mirror]]\ninsecure = true",
       "a [[registry.mirror]] needs \"location\""},
      {"[[registry]]\nlocation = \"a.io\"\n[[registry.mirror]]\nlocation = \"b.io\"\n"
       "pull-from-mirror = \"some\"",
       "\"some\" is none of all, digest-only and tag-only"},
      {"[[registry]]\nlocation = \"a.io\"\nmirror-by-digest-only = true\n[[registry.mirror]]\n"
       "location = \"b.io\"\npull-from-mirror = \"all\"",
       "exclude each other"},
      {"unqualified-search-registries = \"docker.io\"",
       "\"unqualified-search-registries\" is no list"},
      {"unqualified-search-registries = [1]", "is no string"},
      {"[aliases]\na = \"b\"", "the alias \"b\" is no HOST/PATH"},
      {"[aliases]\na = 1", "\"aliases\" is no string"},
      {"registries = 1", "\"registries\" is no table"},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const std::string said = refusal_of([&] { parse(row.text); });
    CHECK(said.starts_with("config-invalid: "));
    CHECK(has(said, row.said));
    CHECK(has(said, "at /etc/r.conf:"));
  }
  CHECK(refusal_of([] { parse("\n[[registry]]\nprefix = \"*.a.io/b\""); }) ==
        "config-invalid: the prefix \"*.a.io/b\" is no *.DOMAIN without port and path\n"
        "at /etc/r.conf:2\n| [[registry]]\n");
}

TEST_CASE("registry.md C2.2: the longest prefix of the normalised name wins", "[registry]") {
  struct Row {
    std::vector<const char*> prefixes;
    const char* name;
    const char* found;
  };
  const Row rows[] = {
      {{"docker.io"}, "alpine", "docker.io"},
      {{"docker.io/library/alpine"}, "alpine", "docker.io/library/alpine"},
      {{"docker.io/library/alpine:3.20"}, "alpine:3.20", "docker.io/library/alpine:3.20"},
      {{"docker.io/library/alpine:3.2"}, "alpine:3.20", ""},
      {{"docker.io/library/alp"}, "alpine", ""},
      {{"docker.io/alpine"}, "alpine", ""},
      {{"docker.io", "docker.io/library", "docker.io/lib"}, "alpine", "docker.io/library"},
      {{"a.io/b", "a.io"}, "a.io/b/c", "a.io/b"},
      {{"a.io/b"}, "a.io/bc", ""},
      {{"a.io"}, "a.io:5000/b", "a.io"},
      {{"a.io:5000"}, "a.io:5000/b", "a.io:5000"},
      {{"a.io:5000"}, "a.io/b", ""},
      {{"*.a.io"}, "x.y.a.io:5000/b", "*.a.io"},
      {{"*.a.io"}, "a.io/b", ""},
      {{"*.a.io"}, "xa.io/b", ""},
      {{"*.a.io"}, "b.io/x.a.io", ""},
      {{"*.a.io", "*.x.a.io", "x.a.io"}, "x.a.io/b", "x.a.io"},
      {{"*.a.io", "*.x.a.io"}, "y.x.a.io/b", "*.x.a.io"},
  };
  for (const Row& row : rows) {
    INFO(row.name << " for " << row.found);
    std::string text;
    for (const char* prefix : row.prefixes) text += table(prefix);
    const RegistriesConf conf = parse(text);
    const RegistryTable* found = find_table(conf, Reference::parse(row.name));
    CHECK((found == nullptr ? "" : found->prefix) == row.found);
  }
  const std::string digest = "sha256:" + std::string(64, 'a');
  const RegistriesConf pinned = parse(table("a.io/b@" + digest));
  CHECK(find_table(pinned, Reference::parse("a.io/b@" + digest)) != nullptr);
  CHECK(find_table(pinned, Reference::parse("a.io/b:1")) == nullptr);
}

TEST_CASE("registry.md C2.3: the matched prefix is replaced, the rest stays", "[registry]") {
  struct Row {
    const char* prefix;
    const char* location;
    const char* name;
    const char* result;
  };
  for (const Row& row :
       {Row{"docker.io", "harbor.corp/hub", "alpine", "harbor.corp/hub/library/alpine"},
        Row{"docker.io/library", "harbor.corp", "alpine:3", "harbor.corp/alpine"},
        Row{"a.io/b", "c.io:5000/d", "a.io/b/e/f", "c.io:5000/d/e/f"},
        Row{"a.io/b", "c.io/d", "a.io/b", "c.io/d"},
        Row{"a.io/b:1", "c.io/d", "a.io/b:1", "c.io/d"},
        Row{"*.a.io", "c.io/d", "x.a.io/e", "c.io/d/e"},
        Row{"*.a.io", "c.io", "x.a.io:5000/e", "c.io:5000/e"}}) {
    INFO(row.name);
    const RegistriesConf conf = parse(table(row.prefix, row.location));
    const Reference name = Reference::parse(row.name);
    const RegistryTable* found = find_table(conf, name);
    REQUIRE(found != nullptr);
    CHECK(rewritten(*found, *found->location, name).str() == row.result);
  }
  const RegistriesConf conf = parse(table("a.io/b", "c.io"));
  CHECK(has(refusal_of([&] {
              rewritten(conf.registries[0], *conf.registries[0].location,
                        Reference::parse("a.io/b"));
            }),
            "/etc/r.conf line 1: the location \"c.io\" leaves nothing of the repository"));
}

TEST_CASE("registry.md C2: a drop-in replaces tables of its prefixes, the search list, aliases",
          "[registry]") {
  RegistriesConf conf = parse(
      "unqualified-search-registries = [\"a.io\"]\n[aliases]\nx = "
      "\"a.io/x\"\ny = \"a.io/y\"\n" +
      table("p.io", "q.io") + table("r.io", "s.io"));
  merge(conf, parse("[aliases]\nx = \"\"\nz = \"a.io/z\"\n" + table("p.io", "t.io") +
                    table("u.io", "v.io")));
  check(conf);
  CHECK(conf.search == std::vector<std::string>{"a.io"});
  CHECK(conf.aliases ==
        std::map<std::string, std::string>{{"x", ""}, {"y", "a.io/y"}, {"z", "a.io/z"}});
  CHECK(conf.registries.size() == 3);
  CHECK(find_table(conf, Reference::parse("p.io/a"))->location->str() == "t.io");
  CHECK(find_table(conf, Reference::parse("r.io/a"))->location->str() == "s.io");
  merge(conf, parse("unqualified-search-registries = []"));
  CHECK(conf.search->empty());
}

TEST_CASE("registry.md C2.5: version 1 says what is insecure and blocked", "[registry]") {
  RegistriesConf conf = parse(
      "[registries.search]\nregistries = [\"docker.io\"]\n[registries.insecure]\nregistries = "
      "[\"a.io\", \"b.io:5000\"]\n[registries.block]\nregistries = [\"b.io:5000\", \"c.io\"]\n");
  check(conf);
  CHECK_FALSE(conf.search);
  REQUIRE(conf.registries.size() == 3);
  CHECK((conf.registries[0].insecure && !conf.registries[0].blocked));
  CHECK((conf.registries[1].insecure && conf.registries[1].blocked));
  CHECK((!conf.registries[2].insecure && conf.registries[2].blocked));
  merge(conf, parse_registries_conf(table("d.io"), "/etc/r.conf.d/2.conf"));
  CHECK(has(refusal_of([&] { check(conf); }),
            "\"/etc/r.conf\" has the tables of version 1 ([registries.…]), "
            "\"/etc/r.conf.d/2.conf\" those of version 2"));
}

TEST_CASE("registry.md C2.6: tables of one location may not disagree", "[registry]") {
  CHECK(has(refusal_of([] {
              check(parse(table("a.io", "c.io") + table("b.io", "c.io") + "insecure = true\n"));
            }),
            "the registry \"c.io\" is insecure in one of /etc/r.conf line 1 and /etc/r.conf line "
            "4, and not in the other"));
  CHECK(has(refusal_of([] {
              check(parse(table("a.io", "c.io") + "blocked = true\n" + table("b.io", "c.io")));
            }),
            "the registry \"c.io\" is blocked in one"));
  CHECK_NOTHROW(check(parse(table("a.io", "c.io") + table("b.io", "c.io/d") + "insecure = true")));
}
