// SPDX-License-Identifier: Apache-2.0
#include "go_template.hpp"

#include <ocibuild/error.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using Catch::Matchers::Contains;
using program::GoTemplate;

namespace {

constexpr const char* object = R"({"Id":"sha256:ab","Size":17,"Flag":true,"None":null,)"
                               R"("List":["a","b c"],"Empty":[],)"
                               R"("Config":{"Labels":{"b.c":"2","a":"1\u001b"},"Cmd":["x"]}})";

std::string rendered(std::string_view text) {
  return GoTemplate::parse(text, "--format").render(object);
}

}  // namespace

TEST_CASE("cli.md 8.4: fields, json and index, and the text between", "[cli]") {
  CHECK(rendered("") == "");
  CHECK(rendered("plain") == "plain");
  CHECK(rendered("{{.Id}} is {{ .Size }} {{.Flag}} {{.None}}") == "sha256:ab is 17 true <nil>");
  CHECK(rendered("{{.Id}}\\t{{.Size}}\\n\\x") == "sha256:ab\t17\n\\x");
  CHECK(rendered("{{.List}} {{.Empty}} {{.Config.Cmd}}") == "[a b c] [] [x]");
  CHECK(rendered("{{.Config.Labels}}") == "map[a:1\\x1b b.c:2]");
  CHECK(rendered("{{json .List}} {{json .Config.Labels}}") ==
        R"(["a","b c"] {"b.c":"2","a":"1\u001b"})");
  CHECK(rendered("{{index .List 1}}") == "b c");
  CHECK(rendered("{{index .Config.Labels \"b.c\"}}") == "2");
  CHECK(rendered("{{index .Config \"Labels\" \"b.c\"}}{{index .Config.Labels \"none\"}}") == "2");
  CHECK(rendered("{{json .}}").starts_with("{\"Id\":"));
}

TEST_CASE("cli.md 8.4: what a config leaves out is empty", "[cli]") {
  CHECK(rendered("[{{.Config.User}}] {{.Config.Env}} {{.Config.Volumes}} {{json .Config.Env}}") ==
        "[] [] map[] null");
  CHECK(rendered("{{.Config.Other}}") == "<no value>");
}

TEST_CASE("cli.md 8.4: every other action is refused", "[cli]") {
  for (const char* text :
       {"{{}}", "{{.Id", "{{if .Id}}", "{{range .List}}", "{{end}}", "{{.Id | json}}", "{{json}}",
        "{{json .Id .Size}}", "{{index .List}}", "{{index .List -1}}", "{{index .List .Size}}",
        "{{Id}}", "{{..Id}}", "{{.Id.}}", "{{$x}}", "{{- .Id}}", "{{printf \"%s\" .Id}}",
        "{{index .List \"a}}", "{{/* c */}}"}) {
    INFO(text);
    try {
      rendered(text);
      FAIL("taken");
    } catch (const Error& error) {
      CHECK(error.code() == Errc::usage);
    }
  }
  CHECK_THROWS_WITH(rendered("{{.Idd}}"),
                    "--format names .Idd, which is not there; did you mean '.Id'?");
  CHECK_THROWS_WITH(rendered("{{index .List 2}}"), "--format: there is no element 2");
  CHECK_THROWS_WITH(rendered("{{index .List \"a\"}}"), "--format: there is no element \"a\"");
}

namespace {

/// A store with app:1, its second name ghcr.io/me/web:2, and an image that lost its name.
struct Store : test::Program {
  Store() {
    dir.write("hello", "hello\n");
    dir.write("Dockerfile", "FROM scratch\nCOPY hello /\n");
    REQUIRE(run({"-q", "-t", "app:1", "."}) == 0);
    dir.write("Dockerfile",
              "FROM scratch\nCOPY hello /a/file/with/a/long/name/that/is/cut\nLABEL k=v e=\n");
    REQUIRE(run({"-q", "-t", "app:1", "-t", "ghcr.io/me/web:2", "."}) == 0);
  }
  std::string names(std::vector<std::string> filters) {
    program::Arguments words{"images", "--format", "{{.Repository}}:{{.Tag}}"};
    for (std::string& filter : filters) {
      words.emplace_back("--filter");
      words.push_back(std::move(filter));
    }
    CHECK(run(words) == 0);
    return out;
  }
};

}  // namespace

TEST_CASE("cli.md 8.4: images, history and inspect take templates", "[cli]") {
  Store store;
  CHECK(store.names({}) == "app:1\nghcr.io/me/web:2\n<none>:<none>\n");
  CHECK(store.run({"images", "--format", "table {{.Tag}}\\t{{.Repository}}", "app"}) == 0);
  CHECK(store.out == "TAG   REPOSITORY\n1     app\n");
  CHECK(store.run({"images", "--format", "table {{.ID}}", "app"}) == 0);
  CHECK(store.out.size() == std::string("IMAGE ID\n0123456789ab\n").size());
  CHECK(store.run({"history", "--format", "{{.CreatedBy}}", "app:1"}) == 0);
  CHECK_THAT(store.out, Contains("COPY hello /a/file") && !Contains("is/cut"));
  CHECK(store.run({"history", "--no-trunc", "--format", "{{.CreatedBy}}", "app:1"}) == 0);
  CHECK_THAT(store.out, Contains("is/cut"));
  CHECK(store.run({"inspect", "-f", "{{index .RepoTags 0}} {{.Config.Labels.k}}", "app:1",
                   "ghcr.io/me/web:2"}) == 0);
  CHECK(store.out == "app:1 v\napp:1 v\n");
  CHECK(store.run({"inspect", "-f", "table {{.Id}}", "app:1"}) == 2);
  CHECK(store.run({"inspect", "-f", "{{range .RepoTags}}", "app:1"}) == 2);
  CHECK(store.run({"inspect", "-f", "{{index .RepoTags 7}}", "app:1"}) == 1);
  CHECK(store.run({"images", "--format", "xml"}) == 2);
}

TEST_CASE("cli.md 6.1: images are filtered as docker filters them", "[cli]") {
  Store store;
  CHECK(store.names({"dangling=true"}) == "<none>:<none>\n");
  CHECK(store.names({"dangling=false"}) == "app:1\nghcr.io/me/web:2\n");
  CHECK(store.names({"label=k"}) == "app:1\nghcr.io/me/web:2\n");
  CHECK(store.names({"label=k=v", "label=e="}) == "app:1\nghcr.io/me/web:2\n");
  CHECK(store.names({"label=k", "label=other"}).empty());
  CHECK(store.names({"label=k=w"}).empty());
  CHECK(store.names({"reference=app"}) == "app:1\n");
  CHECK(store.names({"reference=a*:1"}) == "app:1\n");
  CHECK(store.names({"reference=*"}) == "app:1\n");
  CHECK(store.names({"reference=*/*/web", "reference=app:1"}) == "app:1\nghcr.io/me/web:2\n");
  CHECK(store.names({"reference=*/*/*", "label=none"}).empty());
  for (const char* wrong : {"until=1h", "label=", "reference=", "dangling=maybe", "x"})
    CHECK(store.run({"images", "--filter", wrong}) == 2);
}
