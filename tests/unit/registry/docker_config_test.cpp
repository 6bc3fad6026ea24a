// SPDX-License-Identifier: Apache-2.0
#include "registry/docker_config.hpp"

#include "secrets.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::hush;
using test::refusal_of;

namespace {

/// {"auths": {KEY: {"auth": base64 of user:KEY}, …}}.
std::string auths(const std::vector<std::string>& keys) {
  std::string out;
  for (const std::string& key : keys) {
    if (!out.empty()) out += ", ";
    out += '"' + key + "\": {\"auth\": \"" + support::encode_base64("user:" + key) + "\"}";
  }
  return "{\"auths\": {" + out + "}}";
}

}  // namespace

TEST_CASE("registry.md K2.2: the longest path wins, then keys that are addresses", "[registry]") {
  struct Row {
    std::vector<std::string> keys;
    const char* registry;
    const char* repository;
    const char* found;
  };
  const std::string hub = "https://index.docker.io/v1/";
  const Row rows[] = {
      {{"reg", "reg/a", "reg/a/b", "reg/a/b/c"}, "reg", "a/b/c", "reg/a/b/c"},
      {{"reg", "reg/a", "reg/a/b"}, "reg", "a/b/c", "reg/a/b"},
      {{"reg", "reg/a"}, "reg", "ab/c", "reg"},
      {{"reg/a"}, "reg", "ab/c", ""},
      {{"reg/a"}, "reg", "", ""},
      {{"reg.io"}, "reg.io", "", "reg.io"},
      {{"reg.io"}, "reg.io:5000", "a", ""},
      {{"reg.io:5000"}, "reg.io", "a", ""},
      {{hub}, "docker.io", "library/alpine", hub.c_str()},
      {{"docker.io", hub}, "docker.io", "library/alpine", "docker.io"},
      {{"index.docker.io"}, "docker.io", "a", "index.docker.io"},
      {{"registry-1.docker.io"}, "docker.io", "a", "registry-1.docker.io"},
      {{"docker.io/acme"}, "docker.io", "acme/a", "docker.io/acme"},
      {{"https://ghcr.io"}, "ghcr.io", "a/b", "https://ghcr.io"},
      {{"http://ghcr.io/v2/"}, "ghcr.io", "a/b", "http://ghcr.io/v2/"},
      {{"https://GHCR.io/x"}, "ghcr.io", "a/b", "https://GHCR.io/x"},
      {{"ghcr.io/v1"}, "ghcr.io", "a/b", "ghcr.io/v1"},
      {{"ghcr.io/"}, "ghcr.io", "a/b", "ghcr.io/"},
      // A key for one path says nothing of another, whatever its host.
      {{"ghcr.io/acme"}, "ghcr.io", "other/b", ""},
      {{"https://a", "http://b"}, "c", "x", ""},
  };
  for (const Row& row : rows) {
    INFO(row.keys.front() << " for " << row.registry << '/' << row.repository);
    const DockerConfig config = parse_docker_config(auths(row.keys), "f");
    const auto* found = find_auth(config, row.registry, row.repository);
    CHECK((found == nullptr ? "" : found->first) == row.found);
  }
}

TEST_CASE("registry.md K2.4: an empty entry is a marker and no hit", "[registry]") {
  const DockerConfig config =
      parse_docker_config(R"({"auths": {"ghcr.io": {}, "https://ghcr.io": {"auth": "YTpi"},
                              "quay.io": {"email": "a@b"}, "gcr.io": null}})",
                          "f");
  CHECK(find_auth(config, "ghcr.io", "a")->first == "https://ghcr.io");
  CHECK(find_auth(config, "quay.io", "a") == nullptr);
  CHECK(find_auth(config, "gcr.io", "a") == nullptr);
}

TEST_CASE("registry.md K2.1: a helper is named for one registry", "[registry]") {
  const DockerConfig config = parse_docker_config(
      R"({"credHelpers": {"ghcr.io": "gh", "https://index.docker.io/v1/": "hub", "quay.io": ""}})",
      "f");
  CHECK(own_helper(config, "ghcr.io") == "gh");
  CHECK(own_helper(config, "docker.io") == "hub");
  CHECK_FALSE(own_helper(config, "quay.io"));
  CHECK_FALSE(own_helper(config, "ghcr.io:443"));
}

TEST_CASE("registry.md K3: an entry is read in every form", "[registry]") {
  const auto decoded = [](const std::string& entry) {
    const DockerConfig config =
        parse_docker_config("{\"auths\": {\"r\": " + entry + "}}", "/d/config.json");
    const Credential c = decode_auth(config.auths.at("r"), "r", config.file);
    CHECK(c.source == "/d/config.json (r)");
    return c.user + '|' + c.password + '|' + c.identity_token + '|' + c.registry_token;
  };
  const auto auth = [](const std::string& plain) {
    return "{\"auth\": \"" + support::encode_base64(plain) + "\"}";
  };
  CHECK(decoded(auth("user:pass")) == "user|pass||");
  CHECK(decoded(auth("_json_key:{\"a\": \"b:c\"}")) == "_json_key|{\"a\": \"b:c\"}||");
  CHECK(decoded(auth(std::string("user:pass\0\0", 11))) == "user|pass||");
  CHECK(decoded(auth("user:")) == "user|||");
  CHECK(decoded(auth(":")) == "|||");
  CHECK(decoded(auth("\xff\xfe:\xfd")) == "\xff\xfe|\xfd||");
  CHECK(decoded(R"({"username": "u", "password": "p:q"})") == "u|p:q||");
  CHECK(decoded(R"({"auth": "YTpi", "username": "u", "password": "p"})") == "a|b||");
  CHECK(decoded(R"({"auth": "YTpi", "identitytoken": "t"})") == "a|b|t|");
  CHECK(decoded(R"({"identitytoken": "t"})") == "||t|");
  CHECK(decoded(R"({"registrytoken": "t"})") == "|||t");
}

TEST_CASE("registry.md K3, X3: a damaged entry is named by file and key only", "[registry]") {
  const auto reading = [](const std::string& text) {
    return refusal_of([&] {
      const DockerConfig config = parse_docker_config(text, "/d/config.json");
      decode_auth(config.auths.at("r"), "r", config.file);
    });
  };
  CHECK(reading(R"({"auths": {"r": {"auth": "*hUsH*"}}})") ==
        "credentials-invalid: /d/config.json: \"auth\" of \"r\" is not base64\n"
        "help: write it anew: ocibuild login r\n");
  CHECK(has(reading("{\"auths\": {\"r\": {\"auth\": \"" + support::encode_base64(hush) + "\"}}}"),
            "\"auth\" of \"r\" has no colon between user and password"));
  CHECK(has(reading(R"({"auths": {"r": {"auth": ["hUsH"]}}})"),
            "/d/config.json: \"auths\" of \"r\": JSON member \"auth\" is not a string"));
  CHECK(has(reading(R"({"auths": {"r": "hUsH"}})"), "\"auths\" of \"r\" is no object"));
  // Another registry's damaged entry does no harm.
  CHECK(reading(R"({"auths": {"r": {"auth": "YTpi"}, "s": {"auth": "*"}}})").empty());
}

TEST_CASE("registry.md C5: a file that is no JSON is named with the position", "[registry]") {
  const auto reading = [](const std::string& text) {
    return refusal_of([&] { parse_docker_config(text, "/d/config.json"); });
  };
  CHECK(reading("{\n  \"auths\": {\"r\": {\"auth\": hUsH}}\n}") ==
        "credentials-invalid: /d/config.json is not valid JSON (line 2, column 27)\n");
  CHECK(has(reading("[\"hUsH\"]"), "/d/config.json is no JSON object"));
  CHECK(has(reading(R"({"credsStore": 1})"),
            "/d/config.json: JSON member \"credsStore\" is not a string"));
  CHECK(has(reading(std::string(100, '[')), "/d/config.json nests deeper than 64 levels"));
  for (const char* empty : {"", "  \n", "{}", R"({"auths": null})", R"({"detachKeys": [1]})"})
    CHECK(reading(empty).empty());
}

TEST_CASE("registry.md C5: headers are taken, but not those that only we set", "[registry]") {
  const DockerConfig config = parse_docker_config(
      R"({"HttpHeaders": {"X-Meta": "a", "user-agent": "b", "Authorization": "c", "Host": "d",
          "Content-Type": "e", "Range": "f", "X-Z": "g"}})",
      "f");
  CHECK(config.http_headers ==
        std::vector<std::pair<std::string, std::string>>{{"X-Meta", "a"}, {"X-Z", "g"}});
  for (const char* text : {R"({"HttpHeaders": {"X": "hUsH\r\nY: 1"}})",
                           R"({"HttpHeaders": {"X Y": "hUsH"}})", R"({"HttpHeaders": {"": "1"}})"})
    CHECK(has(refusal_of([&] { parse_docker_config(text, "f"); }), "\"HttpHeaders\" is no header"));
}

TEST_CASE("registry.md C4.1, C5: docker's configuration can name proxies", "[registry]") {
  const auto proxies = [](const std::string& text) {
    return parse_docker_config(text, "config.json").proxies;
  };
  const ProxySettings all = proxies(
      R"({"proxies": {"default": {"httpProxy": "http://h:1", "httpsProxy": "s:2", "noProxy": "x.test"},
                      "tcp://daemon": {"httpProxy": "other"}}})");
  REQUIRE(all.http);
  CHECK(all.http->url == "http://h:1");
  CHECK(all.http->setting == "config.json (httpProxy)");
  REQUIRE(all.https);
  CHECK(all.https->url == "s:2");
  CHECK_FALSE(all.all);
  CHECK(all.no_proxy == "x.test");
  for (const char* none :
       {"{}", R"({"proxies": null})", R"({"proxies": {"default": {"httpProxy": ""}}})"})
    CHECK_FALSE(proxies(none).http);
}
