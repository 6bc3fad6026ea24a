// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "unit/http/exchange_fixture.hpp"

namespace ocibuild::http {

using test::header_of;
using test::ScriptedServer;

TEST_CASE("registry.md N1, N2: a request has our name, asks for no encoding and adds nothing",
          "[http]") {
  ScriptedServer server(R"({"rules": [{"body": "hello", "headers": [["X-One", "1"]]}]})");
  const NetworkSettings settings;
  Client client(settings);
  const auto answer =
      client.send({.url = *Url::parse(server.url("/a%2fb/../c?x=%2F&y=a+b;z=ä"))}, 100);
  REQUIRE(answer.outcome.head);
  CHECK(answer.outcome.head->status == 200);
  CHECK(answer.outcome.head->headers.find("x-one") == "1");
  CHECK(answer.body == "hello");
  CHECK_FALSE(answer.outcome.failure);
  CHECK(answer.outcome.via_proxy.empty());
  const auto request = server.record().at(0);
  CHECK(header_of(request, "User-Agent").starts_with("ocibuild/"));
  CHECK(header_of(request, "Accept-Encoding") == "identity");
  CHECK(header_of(request, "Accept").empty());
  CHECK(request.at("headers").size() == 3);
}

TEST_CASE("registry.md N4: path and query go out byte for byte", "[http]") {
  ScriptedServer server(R"({})");
  const NetworkSettings settings;
  Client client(settings);
  const std::string target = "/a%2fb/../c/./%7Ed?x=%2F&y=a+b;z=%e4&&=?'\"|^";
  client.send({.url = *Url::parse(server.url(target))}, 100);
  CHECK(server.record().at(0).at("target") == target);
}

TEST_CASE("cli.md 5.6: a body whose size nobody knows is sent in chunks", "[http]") {
  struct Unmeasured final : RequestBody {
    explicit Unmeasured(std::string given) : text(std::move(given)) {}
    std::uint64_t size() const override { return unknown_size; }
    std::unique_ptr<support::ByteSource> open() const override {
      return std::make_unique<support::MemorySource>(std::string_view(text));
    }
    const std::string text;
  };
  ScriptedServer server(R"({"rules": [{"status": 200}]})");
  const NetworkSettings settings;
  Client client(settings);
  const auto url = *Url::parse(server.url("/up"));
  for (const std::size_t size : {0UL, 5UL, 3UL << 20}) {
    const Unmeasured body(std::string(size, 'x'));
    const auto answer = client.send({.method = Method::post, .url = url, .body = &body}, 100);
    REQUIRE(answer.outcome.head);
    CHECK(answer.outcome.head->status == 200);
    const auto request = server.record().back();
    CHECK(request.at("body_size") == size);
    CHECK(header_of(request, "Transfer-Encoding") == "chunked");
    CHECK(header_of(request, "Content-Length").empty());
  }
}

TEST_CASE("registry.md N1: a body is sent with its length, and a POST without one has length 0",
          "[http]") {
  ScriptedServer server(R"({"rules": [{"status": 201}]})");
  const NetworkSettings settings;
  Client client(settings);
  const TextBody body(std::string(3 << 20, 'x'));
  const TextBody small("small");
  const auto url = *Url::parse(server.url("/up"));
  CHECK(client.send({.method = Method::put, .url = url, .body = &body}, 0).outcome.head->status ==
        201);
  CHECK(
      client.send({.method = Method::patch, .url = url, .body = &small}, 0).outcome.head->status ==
      201);
  CHECK(client.send({.method = Method::post, .url = url}, 0).outcome.head->status == 201);
  const auto record = server.record();
  CHECK(record.at(0).at("body_size") == 3 << 20);
  CHECK(header_of(record.at(0), "Expect") == "100-continue");
  CHECK(record.at(1).at("body") == "small");
  CHECK(record.at(1).at("method") == "PATCH");
  CHECK(header_of(record.at(1), "Expect").empty());
  CHECK(header_of(record.at(2), "Content-Length") == "0");
}

TEST_CASE("registry.md S3, S4: a certificate of an added CA is trusted, and no other is",
          "[http]") {
  ScriptedServer server(R"({"listeners": {"main": {"tls": "good"}, "other": {"tls": "other-ca"}},
                            "rules": [{"body": "over TLS"}]})");
  NetworkSettings settings;
  settings.resolve = {server.resolve(), server.resolve("other")};
  settings.trust.extra = {server.certificate("ca.crt")};
  Client client(settings);
  const auto answer = client.send({.url = *Url::parse(server.named_url("https", "/"))}, 100);
  CHECK_FALSE(answer.outcome.failure);
  CHECK(answer.body == "over TLS");
  const auto refused =
      client.send({.url = *Url::parse(server.named_url("https", "/", "other"))}, 100);
  REQUIRE(refused.outcome.failure);
  CHECK(refused.outcome.failure->kind == Failure::Kind::tls_untrusted);
  CHECK(refused.outcome.failure->issuer == "CN=Scripted other");
  CHECK(refused.outcome.failure->subject == "CN=scripted other-ca");
}

TEST_CASE("registry.md S1, S2: loopback may speak plain HTTP where https was asked", "[http]") {
  ScriptedServer server(R"({"rules": [{"body": "plain"}]})");
  const NetworkSettings settings;
  Client client(settings);
  Url url = *Url::parse(server.url("/"));
  url.origin.scheme = "https";
  const auto answer = client.send({.url = url}, 100);
  CHECK(answer.body == "plain");
  CHECK(answer.outcome.url.str() == server.url("/"));
}

TEST_CASE("registry.md E5.2: an exchange tells how its connection came about", "[http]") {
  ScriptedServer server(R"({"listeners": {"main": {"tls": "good"}, "plain": {}},
                            "rules": [{"body": "x"}, {"on": "plain", "body": "x"}]})");
  const NetworkSettings settings = settings_for(server, {"main"});
  Client client(settings);
  const auto first = client.send(named_get(server, "https"), 100).outcome.connection;
  CHECK(first.opened);
  CHECK(first.address == "127.0.0.1");
  CHECK(first.connect.count() > 0);
  CHECK(first.tls.count() > 0);
  CHECK(first.certificate.subject == "CN=scripted good");
  CHECK(first.certificate.issuer == "CN=Scripted ca");
  CHECK(first.certificate.root == "CN=Scripted ca");
  CHECK(first.certificate.not_after == "2099-01-01 00:00:00 UTC");
  const auto second = client.send(named_get(server, "https"), 100).outcome.connection;
  CHECK_FALSE(second.opened);
  const auto plain = client.send(get(server, "/", "plain"), 100).outcome.connection;
  CHECK(plain.opened);
  CHECK(plain.tls.count() == 0);
  CHECK(plain.certificate.subject.empty());
}

TEST_CASE("registry.md E5.2: a failed exchange tells how far its connection came", "[http]") {
  ScriptedServer server(R"({"listeners": {"main": {"tls": "other-ca"}}})");
  const NetworkSettings settings = settings_for(server, {"main"});
  Client client(settings);
  const auto untrusted = client.send(named_get(server, "https"), 100).outcome.connection;
  CHECK(untrusted.address == "127.0.0.1");
  CHECK(untrusted.certificate.issuer == "CN=Scripted other");
  CHECK(untrusted.certificate.root.empty());
}

}  // namespace ocibuild::http
