// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "support/catch.hpp"

using ocibuild::Error;
using ocibuild::Reference;

TEST_CASE("image.md 8: names are normalised as docker does", "[oci]") {
  struct Row {
    const char* given;
    const char* full;
    const char* familiar;
  };
  const Row rows[] = {
      {"alpine", "docker.io/library/alpine:latest", "alpine:latest"},
      {"alpine:3.20", "docker.io/library/alpine:3.20", "alpine:3.20"},
      {"foo/bar", "docker.io/foo/bar:latest", "foo/bar:latest"},
      {"test.com:5000", "docker.io/library/test.com:5000", "test.com:5000"},
      {"test.com:5000/a", "test.com:5000/a:latest", "test.com:5000/a:latest"},
      {"localhost/a", "localhost/a:latest", "localhost/a:latest"},
      {"localhost:5000/a", "localhost:5000/a:latest", "localhost:5000/a:latest"},
      {"index.docker.io/a/b:c", "docker.io/a/b:c", "a/b:c"},
      {"GHCR.io/acme/app", "ghcr.io/acme/app:latest", "ghcr.io/acme/app:latest"},
      {"[::1]:5000/a:b", "[::1]:5000/a:b", "[::1]:5000/a:b"},
      {"a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest", "a__b/c--d.e_f:latest"},
  };
  for (const Row& row : rows) {
    INFO(row.given);
    CHECK(Reference::parse(row.given).str() == row.full);
    CHECK(Reference::parse(row.given).familiar() == row.familiar);
    CHECK(Reference::parse(row.familiar) == Reference::parse(row.given));
  }
}

TEST_CASE("image.md 8: a digest selects, and needs no tag", "[oci]") {
  const std::string digest = "sha256:" + std::string(64, 'a');
  const Reference plain = Reference::parse("docker.io/nginx@" + digest);
  CHECK(plain.tag.empty());
  CHECK(plain.digest->str() == digest);
  CHECK(Reference::parse("nginx:1.2@" + digest).str() == "docker.io/library/nginx:1.2@" + digest);
}

TEST_CASE("image.md 8: names that break a rule are refused", "[oci]") {
  const std::string long_tag(129, 't');
  for (const std::string& name :
       {std::string(), std::string("a/../b"), std::string("a//b"), std::string("/a"),
        std::string("a/"), std::string("-a"), std::string("a..b"), std::string("a___b"),
        std::string("a:"), std::string("a@sha256:12"), std::string("a:" + long_tag),
        std::string(64, 'f'), std::string("https://a/b"), std::string("a.b:70000/c"),
        std::string("a b"), std::string(260, 'a')}) {
    INFO(name);
    CHECK_THROWS_AS(Reference::parse(name), Error);
  }
}

TEST_CASE("image.md 8: an upper-case name is refused with its lower-case spelling", "[oci]") {
  try {
    Reference::parse("Acme/App:1");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.code() == ocibuild::Errc::usage);
    CHECK(error.diagnostic().id == "name-invalid");
    CHECK(std::string(error.what()) ==
          "invalid image name \"Acme/App:1\": must be lower case: did you mean acme/app:1?");
  }
}
