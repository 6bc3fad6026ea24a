// SPDX-License-Identifier: Apache-2.0
#include "registry/tokens.hpp"

#include <ocibuild/error.hpp>

#include "registry/repeater.hpp"
#include "secrets.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"

namespace ocibuild::registry {

using test::header_of;
using test::ScriptedServer;

namespace {

/// A client that asks a token server on loopback for a registry that may be elsewhere.
class TokenClient {
public:
  explicit TokenClient(std::string_view script) : server(script) {}

  Token fetch(const std::string& realm, std::optional<Credential> credential = {},
              bool insecure = true, const std::string& host = "127.0.0.1") {
    const Tokens::Asker asker{.origin = {"https", host, 443},
                              .registry = host,
                              .credential = std::move(credential),
                              .insecure = insecure};
    const Challenge challenge{"bearer", {{"realm", realm}, {"service", "s"}}};
    return tokens_.fetch(asker, challenge, Scopes::pull("a/b"), {});
  }

  /// The identifier of the error that it ends with.
  std::string refusal(const std::string& realm, bool insecure = false,
                      const std::string& host = "127.0.0.1") {
    try {
      fetch(realm, Credential{.user = "me", .password = "hUsH"}, insecure, host);
    } catch (const Error& error) {
      return error.diagnostic().id;
    }
    return "accepted";
  }

  ScriptedServer server;

private:
  const NetworkSettings settings_;
  http::Client client_{settings_};
  const Repeater repeater_{{.repetitions = 0, .delay = std::chrono::milliseconds(1)}, {}};
  Tokens tokens_{client_, repeater_, {}};
};

constexpr std::string_view gives_a_token = R"({"rules": [{"body": "{\"token\": \"t\"}"}]})";

}  // namespace

TEST_CASE("registry.md X2: credentials go to a realm that is an address of a fitting kind only",
          "[registry]") {
  TokenClient client(gives_a_token);
  CHECK(client.refusal("ftp://auth.example/token") == "realm-invalid");
  CHECK(client.refusal("/token") == "realm-invalid");
  CHECK(client.refusal("https://u:p@auth.example/token") == "realm-invalid");
  CHECK(client.refusal("http://auth.example/token") == "realm-invalid");
  CHECK(client.refusal("https://169.254.169.254/latest", true, "reg.example") == "realm-invalid");
  CHECK(client.refusal(client.server.url("/token"), true, "reg.example") == "realm-invalid");
  CHECK(client.server.record().empty());
  CHECK(client.refusal(client.server.url("/token"), true) == "accepted");
}

TEST_CASE("registry.md X2: a token server redirects on its own origin only", "[registry]") {
  TokenClient client(R"({"listeners": {"main": {}, "other": {}}, "rules": [
      {"path": "/here", "status": 307, "headers": [["Location", "/there"]]},
      {"path": "/there", "body": "{\"token\": \"t\"}"}]})");
  CHECK(client.fetch(client.server.url("/here?x=1")).text == "t");
  client.server.clear();
  client.server.rules(R"([{"on": "main", "status": 307, "headers": [["Location", ")" +
                      client.server.url("/there", "other") + R"("]]}, {"body": "{}"}])");
  CHECK(client.refusal(client.server.url("/here"), true) != "accepted");
  CHECK(client.server.record().size() == 1);
}

TEST_CASE("registry.md T4: a token is asked for with service, scope and password", "[registry]") {
  TokenClient client(gives_a_token);
  client.fetch(client.server.url("/token?own=%2F"), Credential{.user = "r+b$x", .password = "p"});
  const auto request = client.server.record().at(0);
  CHECK(request.at("target") ==
        "/token?own=%2F&service=s&scope=repository%3Aa%2Fb%3Apull&client_id=ocibuild"
        "&account=r%2Bb%24x");
  CHECK(header_of(request, "Authorization") == "Basic citiJHg6cA==");
}

TEST_CASE("registry.md T5: an identity token is posted, a password only when GET is not known",
          "[registry]") {
  TokenClient client(R"({"rules": [{"method": "POST", "body": "{\"access_token\": \"t\"}"},
                                   {"status": 405}]})");
  CHECK(client.fetch(client.server.url("/a"), Credential{.identity_token = "long"}).text == "t");
  auto record = client.server.record();
  REQUIRE(record.size() == 1);
  CHECK(record.at(0).at("body") ==
        "grant_type=refresh_token&refresh_token=long&service=s&client_id=ocibuild"
        "&scope=repository%3Aa%2Fb%3Apull");
  client.server.clear();
  CHECK(client.fetch(client.server.url("/b"), Credential{.user = "u", .password = "p"}).text ==
        "t");
  record = client.server.record();
  REQUIRE(record.size() == 2);
  CHECK(record.at(0).at("method") == "GET");
  CHECK(record.at(1).at("body").get<std::string>().starts_with(
      "grant_type=password&username=u&password=p&"));
}

TEST_CASE("registry.md T5: where POST is not known an identity token gives way to the password",
          "[registry]") {
  TokenClient client(R"({"rules": [{"method": "POST", "status": 404},
                                   {"body": "{\"token\": \"t\"}"}]})");
  CHECK(client
            .fetch(client.server.url("/a"),
                   Credential{.user = "u", .password = "p", .identity_token = "long"})
            .text == "t");
  CHECK_THROWS_AS(client.fetch(client.server.url("/b"), Credential{.identity_token = "other"}),
                  Error);
}

}  // namespace ocibuild::registry
