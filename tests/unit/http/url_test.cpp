// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include "support/catch.hpp"

namespace ocibuild::http {

TEST_CASE("registry.md N4.1: a URL is taken apart and put together without a change", "[http]") {
  const char* same[] = {
      "https://ghcr.io/v2/",  "http://localhost:5000/v2/a/blobs/uploads/x?_state=a%2Fb%3D&x=+",
      "https://[::1]:5000/a", "https://h/a%2fb/../c/.?a=?b&c=%zz",
      "http://h:443/",        "https://h:80/",
  };
  for (const char* text : same) {
    INFO(text);
    const auto url = Url::parse(text);
    REQUIRE(url);
    CHECK(url->str() == text);
  }
  CHECK(Url::parse("HTTPS://Ghcr.IO:443/A")->str() == "https://ghcr.io/A");
  CHECK(Url::parse("https://h")->str() == "https://h/");
  CHECK(Url::parse("https://h?q#f")->str() == "https://h/?q");
  CHECK(Url::parse("https://h:5000")->origin == Origin{"https", "h", 5000});
}

TEST_CASE("registry.md N4.1: what is no http URL, or has userinfo, is refused", "[http]") {
  const char* bad[] = {"",
                       "h/a",
                       "ftp://h/",
                       "https:/h",
                       "https://",
                       "https:///",
                       "http://u@h",
                       "http://u:p@h/",
                       "http://h:0/",
                       "http://h:65536/",
                       "http://h:/",
                       "http://h:x/",
                       "http://[::1/",
                       "http://[h]/",
                       "http://a b/",
                       "http://h/a b",
                       "http://h/\n",
                       "http://h/\x7f",
                       "http://h%41/",
                       "http://[::1%25eth0]/"};
  for (const char* text : bad) {
    INFO(text);
    CHECK_FALSE(Url::parse(text));
  }
}

TEST_CASE("registry.md U4, N4.1: a Location is resolved against the URL that was answered",
          "[http]") {
  const Url base = *Url::parse("https://reg.test:5000/v2/a/blobs/uploads/?old=1");
  const std::pair<const char*, const char*> rows[] = {
      {"https://cdn.test/x?sig=a%2Fb+c", "https://cdn.test/x?sig=a%2Fb+c"},
      {"http://reg.test/x", "http://reg.test/x"},
      {"//cdn.test/x", "https://cdn.test/x"},
      {"/v2/u?_state=a%3D%3d", "https://reg.test:5000/v2/u?_state=a%3D%3d"},
      {"?new=2", "https://reg.test:5000/v2/a/blobs/uploads/?new=2"},
      {"uuid", "https://reg.test:5000/v2/a/blobs/uploads/uuid"},
      {"cdn.test/x", "https://reg.test:5000/v2/a/blobs/uploads/cdn.test/x"},
      {"../x", "https://reg.test:5000/v2/a/blobs/x"},
      {"./x/./y/../z", "https://reg.test:5000/v2/a/blobs/uploads/x/z"},
      {"/../../x", "https://reg.test:5000/x"},
      {"..", "https://reg.test:5000/v2/a/blobs/"},
      {"x#fragment", "https://reg.test:5000/v2/a/blobs/uploads/x"},
      {"", "https://reg.test:5000/v2/a/blobs/uploads/?old=1"},
  };
  for (const auto& [location, result] : rows) {
    INFO(location);
    const auto url = base.resolve(location);
    REQUIRE(url);
    CHECK(url->str() == result);
  }
  for (const char* bad :
       {"ftp://h/", "https://u:p@h/", "file:///etc/passwd", "/a b", "reg.test:5000/x"}) {
    INFO(bad);
    CHECK_FALSE(base.resolve(bad));
  }
}

TEST_CASE("registry.md U4, X6: a query value is encoded, what is there stays", "[http]") {
  Url url = *Url::parse("https://h/u?_state=a%2fb");
  url.add_query("digest", "sha256:ab+&");
  CHECK(url.str() == "https://h/u?_state=a%2fb&digest=sha256%3Aab%2B%26");
  CHECK(percent_decode("%41%2f%2Fx") == "A//x");
  CHECK_FALSE(percent_decode("%4"));
  CHECK_FALSE(percent_decode("%zz"));
}

TEST_CASE("registry.md X3: a URL in a message has no query values", "[http]") {
  CHECK(Url::parse("https://cdn.test/x?X-Amz-Signature=secret")->redacted() ==
        "https://cdn.test/x?…");
  CHECK(Url::parse("https://cdn.test/x")->redacted() == "https://cdn.test/x");
}

TEST_CASE("registry.md X1: an origin is scheme, host and port", "[http]") {
  const auto origin = [](const char* url) { return Url::parse(url)->origin; };
  CHECK(origin("https://H/") == origin("https://h:443/x?y"));
  CHECK(origin("http://h/") != origin("https://h/"));
  CHECK(origin("http://h/") != origin("http://h:81/"));
  CHECK(origin("http://h/") != origin("http://a.h/"));
  CHECK(origin("https://h:443/").authority() == "h");
  CHECK(origin("http://h:443/").authority() == "h:443");
  CHECK(origin("https://[::1]/").authority() == "[::1]");
}

TEST_CASE("registry.md S1, C4.3: loopback is what the resolver would take for it", "[http]") {
  for (const char* host :
       {"localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "127.1",
        "0x7f.1", "2130706433", "::1", "::ffff:127.0.0.1"}) {
    INFO(host);
    CHECK(is_loopback(host));
    CHECK(is_local_address(host));
  }
  for (const char* host : {"localhost.corp", "alocalhost", "10.0.0.1", "192.168.1.1", "128.0.0.1",
                           "::2", "127.0.0.1.nip.io", "fe80::1", "0.0.0.0"}) {
    INFO(host);
    CHECK_FALSE(is_loopback(host));
  }
}

TEST_CASE("registry.md X10: link-local and unspecified addresses are nobody's registry", "[http]") {
  for (const char* host : {"169.254.169.254", "169.254.0.1", "0.0.0.0", "0", "::", "fe80::1",
                           "febf::1", "::ffff:169.254.169.254", "0xa9fea9fe"}) {
    INFO(host);
    CHECK(is_local_address(host));
  }
  for (const char* host :
       {"10.0.0.1", "172.16.0.1", "192.168.1.1", "169.253.0.1", "fec0::1", "fd00::1", "cdn.test"}) {
    INFO(host);
    CHECK_FALSE(is_local_address(host));
  }
}

}  // namespace ocibuild::http
