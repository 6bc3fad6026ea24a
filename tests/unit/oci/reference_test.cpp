// SPDX-License-Identifier: Apache-2.0
#include <random>

#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "oci/host_name.hpp"
#include "support/catch.hpp"

using ocibuild::Error;
using ocibuild::Reference;

namespace {

const std::string some_digest = "sha256:" + std::string(64, 'a');

/// The message behind the quoted name; "accepted" if there is none.
std::string refusal(const std::string& name) {
  try {
    Reference::parse(name);
    return "accepted";
  } catch (const Error& error) {
    CHECK(error.code() == ocibuild::Errc::usage);
    CHECK(error.diagnostic().id == "name-invalid");
    const std::string text = error.what();
    CHECK(text.starts_with("invalid image name \""));
    return text.substr(text.find("\": ") + 3);
  }
}

}  // namespace

TEST_CASE("registry.md R1, R2, R3: names are normalised as docker does", "[oci]") {
  struct Row {
    std::string given;
    std::string registry;
    std::string repository;
    std::string tag;
    std::string familiar;
  };
  const std::string long_tag(128, 't');
  const Row rows[] = {
      {"alpine", "docker.io", "library/alpine", "latest", "alpine:latest"},
      {"alpine:3.20", "docker.io", "library/alpine", "3.20", "alpine:3.20"},
      {"foo/bar", "docker.io", "foo/bar", "latest", "foo/bar:latest"},
      {"test.com:5000", "docker.io", "library/test.com", "5000", "test.com:5000"},
      {"test.com:5000/a", "test.com:5000", "a", "latest", "test.com:5000/a:latest"},
      {"localhost/a", "localhost", "a", "latest", "localhost/a:latest"},
      {"localhost:5000/a", "localhost:5000", "a", "latest", "localhost:5000/a:latest"},
      {"index.docker.io/a/b:c", "docker.io", "a/b", "c", "a/b:c"},
      {"docker.io/a.b/c", "docker.io", "a.b/c", "latest", "docker.io/a.b/c:latest"},
      {"registry-1.docker.io/a", "docker.io", "library/a", "latest", "a:latest"},
      {"INDEX.docker.io/a", "docker.io", "library/a", "latest", "a:latest"},
      {"GHCR.io/acme/app", "ghcr.io", "acme/app", "latest", "ghcr.io/acme/app:latest"},
      {"ghcr.io:443/acme/app", "ghcr.io:443", "acme/app", "latest", "ghcr.io:443/acme/app:latest"},
      {"Acme:5000/app", "acme:5000", "app", "latest", "acme:5000/app:latest"},
      {"[::1]:5000/a:b", "[::1]:5000", "a", "b", "[::1]:5000/a:b"},
      {"[2001:DB8::1]/a", "[2001:db8::1]", "a", "latest", "[2001:db8::1]/a:latest"},
      {"a.b:65535/c", "a.b:65535", "c", "latest", "a.b:65535/c:latest"},
      {"xn--bcher-kva.example/a", "xn--bcher-kva.example", "a", "latest",
       "xn--bcher-kva.example/a:latest"},
      {"a__b/c--d.e_f", "docker.io", "a__b/c--d.e_f", "latest", "a__b/c--d.e_f:latest"},
      {"library/library/x", "docker.io", "library/library/x", "latest", "library/library/x:latest"},
      {"a:_T.-9", "docker.io", "library/a", "_T.-9", "a:_T.-9"},
      {"a:" + long_tag, "docker.io", "library/a", long_tag, "a:" + long_tag},
      {std::string(63, 'f'), "docker.io", "library/" + std::string(63, 'f'), "latest",
       std::string(63, 'f') + ":latest"},
      {"docker.io/nginx@" + some_digest, "docker.io", "library/nginx", "", "nginx@" + some_digest},
      {"nginx:1.2@" + some_digest, "docker.io", "library/nginx", "1.2", "nginx:1.2@" + some_digest},
  };
  for (const Row& row : rows) {
    INFO(row.given);
    const Reference read = Reference::parse(row.given);
    CHECK(read.registry == row.registry);
    CHECK(read.repository == row.repository);
    CHECK(read.tag == row.tag);
    CHECK(read.familiar() == row.familiar);
    CHECK(Reference::parse(row.familiar) == read);
    CHECK(Reference::parse(read.str()) == read);
  }
}

TEST_CASE("registry.md R1.4: a digest is sha256 or sha512 and selects the image", "[oci]") {
  CHECK(Reference::parse("a@" + some_digest).digest->str() == some_digest);
  const std::string longer = "sha512:" + std::string(128, '0');
  CHECK(Reference::parse("a@" + longer).digest->str() == longer);
  CHECK(refusal("a@md5:" + std::string(32, '0')).find("must be sha256 or sha512") !=
        std::string::npos);
  CHECK(refusal("a@sha256:" + std::string(64, 'A')).find("sha256 needs 64 lower-case") !=
        std::string::npos);
  CHECK(refusal("a@sha256:12").find("sha256 needs 64 lower-case") != std::string::npos);
  CHECK(refusal("a@").find("is no digest") != std::string::npos);
}

TEST_CASE("registry.md R1, R1.1 to R1.3, R3: a refused name is told which rule it breaks",
          "[oci]") {
  const std::string component =
      " is not lower-case letters and digits with single '.', '_', '__' or '-' between them";
  const std::string tag = " is not 1 to 128 letters, digits, '_', '.' or '-'";
  const std::string long_tag(129, 't');
  const std::string id = "64 hexadecimal digits would look like an image ID";
  struct Row {
    std::string given;
    std::string reason;
  };
  const Row rows[] = {
      {"", "it is empty"},
      {"ghcr.io/Acme/App", "must be lower case: did you mean ghcr.io/acme/app?"},
      {"Acme/app", "must be lower case: did you mean acme/app?"},
      {"Acme/App:V1", "must be lower case: did you mean acme/app:V1?"},
      {"App@" + some_digest, "must be lower case: did you mean app@" + some_digest + "?"},
      {"a/../b", "\"..\"" + component},
      {"a//b", "\"\"" + component},
      {"/a", "\"\"" + component},
      {"a/", "\"\"" + component},
      {"-a", "\"-a\"" + component},
      {"a-", "\"a-\"" + component},
      {"a..b", "\"a..b\"" + component},
      {"a___b", "\"a___b\"" + component},
      {"a._b", "\"a._b\"" + component},
      {"a b", "\"a b\"" + component},
      {"\xc3\xa4", "\"\xc3\xa4\"" + component},
      {"a:", "the tag \"\"" + tag},
      {"a:.b", "the tag \".b\"" + tag},
      {"a:-b", "the tag \"-b\"" + tag},
      {"a:b:c", "the tag \"b:c\"" + tag},
      {"a:" + long_tag, "the tag \"" + long_tag + "\"" + tag},
      {std::string(64, 'f'), id},
      {std::string(64, 'F'), id},
      {"http://a/b", "a name has no scheme, write \"a/b\""},
      {"HTTPS://a.b/c", "a name has no scheme, write \"a.b/c\""},
      {"docker://alpine", "a name has no scheme, write \"alpine\""},
      {"a.b:70000/c", "\"a.b:70000\" is no host[:port]"},
      {"a.b:0/c", "\"a.b:0\" is no host[:port]"},
      {"a.b:/c", "\"a.b:\" is no host[:port]"},
      {"a.b:000080/c", "\"a.b:000080\" is no host[:port]"},
      {"-a.b/c", "\"-a.b\" is no host[:port]"},
      {"a_b.c/d", "\"a_b.c\" is no host[:port]"},
      {"user@a.b/c", "\"user@a.b\" is no host[:port]"},
      {"::1/a", "\"::1\" is no host[:port]"},
      {"[::1/a", "\"[::1\" is no host[:port]"},
      {"[::1%eth0]/a", "\"[::1%eth0]\" is no host[:port]"},
      {"[1:2]/a", "\"[1:2]\" is no host[:port]"},
      {"[::1]x/a", "\"[::1]x\" is no host[:port]"},
      {std::string(248, 'a'), "it is longer than 255 characters"},
  };
  for (const Row& row : rows) {
    INFO(row.given);
    CHECK(refusal(row.given) == row.reason);
  }
  // docker.io/library/ and 237 characters are 255.
  CHECK_NOTHROW(Reference::parse(std::string(237, 'a')));
  CHECK(refusal(std::string(238, 'a')) == "it is longer than 255 characters");
}

TEST_CASE("registry.md R1: what is printed parses to the same name", "[oci]") {
  std::mt19937 random(1);
  const std::string characters = "aA0.:/@-_[]\xc3";
  for (int i = 0; i < 20'000; ++i) {
    std::string name(random() % 12, ' ');
    for (char& c : name) c = characters[random() % characters.size()];
    try {
      const Reference read = Reference::parse(name);
      INFO(name);
      CHECK(Reference::parse(read.str()) == read);
      CHECK(Reference::parse(read.familiar()) == read);
    } catch (const Error& error) {
      CHECK(error.diagnostic().id == "name-invalid");
    }
  }
}
