// SPDX-License-Identifier: Apache-2.0
#include "http/proxy.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"

namespace ocibuild::http {

namespace {

ProxySettings::Value value(std::string url, std::string setting = "HTTPS_PROXY") {
  return {std::move(url), std::move(setting)};
}

/// Whether `url` is reached without the proxy that is set for everything.
bool is_direct(const std::string& url, const std::string& no_proxy) {
  return !proxy_for(*Url::parse(url), {.all = value("http://proxy:3128"), .no_proxy = no_proxy});
}

}  // namespace

TEST_CASE("registry.md C4, C4.1: the scheme chooses the proxy, the one for all stands in",
          "[http]") {
  const Url http = *Url::parse("http://reg.test/");
  const Url https = *Url::parse("https://reg.test/");
  const ProxySettings none;
  CHECK_FALSE(proxy_for(http, none));
  const ProxySettings both{.http = value("h:1", "http_proxy"),
                           .https = value("s:2", "https_proxy")};
  CHECK(proxy_for(http, both)->url == "http://h:1");
  CHECK(proxy_for(http, both)->setting == "http_proxy");
  CHECK(proxy_for(https, both)->url == "http://s:2");
  const ProxySettings all{.http = value("h:1"), .all = value("a:3")};
  CHECK(proxy_for(http, all)->url == "http://h:1");
  CHECK(proxy_for(https, all)->url == "http://a:3");
  const ProxySettings empty{.https = value(""), .all = value("a:3")};
  CHECK_FALSE(proxy_for(https, empty));
  CHECK(proxy_for(http, empty)->url == "http://a:3");
}

TEST_CASE("registry.md C4.2: each form of NO_PROXY", "[http]") {
  struct Row {
    const char* url;
    const char* no_proxy;
    bool direct;
  };
  const Row rows[] = {
      {"https://reg.test/", "", false},
      {"https://reg.test/", "*", true},
      {"https://reg.test/", "reg.test", true},
      {"https://reg.test/", "REG.Test", true},
      {"https://a.b.reg.test/", "reg.test", true},
      {"https://areg.test/", "reg.test", false},
      {"https://reg.test/", "a.reg.test", false},
      {"https://a.reg.test/", ".reg.test", true},
      {"https://reg.test/", ".reg.test", true},
      {"https://a.reg.test/", "*.reg.test", true},
      {"https://xreg.test/", "*.reg.test", false},
      {"https://reg.test/", "x.test,reg.test", true},
      {"https://reg.test/", "x.test, reg.test", true},
      {"https://reg.test/", "x.test  reg.test\ty", true},
      {"https://reg.test/", ",,", false},
      {"https://reg.test/", "reg.test:443", true},
      {"https://reg.test/", "reg.test:80", false},
      {"https://reg.test:5000/", "reg.test:5000", true},
      {"https://reg.test:5000/", ".test:5000", true},
      {"https://reg.test:5000/", "reg.test:5001", false},
      {"https://reg.test/", "reg.test:x", false},
      {"https://10.1.2.3/", "10.1.2.3", true},
      {"https://10.1.2.3/", "10.1.2.4", false},
      {"https://10.1.2.3/", "10.0.0.0/8", true},
      {"https://11.1.2.3/", "10.0.0.0/8", false},
      {"https://10.1.2.3/", "10.1.2.0/30", true},
      {"https://10.1.2.4/", "10.1.2.0/30", false},
      {"https://10.1.2.3/", "0.0.0.0/0", true},
      {"https://10.1.2.3/", "10.0.0.0/33", false},
      {"https://10.1.2.3:5000/", "10.0.0.0/8:5000", true},
      {"https://10.1.2.3:5000/", "10.0.0.0/8:5001", false},
      {"https://10.1.2.3:5000/", "10.1.2.3:5000", true},
      {"https://reg.test/", "10.0.0.0/8", false},
      {"https://[fd00::1]/", "fd00::1", true},
      {"https://[fd00::1]/", "[fd00::1]", true},
      {"https://[fd00::1]:5000/", "[fd00::1]:5000", true},
      {"https://[fd00::1]:5000/", "[fd00::1]:5001", false},
      {"https://[fd00::1]/", "fd00::/8", true},
      {"https://[fe00::1]/", "fd00::/8", false},
      {"https://[fd00::1]/", "0.0.0.0/0", false},
      {"https://10.1.2.3/", "::/0", false},
  };
  for (const Row& row : rows) {
    INFO(row.url << " with " << row.no_proxy);
    CHECK(is_direct(row.url, row.no_proxy) == row.direct);
  }
}

TEST_CASE("registry.md C4.3: loopback is always direct", "[http]") {
  for (const char* url :
       {"http://localhost:5000/", "https://127.0.0.1/", "http://[::1]/", "https://a.localhost/"}) {
    CHECK(is_direct(url, ""));
  }
  CHECK_FALSE(is_direct("https://10.0.0.1/", ""));
}

TEST_CASE("registry.md C4.5: a proxy's URL has a scheme, a port and a decoded user", "[http]") {
  const auto parsed = [](const char* text) {
    return *proxy_for(*Url::parse("https://reg.test/"), {.https = value(text)});
  };
  CHECK(parsed("proxy").url == "http://proxy:80");
  CHECK(parsed("proxy:3128").url == "http://proxy:3128");
  CHECK(parsed("HTTP://Proxy:3128/").url == "http://proxy:3128");
  CHECK(parsed("https://proxy").url == "https://proxy:443");
  CHECK(parsed("socks5://proxy").url == "socks5://proxy:1080");
  CHECK(parsed("socks5h://proxy:9").url == "socks5h://proxy:9");
  CHECK(parsed("http://[fd00::1]:3128").url == "http://[fd00::1]:3128");
  CHECK(parsed("socks5://[fd00::1]").url == "socks5://[fd00::1]:1080");
  CHECK(parsed("proxy:3128").user.empty());
  CHECK(parsed("http://CORP%5Cme:p%40ss%3a@proxy:1").user == "CORP\\me");
  CHECK(parsed("http://me:p%40ss%3a@proxy:1").password == "p@ss:");
  CHECK(parsed("http://me:a:b@c@proxy:1").password == "a:b@c");
  CHECK(parsed("me@proxy:1").user == "me");
}

TEST_CASE("registry.md C4.5, X3: a proxy that cannot be used is named by its setting alone",
          "[http]") {
  for (const char* text : {"ftp://me:secret@proxy", "http://me:secret@", "http://me:secret@proxy:0",
                           "http://me:secret%zz@proxy"}) {
    INFO(text);
    try {
      proxy_for(*Url::parse("https://reg.test/"), {.https = value(text)});
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.diagnostic().id == "proxy-invalid");
      CHECK(error.code() == Errc::network_setup);
      CHECK(error.diagnostic().message.find("HTTPS_PROXY") != std::string::npos);
      CHECK(error.diagnostic().message.find("secret") == std::string::npos);
    }
  }
}

TEST_CASE("registry.md E5.3: every proxy that is set is known, once and without its password",
          "[http]") {
  const ProxySettings settings{.http = value("http://u:secret@one:3128", "http_proxy"),
                               .https = value("two:1", "HTTPS_PROXY"),
                               .all = value("http://one:3128", "ALL_PROXY")};
  const auto proxies = all_proxies(settings);
  REQUIRE(proxies.size() == 2);
  CHECK(proxies[0].url == "http://two:1");
  CHECK(proxies[1].url == "http://one:3128");
  CHECK(proxies[1].setting == "http_proxy");
  CHECK(all_proxies({.https = value("")}).empty());
}

}  // namespace ocibuild::http
