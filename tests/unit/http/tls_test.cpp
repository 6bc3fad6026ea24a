// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include "http/curl_api.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/http/exchange_fixture.hpp"

namespace ocibuild::http {

using test::ScriptedServer;
using Kind = Failure::Kind;

TEST_CASE("registry.md S3, S4, E2: each fault of a certificate has its kind and its facts",
          "[http]") {
  ScriptedServer server(R"({
    "listeners": {"good": {"tls": "good"}, "other": {"tls": "other-ca"}, "name": {"tls": "wrong-name"},
                  "old": {"tls": "expired"}, "young": {"tls": "not-yet-valid"}, "plain": {}, "reset": {"handler": "reset"}},
    "rules": [{"on": "good", "body": "over TLS"}]})");
  const NetworkSettings settings =
      settings_for(server, {"good", "other", "name", "old", "young", "plain", "reset"});
  Client client(settings);
  const auto failure_at = [&](const std::string& listener) {
    const auto answer = client.send(named_get(server, "https", "/", listener), 100);
    REQUIRE(answer.outcome.failure);
    CHECK_FALSE(answer.outcome.head);
    return *answer.outcome.failure;
  };
  CHECK(client.send(named_get(server, "https", "/", "good"), 100).body == "over TLS");
  const Failure other = failure_at("other");
  CHECK(other.kind == Kind::tls_untrusted);
  CHECK(other.curl_code == 60);
  CHECK(other.subject == "CN=scripted other-ca");
  CHECK(other.issuer == "CN=Scripted other");
  const Failure name = failure_at("name");
  CHECK(name.kind == Kind::tls_name);
  CHECK(name.names == "elsewhere.test");
  const Failure old = failure_at("old");
  CHECK(old.kind == Kind::tls_time);
  CHECK(old.not_after == "2021-01-01 00:00:00 UTC");
  const Failure young = failure_at("young");
  CHECK(young.kind == Kind::tls_time);
  CHECK(young.not_before == "2098-01-01 00:00:00 UTC");
  const Failure plain = failure_at("plain");
  CHECK(plain.kind == Kind::tls_handshake);
  CHECK(plain.curl_code == 35);
  CHECK_FALSE(plain.handshake_cut);
  const Failure reset = failure_at("reset");
  CHECK(reset.kind == Kind::tls_handshake);
  CHECK(reset.handshake_cut);
}

TEST_CASE("registry.md S5: HTTP/1.1 is spoken to a server that would rather speak HTTP/2",
          "[http]") {
  ScriptedServer server(R"({"listeners": {"good": {"tls": "good"}},
                            "rules": [{"on": "good", "body": "x"}]})");
  const NetworkSettings settings = settings_for(server, {"good"});
  Client client(settings);
  CHECK(client.send(named_get(server, "https", "/", "good"), 100).body == "x");
  CHECK(server.record().at(0).at("protocol") == "http/1.1");
}

TEST_CASE("registry.md S2, X9: on a secure origin plain HTTP is never tried, whatever failed",
          "[http]") {
  ScriptedServer server(R"({"listeners": {"plain": {}, "other": {"tls": "other-ca"}},
                            "rules": [{"on": "plain"}, {"on": "other"}]})");
  const NetworkSettings settings = settings_for(server, {"plain", "other"});
  Client client(settings);
  client.send(named_get(server, "https", "/", "plain"), 100);
  client.send(named_get(server, "https", "/", "other"), 100);
  CHECK(server.record().empty());
}

TEST_CASE("registry.md S1, S2: an insecure origin is asked by TLS without checks, then plainly",
          "[http]") {
  ScriptedServer server(
      R"({"listeners": {"plain": {}, "other": {"tls": "other-ca"}, "name": {"tls": "wrong-name"}},
                            "rules": [{"on": "plain", "body": "plain"}, {"on": "other", "body": "other"}, {"on": "name", "body": "name"}]})");
  NetworkSettings settings = settings_for(server, {"plain", "other", "name"});
  const auto body_at = [&](const std::string& listener) {
    Client client(settings);
    return client.send(named_get(server, "https", "/", listener), 100).body;
  };
  SECTION("by --insecure-registry with the port") {
    const auto with_port = [&](const char* listener) {
      return support::concat("Registry.test:", server.port(listener));
    };
    settings.insecure_registries = {with_port("plain"), with_port("other")};
    CHECK(body_at("plain") == "plain");
    CHECK(body_at("other") == "other");
    CHECK(body_at("name").empty());
  }
  SECTION("a name without port is not that of every port") {
    settings.insecure_registries = {"registry.test"};
    CHECK(body_at("plain").empty());
  }
  SECTION("by --tls-verify=false") {
    settings.tls_verify = false;
    CHECK(body_at("plain") == "plain");
    CHECK(body_at("name") == "name");
  }
  SECTION("by the caller's word") {
    Client client(settings);
    Request request = named_get(server, "https", "/", "plain");
    request.insecure = true;
    const auto answer = client.send(request, 100);
    CHECK(answer.body == "plain");
    CHECK(answer.outcome.url.str() == server.named_url("http", "/", "plain"));
  }
}

TEST_CASE("registry.md S2: what an insecure origin speaks is found out once", "[http]") {
  ScriptedServer server(
      R"({"listeners": {"main": {}, "tls": {"tls": "other-ca"}, "reset": {"handler": "reset"}},
                            "rules": [{"body": "plain"}, {"on": "tls", "body": "tls"}]})");
  const NetworkSettings settings;
  Client client(settings);
  int on_the_wire = 0;
  client.observe([&](const RequestLog&) { ++on_the_wire; });
  const auto https = [&](const std::string& listener) {
    Request request = get(server, "/", listener);
    request.url.origin.scheme = "https";
    return request;
  };
  CHECK(client.send(https("main"), 100).body == "plain");
  CHECK(on_the_wire == 2);
  CHECK(client.send(https("main"), 100).body == "plain");
  CHECK(on_the_wire == 3);
  CHECK(client.send(https("tls"), 100).body == "tls");
  CHECK(on_the_wire == 4);
  const auto nothing = client.send(https("reset"), 100);
  CHECK(kind_of(nothing.outcome) == Kind::tls_handshake);
  CHECK(nothing.outcome.url.origin.scheme == "https");
}

TEST_CASE("registry.md S2: a TLS port that complains about plain HTTP is no plain registry",
          "[http]") {
  ScriptedServer server(
      R"({"rules": [{"status": 400, "body": "HTTP request to an HTTPS server"}]})");
  const NetworkSettings settings;
  Client client(settings);
  Request request = get(server, "/");
  request.url.origin.scheme = "https";
  const auto answer = client.send(request, 100);
  CHECK(kind_of(answer.outcome) == Kind::tls_handshake);
  CHECK_FALSE(answer.outcome.head);
}

TEST_CASE("registry.md S3, C6: certs.d and flags give one origin its CA and our certificate",
          "[http]") {
  ScriptedServer server(
      R"({"listeners": {"main": {"tls": "good", "client_ca": true}, "second": {"tls": "good"}},
                            "rules": [{"body": "known"}, {"on": "second", "body": "second"}]})");
  NetworkSettings settings;
  settings.resolve = {server.resolve(), server.resolve("second")};
  const test::TempDir dir;
  const std::string name = support::concat("registry.test:", server.port());
  const auto copy = [&](const char* from, const std::string& to) {
    std::filesystem::copy_file(server.certificate(from), dir.mkdir("second/" + name) / to);
  };
  const auto ask = [&](const std::string& listener = "main") {
    Client client(settings);
    return client.send(named_get(server, "https", "/", listener), 100);
  };
  settings.trust.certs_d = {dir / "first", dir / "second"};
  SECTION("by a directory") {
    copy("ca.crt", "any.crt");
    copy("client.crt", "me.cert");
    copy("client.key", "me.key");
    CHECK(ask().body == "known");
    CHECK(kind_of(ask("second").outcome) == Kind::tls_untrusted);
  }
  SECTION("by flags") {
    settings.trust.registry_ca[name] = {server.certificate("ca.crt")};
    settings.trust.registry_client[name] = {server.certificate("client.crt"),
                                            server.certificate("client.key")};
    CHECK(ask().body == "known");
    CHECK(kind_of(ask("second").outcome) == Kind::tls_untrusted);
  }
  SECTION("a certificate without key is an error that names the key") {
    copy("client.crt", "me.cert");
    try {
      ask();
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.diagnostic().id == "certificate-file");
      CHECK(error.diagnostic().message.find("me.key\" is missing") != std::string::npos);
    }
  }
  SECTION("only the first directory that exists is read") {
    dir.mkdir("first/" + name);
    copy("ca.crt", "any.crt");
    CHECK(kind_of(ask().outcome) == Kind::tls_untrusted);
  }
}

TEST_CASE("registry.md S3: the given bundle and directory are the base set, and must be readable",
          "[http]") {
  ScriptedServer server(
      R"({"listeners": {"main": {"tls": "good"}}, "rules": [{"body": "trusted"}]})");
  NetworkSettings settings;
  settings.resolve = {server.resolve()};
  settings.trust.bundle = server.certificate("ca.crt");
  {
    Client client(settings);
    CHECK(client.send(named_get(server, "https"), 100).body == "trusted");
    CHECK(client.trust().authorities == 1);
    CHECK(client.trust().file == server.certificate("ca.crt").string());
  }
  const test::TempDir dir;
  for (const auto& [path, words] : {std::pair{dir / "missing", "cannot be read"},
                                    {dir.write("empty", "text"), "has no certificate"}}) {
    settings.trust.bundle = path;
    Client client(settings);
    try {
      client.send(named_get(server, "https"), 100);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.code() == Errc::network_setup);
      CHECK(error.diagnostic().message.find(path.string() + "\" " + words) != std::string::npos);
    }
  }
}

TEST_CASE("registry.md N1: a machine without libcurl gets one clear error", "[http]") {
  try {
    CurlApi::load("libcurl-of-nobody.so.4");
    FAIL("loaded");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::network_setup);
    CHECK(error.diagnostic().id == "libcurl-missing");
  }
}

}  // namespace ocibuild::http
