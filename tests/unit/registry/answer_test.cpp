// SPDX-License-Identifier: Apache-2.0
#include "registry/answer.hpp"

#include <ocibuild/error.hpp>

#include "registry/redirect.hpp"
#include "registry/registry_error.hpp"
#include "registry/tokens.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;

namespace {

ServerWords words(std::string body, std::string type = "application/json") {
  Answer answer;
  answer.body = std::move(body);
  answer.headers.add("Content-Type", std::move(type));
  return read_words(answer);
}

/// "https://…" or the id of the error, or "-" when it is not followed.
std::string redirect(const std::string& from, int status, const std::string& location,
                     http::Method method = http::Method::get, std::string target = "blobs/x") {
  Answer answer;
  answer.status = status;
  answer.url = *http::Url::parse(from);
  answer.hosts = {answer.url.origin.authority()};
  answer.headers.add("Location", location);
  try {
    Warnings warnings;
    Redirects redirects(answer.url,
                        {.name = "r.example",
                         .home = answer.url.origin,
                         .verified = method == http::Method::get && target.starts_with("blobs/")},
                        warnings);
    const auto to = redirects.next(method, answer);
    return to ? to->str() : "-";
  } catch (const Error& error) {
    return error.diagnostic().id;
  }
}

}  // namespace

TEST_CASE("registry.md E1: the words of every kind of failure are found", "[registry]") {
  const ServerWords distribution =
      words(R"({"errors":[{"code":"denied","message":"no"},{"code":"UNKNOWN","message":"no"}]})");
  CHECK(distribution.has_code("DENIED"));
  CHECK(distribution.line() == "no");
  CHECK(words(R"({"error":"bad","message":"worse"})").line() == "worse");
  CHECK(words(R"({"error":{"code":"x","message":"inner"}})").line() == "inner");
  const ServerWords aws = words(R"({"__type":"a.b#ThrottlingException","message":"slow"})");
  CHECK(aws.has_code("THROTTLINGEXCEPTION"));
  CHECK(words("first line\nsecond", "text/plain").line() == "first line");
  CHECK(words("", "text/plain").line().empty());
  CHECK(words("[1,2", "application/json").line() == "[1,2");
}

TEST_CASE("registry.md E1: of a web page only the title is shown, escaped and cut", "[registry]") {
  const ServerWords page = words("<HTML><title> Access\x1b[31m Denied </title>", "text/html; x=y");
  CHECK(page.is_html);
  CHECK(page.line() == "Access\\x1b[31m Denied");
  CHECK(words("<!DOCTYPE html><p>", "text/plain").is_html);
  CHECK(words("<title>" + std::string(500, 'x') + "</title>", "text/html").line().size() < 90);
}

TEST_CASE("registry.md E1: a megabyte of escapes becomes one short line", "[registry]") {
  const std::string line = words(std::string(60'000, '\x1b'), "text/plain").line();
  CHECK(line.size() <= 1000);
  CHECK(line.find('\x1b') == std::string::npos);
}

TEST_CASE("registry.md T6: a token answer is read whatever the spelling of its life",
          "[registry]") {
  CHECK(parse_token_answer(R"({"token":"a"})")->expires_in == 60);
  CHECK(parse_token_answer(R"({"token":"a","access_token":"b"})")->token == "b");
  CHECK(parse_token_answer(R"({"token":"a","expires_in":300})")->expires_in == 300);
  CHECK(parse_token_answer(R"({"token":"a","expires_in":"300"})")->expires_in == 300);
  CHECK(parse_token_answer(R"({"token":"a","expires_in":-1})")->expires_in == 60);
  for (const char* bad : {"", "{}", "[]", R"({"token":""})", R"({"token":1})", "<html>"})
    CHECK_FALSE(parse_token_answer(bad));
}

TEST_CASE("registry.md N4: redirects keep the query byte for byte and need the right method",
          "[registry]") {
  const std::string from = "https://r.example/v2/a/blobs/x";
  CHECK(redirect(from, 307, "https://cdn.example/p%2Fq?sig=a%2Fb+c#frag") ==
        "https://cdn.example/p%2Fq?sig=a%2Fb+c");
  CHECK(redirect(from, 302, "/other") == "https://r.example/other");
  CHECK(redirect(from, 302, "/other", http::Method::post) == "-");
  CHECK(redirect(from, 308, "/other", http::Method::put) == "https://r.example/other");
  CHECK(redirect(from, 200, "/other") == "-");
  CHECK(redirect(from, 302, "https://u:p@cdn.example/") == "redirect-refused");
}

TEST_CASE("registry.md N4, N4.2, X9, X10: no redirect to local addresses, only blobs may lose TLS",
          "[registry]") {
  const std::string from = "https://r.example/v2/a/x";
  for (const char* local : {"http://127.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/",
                            "https://[fe80::1]/", "https://0.0.0.0/", "https://localhost/"}) {
    CHECK(redirect(from, 302, local) == "redirect-refused");
  }
  CHECK(redirect(from, 302, "http://cdn.example/") == "http://cdn.example/");
  CHECK(redirect(from, 302, "http://cdn.example/", http::Method::get, "manifests/1") ==
        "redirect-refused");
  CHECK(redirect(from, 307, "http://cdn.example/", http::Method::put) == "redirect-refused");
  CHECK(redirect("http://127.0.0.1:5000/v2/", 302, "http://127.0.0.1:5001/") ==
        "http://127.0.0.1:5001/");
}

TEST_CASE("registry.md W9: layers of Amazon's registries come from elsewhere, which is told",
          "[registry]") {
  Answer answer;
  answer.url = *http::Url::parse("https://bucket.example/layer");
  answer.hosts = {"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "bucket.example"};
  answer.failure = http::Failure{.kind = http::Failure::Kind::connect_timeout, .text = "no answer"};
  const Error error = failure_error({.registry = answer.hosts.front()}, answer);
  CHECK(error.diagnostic().id == "redirect-blocked");
  CHECK_THAT(error.diagnostic().notes.at(1), Catch::Contains("VPC needs an S3 gateway endpoint"));
}

TEST_CASE("registry.md P6, X10: what is not the registry's may not send us into private networks",
          "[registry]") {
  const auto near = [](const std::string& to, const std::string& home, bool far) {
    return is_too_near(http::Url::parse(to)->origin, http::Url::parse(home)->origin, far);
  };
  for (const char* address : {"http://10.1.2.3/", "https://172.31.0.1/", "https://192.168.7.7/",
                              "https://100.64.0.1/", "https://[fd00::1]/"}) {
    CHECK(near(address, "https://r.example/", true));
    CHECK_FALSE(near(address, "https://r.example/", false));  // registries live there
    CHECK_FALSE(near(address, "https://10.9.9.9/", true));
    CHECK_FALSE(near(address, "https://127.0.0.1/", true));
  }
  CHECK(near("https://169.254.169.254/", "https://10.9.9.9/", true));
  CHECK(near("https://localhost/", "https://r.example/", true));
  CHECK_FALSE(near("https://172.32.0.1/", "https://r.example/", true));
}
