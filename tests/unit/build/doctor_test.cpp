// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include <ocibuild/doctor.hpp>

#include "support/catch.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"
#include "unit/registry/secrets.hpp"

using namespace ocibuild;
using test::ScriptedServer;
using test::TempDir;

namespace {

using support::concat;

const std::string layer = "sha256:" + std::string(64, 'a');

/// Rules of a registry with t/app:1, whose only layer has `layer_size` bytes.
std::string image_rules(const std::string& more = "", int layer_size = 3) {
  const std::string manifest =
      R"({\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",)"
      R"(\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"size\":2,)"
      R"(\"digest\":\")" +
      layer +
      R"(\"},\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"size\":3,)"
      R"(\"digest\":\")" +
      layer + R"(\"}]})";
  return concat(
      more, R"({"path": "/v2/"}, {"path": "/v2/t/app/manifests/1", "body": ")", manifest,
      R"(", "headers": [["RateLimit-Limit", "100;w=21600"], ["RateLimit-Remaining", "98"]]},
                {"path": "/v2/t/app/blobs/)",
      layer, R"(", "body_size": )", layer_size,
      R"(}, {"method": "POST", "path": "/v2/t/app/blobs/uploads/", "status": 202,
                "headers": [["Location", "/v2/t/app/blobs/uploads/x"]]},
                {"method": "DELETE", "path": "/v2/t/app/blobs/uploads/x", "status": 204})");
}

std::string script(const std::string& rules, const std::string& listeners = R"("main": {})") {
  return concat(R"({"listeners": {)", listeners, R"(}, "rules": [)", rules, "]}");
}

std::string host(const ScriptedServer& server, const std::string& listener = "main") {
  return concat("127.0.0.1:", server.port(listener));
}

std::string image(const ScriptedServer& server) {
  return host(server) + "/t/app:1";
}

std::vector<std::string> names_of(const DoctorSource& source) {
  std::vector<std::string> out;
  for (const DoctorCheck& check : source.checks) out.push_back(check.name);
  return out;
}

/// "blob: redirect-blocked" of the first problem of a source; empty: none.
std::string problem_in(const DoctorSource& source) {
  for (const DoctorCheck& check : source.checks) {
    if (check.problem) return check.name + ": " + check.problem->diagnostic().id;
  }
  return {};
}

/// The only source of the only subject.
const DoctorSource& only(const DoctorResult& result) {
  REQUIRE(result.subjects.size() == 1);
  REQUIRE(result.subjects[0].sources.size() == 1);
  return result.subjects[0].sources[0];
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("registry.md E5.2: a good registry is asked each step of a pull and a push once",
          "[build]") {
  ScriptedServer server(script(image_rules()));
  const DoctorResult result = doctor({.names = {image(server)}, .push = true});
  const DoctorSource& source = only(result);
  CHECK(problem_in(source).empty());
  CHECK(names_of(source) == Names{"dns", "connect", "api", "manifest", "blob", "push"});
  CHECK(source.plain_http);
  CHECK(source.address == "127.0.0.1");
  CHECK(source.credentials.empty());
  CHECK(source.digest.starts_with("sha256:"));
  CHECK(source.rate_limit == "100;w=21600");
  CHECK(source.rate_left == "98");
  CHECK(result.hosts == Names{host(server)});
  CHECK(result.subjects[0].works());
  CHECK_FALSE(result.worst());
  Names asked;
  for (const auto& request : server.record())
    asked.push_back(request.at("method").get<std::string>() + ' ' +
                    request.at("target").get<std::string>());
  CHECK(asked == Names{"GET /v2/", "GET /v2/t/app/manifests/1", "GET /v2/t/app/blobs/" + layer,
                       "POST /v2/t/app/blobs/uploads/", "DELETE /v2/t/app/blobs/uploads/x"});
}

TEST_CASE("registry.md E5.2: of a large blob no more than the beginning is read", "[build]") {
  const std::string whole = concat(R"({"path": "/v2/t/app/blobs/)", layer,
                                   R"(", "body_size": 100000000, "ignore_range": true},)");
  ScriptedServer server(script(image_rules(whole)));
  const DoctorResult result = doctor({.names = {image(server)}});
  CHECK(problem_in(only(result)).empty());
  CHECK(only(result).blob_host == host(server));
}

TEST_CASE("registry.md E5.2, E5.5: the host that blobs come from is tried and named", "[build]") {
  const std::string moved =
      concat(R"({"path": "/v2/t/app/blobs/)", layer,
             R"(", "status": 307, "headers": [["Location", "{cdn}/b?sig=hUsH"]]},
                                   {"on": "cdn", "path": "/b", "body": "x"},)");
  ScriptedServer server(script(image_rules(moved), R"("main": {}, "cdn": {})"));
  const DoctorResult result = doctor({.names = {image(server)}});
  CHECK(problem_in(only(result)).empty());
  CHECK(only(result).blob_host == host(server, "cdn"));
  CHECK(result.hosts == Names{host(server), host(server, "cdn")});
}

TEST_CASE("registry.md E5.2, E5.5: a host of blobs that cannot be reached is the problem, by name",
          "[build]") {
  // Port 1 of loopback: nobody listens there.
  const std::string moved =
      concat(R"({"path": "/v2/t/app/blobs/)", layer,
             R"(", "status": 307, "headers": [["Location", "http://127.0.0.1:1/b?sig=hUsH"]]},)");
  ScriptedServer server(script(image_rules(moved)));
  const DoctorResult result = doctor({.names = {image(server)}});
  const DoctorSource& source = only(result);
  CHECK(problem_in(source) == "blob: redirect-blocked");
  test::check_tells_nothing(test::shown(*source.checks.back().problem));
  CHECK(result.hosts == Names{host(server), "127.0.0.1:1"});
  CHECK(result.worst() == Errc::network_setup);
  CHECK_FALSE(result.subjects[0].works());
}

TEST_CASE("registry.md E5.2, E5.3: the certificate is told, and an untrusted one ends the checks",
          "[build]") {
  ScriptedServer server(
      script(image_rules(), R"("main": {"tls": "good"}, "other": {"tls": "other-ca"})"));
  DoctorRequest request;
  request.network.resolve = {server.resolve(), server.resolve("other")};
  request.network.trust.extra = {server.certificate("ca.crt")};
  request.names = {concat("registry.test:", server.port(), "/t/app:1")};
  const DoctorResult good = doctor(request);
  CHECK(problem_in(only(good)).empty());
  CHECK(names_of(only(good)) == Names{"dns", "connect", "tls", "api", "manifest", "blob"});
  REQUIRE(only(good).certificate);
  CHECK(only(good).certificate->subject == "CN=scripted good");
  CHECK(only(good).certificate->root == "CN=Scripted ca");
  CHECK(good.authorities > 0);
  CHECK(good.trust_files.back() == server.certificate("ca.crt"));
  server.clear();
  request.names = {concat("registry.test:", server.port("other"), "/t/app:1")};
  const DoctorResult bad = doctor(request);
  CHECK(problem_in(only(bad)) == "tls: tls-untrusted");
  CHECK(names_of(only(bad)) == Names{"dns", "connect", "tls"});
  REQUIRE(only(bad).certificate);
  CHECK(only(bad).certificate->issuer == "CN=Scripted other");
  CHECK(only(bad).certificate->root.empty());
  CHECK(server.record().empty());
}

TEST_CASE("registry.md E5.2, X2: credentials, token server and scopes are told, no secret is",
          "[build]") {
  ScriptedServer server(script(
      image_rules(), R"("main": {"auth": {"kind": "bearer", "user": "ann", "password": "hUsH"}})"));
  DoctorRequest request{.names = {image(server)}, .push = true};
  request.network.credentials.given = {"ann", "hUsH"};
  const DoctorResult result = doctor(request);
  const DoctorSource& source = only(result);
  CHECK(problem_in(source).empty());
  CHECK(names_of(source) ==
        Names{"dns", "connect", "api", "credentials", "token", "manifest", "blob", "push"});
  CHECK(source.user == "ann");
  CHECK(source.credentials == "--creds");
  CHECK(source.token_host == host(server));
  CHECK(source.scopes == "repository:t/app:pull,push");
  std::size_t tokens = 0;
  for (const auto& entry : server.record())
    tokens += entry.at("target").get<std::string>().starts_with("/token");
  CHECK(tokens == 1);
}

TEST_CASE("registry.md E5.2: a wrong password is one refused question", "[build]") {
  ScriptedServer server(
      script(image_rules(),
             R"("main": {"auth": {"kind": "bearer", "user": "ann", "password": "right"}})"));
  DoctorRequest request{.names = {image(server)}};
  request.network.credentials.given = {"ann", "hUsH"};
  const DoctorResult result = doctor(request);
  CHECK(problem_in(only(result)) == "token: auth-refused");
  test::check_tells_nothing(test::shown(*only(result).checks.back().problem));
  CHECK(server.record().size() == 2);
  CHECK(result.worst() == Errc::credentials);
}

TEST_CASE("registry.md E5.2: a host is logged in to, as far as there are credentials", "[build]") {
  ScriptedServer server(
      script(R"({"path": "/v2/"})",
             R"("main": {"auth": {"kind": "basic", "user": "ann", "password": "hUsH"}},
                                  "tokens": {"auth": {"kind": "bearer"}})"));
  CHECK(problem_in(only(doctor({.names = {host(server, "tokens")}}))).empty());
  DoctorRequest request{.names = {"localhost:" + std::to_string(server.port())}};
  CHECK(problem_in(only(doctor(request))) == "login: auth-needed");
  request.network.credentials.given = {"ann", "hUsH"};
  const DoctorResult result = doctor(request);
  CHECK(problem_in(only(result)).empty());
  CHECK(names_of(only(result)).back() == "login");
  CHECK(result.subjects[0].kind == DoctorSubject::Kind::host);
}

TEST_CASE(
    "registry.md E5.2, K4.5: what is wrong with a credential helper is a warning to who pulls",
    "[build]") {
  ScriptedServer server(script(image_rules(), R"("main": {"auth": {"kind": "bearer"}})"));
  TempDir dir;
  DoctorRequest request{.names = {image(server)}};
  request.network.credentials.docker_config =
      dir.write("config.json", R"({"credsStore": "no-such-helper"})");
  const DoctorResult result = doctor(request);
  CHECK(problem_in(only(result)).empty());
  REQUIRE(result.warnings.size() == 1);
  CHECK(test::has(result.warnings[0], "docker-credential-no-such-helper"));
}

TEST_CASE("registry.md E5.4: a web page is no registry, but where registries give one", "[build]") {
  const std::string page =
      R"("headers": [["Content-Type", "text/html"]], "body": "<title>Denied</title>"},)";
  for (const int status : {200, 403}) {
    ScriptedServer server(
        script(image_rules(concat(R"({"path": "/v2/", "status": )", status, ", ", page))));
    CHECK(problem_in(only(doctor({.names = {image(server)}}))) == "api: not-a-registry");
  }
  for (const int status : {404, 503}) {
    ScriptedServer server(
        script(image_rules(concat(R"({"path": "/v2/", "status": )", status, ", ", page))));
    CHECK(problem_in(only(doctor({.names = {image(server)}}))).empty());
  }
}

TEST_CASE("registry.md E5.3: more than five minutes between the clocks are a problem", "[build]") {
  const auto rules = [](std::time_t when) {
    char text[64];
    std::tm parts{};
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&when, &parts));
    return script(image_rules(
        concat(R"({"path": "/v2/", "headers": [["Date", ")", std::string(text), R"("]]},)")));
  };
  ScriptedServer ahead(rules(std::time(nullptr) - 400));
  const DoctorResult result = doctor({.names = {image(ahead)}});
  CHECK(problem_in(only(result)) == "clock: tls-clock");
  CHECK(names_of(only(result)).back() == "blob");
  CHECK(only(result).clock->count() > 390'000);
  CHECK(result.worst() == Errc::network_setup);
  CHECK(result.subjects[0].works());
  ScriptedServer close(rules(std::time(nullptr) + 200));
  CHECK(problem_in(only(doctor({.names = {image(close)}}))).empty());
}

TEST_CASE("registry.md E5.2: a destination needs no image, but the right to push", "[build]") {
  const std::string none = R"({"path": "/v2/t/app/manifests/1", "status": 404},)";
  ScriptedServer empty(script(image_rules(none)));
  const DoctorResult pushed = doctor({.names = {image(empty)}, .push = true});
  CHECK(problem_in(only(pushed)).empty());
  CHECK(only(pushed).missing);
  CHECK(problem_in(only(doctor({.names = {image(empty)}}))) == "manifest: base-not-found");
  const std::string hidden = R"({"path": "/v2/t/app/manifests/1", "status": 403},)";
  ScriptedServer secret(script(image_rules(hidden)));
  CHECK(only(doctor({.names = {image(secret)}, .push = true})).missing);
  const std::string denied =
      R"({"method": "POST", "path": "/v2/t/app/blobs/uploads/", "status": 403},)";
  ScriptedServer readable(script(image_rules(denied)));
  const DoctorResult refused = doctor({.names = {image(readable)}, .push = true});
  CHECK(problem_in(only(refused)) == "push: push-denied");
  CHECK(refused.worst() == Errc::credentials);
  CHECK_FALSE(refused.subjects[0].works());
}

TEST_CASE(
    "registry.md E5.1, E5.5, E5.6: all sources are asked; the hosts are those of the first that "
    "works",
    "[build]") {
  ScriptedServer server(script(image_rules()));
  DoctorRequest request{.names = {"127.0.0.1:1/t/app:1"}};
  request.network.mirrors = {{.registry = "127.0.0.1:1", .location = host(server)}};
  const DoctorResult result = doctor(request);
  const auto& sources = result.subjects.at(0).sources;
  REQUIRE(sources.size() == 2);
  CHECK(sources[0].mirror);
  CHECK(problem_in(sources[0]).empty());
  CHECK(problem_in(sources[1]) == "connect: connect-refused");
  CHECK(result.subjects[0].works());
  CHECK(result.hosts == Names{host(server)});
  CHECK(result.problem_count() == 1);
  CHECK(result.worst() == Errc::retry_later);
  REQUIRE(result.rules.size() == 1);
  CHECK(result.rules[0].setting == "--registry-mirror");
  CHECK(result.rules[0].instead == host(server));
  request.push = true;
  CHECK_FALSE(doctor(request).subjects[0].works());
}

TEST_CASE("registry.md E5.2: a second name of a registry finds its connection made", "[build]") {
  ScriptedServer server(script(image_rules()));
  const DoctorResult result = doctor({.names = {image(server), host(server) + "/t/app:2"}});
  REQUIRE(result.subjects.size() == 2);
  CHECK(result.subjects[1].sources[0].address == "127.0.0.1");
  CHECK(result.subjects[1].sources[0].checks[1].name == "connect");
  CHECK(result.subjects[1].sources[0].checks[1].time.count() > 0);
  CHECK(problem_in(result.subjects[1].sources[0]) == "manifest: base-not-found");
}

TEST_CASE(
    "registry.md E5, E5.2: nothing is repeated, and a host that does not answer is waited for once",
    "[build]") {
  ScriptedServer busy(script(image_rules(R"({"path": "/v2/t/app/manifests/1", "status": 429,
                                             "headers": [["RateLimit-Remaining", "0"]]},)")));
  const DoctorResult limited = doctor({.names = {image(busy)}});
  CHECK(problem_in(only(limited)) == "manifest: rate-limited");
  CHECK(only(limited).rate_left == "0");
  CHECK(busy.record().size() == 2);
  ScriptedServer silent(script(R"({"path": "/v2/", "silent": true})"));
  DoctorRequest request{.names = {image(silent), host(silent) + "/t/other:1"}};
  request.network.idle_timeout = std::chrono::milliseconds(300);
  const DoctorResult result = doctor(request);
  REQUIRE(result.subjects.size() == 2);
  for (const DoctorSubject& subject : result.subjects)
    CHECK(problem_in(subject.sources.at(0)) == "api: stalled");
  CHECK(silent.record().size() == 1);
}

TEST_CASE("registry.md E5.3: the proxy and the setting that chose it are told, its password is not",
          "[build]") {
  ScriptedServer server(script(
      "", R"("main": {"tls": "good"}, "proxy": {"handler": "proxy", "password": "u:right"})"));
  DoctorRequest request{.names = {concat("registry.test:", server.port(), "/t/app:1")}};
  request.network.proxies.https = {concat("http://u:hUsH@", host(server, "proxy")), "HTTPS_PROXY"};
  const DoctorResult result = doctor(request);
  CHECK(problem_in(only(result)) == "connect: proxy-auth");
  REQUIRE(only(result).proxy);
  CHECK(only(result).proxy->url == "http://" + host(server, "proxy"));
  CHECK(only(result).proxy->setting == "HTTPS_PROXY");
  REQUIRE(result.proxies.size() == 1);
  CHECK(result.proxies[0].url == "http://" + host(server, "proxy"));
  request.network.proxies.https->url = "ftp://u:hUsH@p";
  const DoctorResult unusable = doctor(request);
  CHECK(problem_in(only(unusable)) == "settings: proxy-invalid");
  REQUIRE(unusable.problems.size() == 1);
  test::check_tells_nothing(test::shown(unusable.problems[0]));
}

TEST_CASE(
    "registry.md E5.1, E5.6: the bases of a Dockerfile are listed offline, and nothing is sent",
    "[build]") {
  ScriptedServer server(script(image_rules()));
  TempDir dir;
  dir.write(
      "Dockerfile",
      concat("ARG V=1\nFROM scratch AS unused\nCOPY --from=unneeded:1 /a /a\nFROM ", host(server),
             "/t/app:$V\nCOPY --from=tools:2 /a /a\nCOPY --from=tools:2 /b /b\n"));
  DoctorRequest request;
  request.network.offline = true;
  request.build = BuildRequest{.store = dir.path() / "store", .context = dir.path()};
  const DoctorResult result = doctor(request);
  REQUIRE(result.subjects.size() == 2);
  CHECK(result.subjects[0].name == image(server));
  CHECK(result.subjects[0].kind == DoctorSubject::Kind::base);
  CHECK(result.subjects[1].name == "tools:2");
  CHECK(result.subjects[0].sources.at(0).checks.empty());
  CHECK(result.hosts == Names{host(server), "registry-1.docker.io:443"});
  CHECK_FALSE(result.subjects[0].works());
  CHECK_FALSE(result.worst());
  CHECK(server.record().empty());
}
