// SPDX-License-Identifier: Apache-2.0
#include "support/catch.hpp"
#include "unit/http/exchange_fixture.hpp"

namespace ocibuild::http {

using test::header_of;
using test::ScriptedServer;
using Kind = Failure::Kind;

namespace {

constexpr auto script = R"({
  "listeners": {"main": {}, "tls": {"tls": "good"}, "open": {"handler": "proxy"},
                "closed": {"handler": "proxy", "password": "me:p@ss"},
                "ntlm": {"handler": "proxy", "password": "me:p@ss", "offer": ["Negotiate", "NTLM", "Basic realm=\"p\""]},
                "digest": {"handler": "proxy", "password": "me:p@ss", "offer": ["Digest realm=\"p\", nonce=\"n\""]},
                "refusing": {"handler": "proxy", "refuse": 403}, "broken": {"handler": "proxy", "refuse": 502}},
  "rules": [{"body": "plain"}, {"on": "tls", "body": "tls"}]})";

struct Proxied {
  ScriptedServer server{script};
  NetworkSettings settings = settings_for(server, {"main", "tls"});

  Client::TextAnswer ask(const std::string& proxy, const std::string& scheme,
                         const std::string& userinfo = "") {
    const std::string url = support::concat("http://", userinfo, "127.0.0.1:", server.port(proxy));
    settings.proxies.all = {url, "ALL_PROXY"};
    Client client(settings);
    return client.send(named_get(server, scheme, "/x?y=%2f", scheme == "https" ? "tls" : "main"),
                       100);
  }
  auto requests(const std::string& listener) {
    std::vector<nlohmann::json> found;
    for (const auto& request : server.record()) {
      if (request.at("listener") == listener) found.push_back(request);
    }
    return found;
  }
};

}  // namespace

TEST_CASE_METHOD(Proxied, "registry.md C4.6: HTTPS goes through CONNECT, HTTP in absolute form",
                 "[http]") {
  const auto https = ask("open", "https");
  CHECK(https.body == "tls");
  CHECK(https.outcome.via_proxy == support::concat("127.0.0.1:", server.port("open")));
  CHECK(ask("open", "http").body == "plain");
  const auto asked = requests("open");
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].at("method") == "CONNECT");
  CHECK(asked[0].at("target") == support::concat("registry.test:", server.port("tls")));
  CHECK(asked[1].at("target") == server.named_url("http", "/x?y=%2f"));
}

TEST_CASE_METHOD(Proxied, "registry.md C4.5, C4.6: the password goes to the proxy and no further",
                 "[http]") {
  CHECK(ask("closed", "https", "me:p%40ss@").body == "tls");
  CHECK(ask("closed", "http", "me:p%40ss@").body == "plain");
  const auto asked = requests("closed");
  REQUIRE(asked.size() == 2);  // the password at once, without a 407
  CHECK(header_of(asked[0], "Proxy-Authorization") == "Basic bWU6cEBzcw==");
  for (const char* listener : {"main", "tls"}) {
    for (const auto& request : requests(listener)) {
      CHECK(header_of(request, "Proxy-Authorization").empty());
      CHECK(header_of(request, "Authorization").empty());
    }
  }
  for (const auto& request : asked) CHECK(header_of(request, "Authorization").empty());
}

TEST_CASE_METHOD(Proxied, "registry.md C4.6, X1: what is for the registry is not said to the proxy",
                 "[http]") {
  settings.proxies.all = {support::concat("http://127.0.0.1:", server.port("open")), "ALL_PROXY"};
  Client client(settings);
  Request request = named_get(server, "https", "/", "tls");
  request.headers.add("Authorization", "Bearer secret");
  client.send(request, 100);
  CHECK(header_of(requests("tls").at(0), "Authorization") == "Bearer secret");
  CHECK(header_of(requests("open").at(0), "Authorization").empty());
}

TEST_CASE_METHOD(Proxied,
                 "registry.md E2, Y3: a proxy that wants a password is told from one that refuses",
                 "[http]") {
  for (const char* scheme : {"https", "http"}) {
    INFO(scheme);
    const auto without = ask("closed", scheme);
    CHECK(kind_of(without.outcome) == Kind::proxy_auth);
    CHECK(without.outcome.failure->proxy_schemes == "Basic");
    CHECK_FALSE(without.outcome.head);
    CHECK(without.body.empty());
    CHECK(kind_of(ask("closed", scheme, "me:wrong@").outcome) == Kind::proxy_auth);
    CHECK(ask("digest", scheme, "me:p%40ss@").body ==
          (scheme == std::string("https") ? "tls" : "plain"));
  }
  const auto refused = ask("refusing", "https");
  CHECK(kind_of(refused.outcome) == Kind::proxy_refused);
  CHECK(refused.outcome.failure->connect_status == 403);
  CHECK(ask("broken", "https").outcome.failure->connect_status == 502);
  CHECK(ask("refusing", "http").outcome.head->status == 403);
}

TEST_CASE_METHOD(
    Proxied,
    "registry.md C4.5: where the strongest scheme fails the next one is tried, down to Basic",
    "[http]") {
  // The first attempt is Basic and enough; a proxy whose Basic is refused gets what it offers.
  CHECK(ask("ntlm", "https", "me:p%40ss@").body == "tls");
  server.clear();
  CHECK(kind_of(ask("ntlm", "https", "me:wrong@").outcome) == Kind::proxy_auth);
  std::vector<std::string> schemes;
  for (const auto& request : requests("ntlm")) {
    const std::string value = header_of(request, "Proxy-Authorization");
    schemes.push_back(value.substr(0, value.find(' ')));
  }
  REQUIRE(schemes.size() >= 2);
  CHECK(schemes.front() == "Basic");
  CHECK(std::count(schemes.begin(), schemes.end(), "NTLM") >= 1);
}

TEST_CASE_METHOD(Proxied, "registry.md E2: a proxy that is not there, by address or by name",
                 "[http]") {
  settings.proxies.all = {"http://127.0.0.1:1", "ALL_PROXY"};
  Client client(settings);
  CHECK(kind_of(client.send(named_get(server, "https", "/", "tls"), 100).outcome) ==
        Kind::proxy_connect);
  settings.proxies.all->url = "http://no-such-proxy.invalid:3128";
  CHECK(kind_of(client.send(named_get(server, "https", "/", "tls"), 100).outcome) ==
        Kind::proxy_dns);
}

TEST_CASE_METHOD(Proxied, "registry.md C4.3, C4.7: loopback and what must be direct see no proxy",
                 "[http]") {
  settings.proxies.all = {"http://127.0.0.1:1", "ALL_PROXY"};
  Client client(settings);
  CHECK(client.send(get(server, "/"), 100).body == "plain");
  Request request = named_get(server, "http");
  request.direct = true;
  const auto answer = client.send(request, 100);
  CHECK(answer.body == "plain");
  CHECK(answer.outcome.via_proxy.empty());
}

TEST_CASE_METHOD(Proxied, "registry.md X3: the request log has no password and no query",
                 "[http]") {
  settings.proxies.all = {support::concat("http://me:p%40ss@127.0.0.1:", server.port("closed")),
                          "ALL_PROXY"};
  Client client(settings);
  std::vector<RequestLog> log;
  client.observe([&](const RequestLog& line) { log.push_back(line); });
  client.send(named_get(server, "https", "/x?sig=secret", "tls"), 100);
  REQUIRE(log.size() == 1);
  CHECK(log[0].url == server.named_url("https", "/x?…", "tls"));
  CHECK(log[0].status == 200);
  CHECK(log[0].method == Method::get);
  CHECK(log[0].proxy == support::concat("127.0.0.1:", server.port("closed")));
}

}  // namespace ocibuild::http
