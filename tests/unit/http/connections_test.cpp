// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "unit/http/exchange_fixture.hpp"

namespace ocibuild::http {

using test::ScriptedServer;
using Kind = Failure::Kind;

TEST_CASE("registry.md N5: connections are kept, and a dead one is replaced unseen", "[http]") {
  ScriptedServer server(
      R"({"rules": [{"path": "/", "body": "ok"}, {"path": "/close", "body": "ok", "close": true}]})");
  const NetworkSettings settings;
  Client client(settings);
  CHECK(client.send(get(server, "/"), 100).body == "ok");
  CHECK(client.send(get(server, "/"), 100).body == "ok");
  CHECK(server.record().at(1).at("connection") == server.record().at(0).at("connection"));
  server.close_idle();
  CHECK(client.send(get(server, "/close"), 100).body == "ok");
  for (int i = 0; i < 5; ++i) CHECK(client.send(get(server, "/close"), 100).body == "ok");
}

TEST_CASE("registry.md N5, U6: a body that has begun to go out is never sent twice unasked",
          "[http]") {
  ScriptedServer server(R"({"rules": [{"path": "/first"}, {"path": "/up", "reset_in": 1000}]})");
  const NetworkSettings settings;
  Client client(settings);
  client.send(get(server, "/first"), 100);
  const TextBody body(std::string(500'000, 'x'));
  Request request = get(server, "/up");
  request.method = Method::patch;
  request.body = &body;
  const auto answer = client.send(request, 100);
  CHECK(kind_of(answer.outcome) == Kind::reset);
  CHECK(answer.outcome.failure->sent > 0);
  CHECK(answer.outcome.failure->connection_reused);
  CHECK(server.record().size() == 2);
}

TEST_CASE("registry.md N5: what an answer has too much spoils no other for good", "[http]") {
  // The rest comes when the second request has gone out on the same connection.
  ScriptedServer server(
      R"({"rules": [{"path": "/long", "length": 3, "body": "abcdef", "drip": [3, 0.3]},
                    {"path": "/", "body": "ok"}]})");
  const NetworkSettings settings;
  Client client(settings);
  CHECK(client.send(get(server, "/long"), 100).body == "abc");
  const auto spoilt = client.send(get(server, "/"), 100);
  CHECK(kind_of(spoilt.outcome) == Kind::reset);
  CHECK(spoilt.outcome.failure->connection_reused);
  CHECK(client.send(get(server, "/"), 100).body == "ok");
}

}  // namespace ocibuild::http
