// SPDX-License-Identifier: Apache-2.0
#include "registry/session.hpp"

#include <ocibuild/error.hpp>

#include "registry/upload_location.hpp"
#include "support/catch.hpp"

namespace ocibuild::registry {

namespace {

/// A session that asks nobody.
struct Quiet {
  explicit Quiet(const std::string& registry, const std::string& auths = {}, bool insecure = false)
      : settings{.offline = true, .credentials = {.docker_auth_config = auths}},
        source{registry, "a/b", insecure} {}
  NetworkSettings settings;
  Source source;
  Network network{settings, {}};
  Session session{network, source, Purpose::push};
};

/// Where an upload goes on that the registry opened at `asked`, or why it does not.
std::string next(const Quiet& quiet, const std::string& asked,
                 const std::optional<std::string>& location) {
  Answer answer{.status = 202, .url = *http::Url::parse(asked)};
  if (location) answer.headers.add("Location", *location);
  try {
    return next_location(quiet.session, answer).str();
  } catch (const Error& error) {
    return error.diagnostic().id;
  }
}

}  // namespace

TEST_CASE("registry.md W2: Amazon is not asked for what is configured", "[registry]") {
  const std::string ecr = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  Quiet configured(ecr, R"({"auths": {")" + ecr + R"(": {"username": "u", "password": "p"}}})");
  CHECK(configured.session.credential()->user == "u");
  Quiet bare(ecr);
  CHECK_THROWS_AS(bare.session.credential(), Error);  // offline, and there are no keys
  Quiet other("reg.example");
  CHECK_FALSE(other.session.credential());
}

TEST_CASE("registry.md U4, U4.2: an upload goes on at the host that is named, if that is safe",
          "[registry]") {
  const Quiet secure("reg.example:8443");
  const std::string asked = "https://reg.example:8443/v2/a/b/blobs/uploads/";
  CHECK(next(secure, asked, "/u?x=%2F") == "https://reg.example:8443/u?x=%2F");
  CHECK(next(secure, asked, "http://reg.example/u") == "https://reg.example:8443/u");
  CHECK(next(secure, asked, "https://cdn.example/u") == "https://cdn.example/u");
  CHECK(next(secure, asked, "http://cdn.example/u") == "upload-location");
  CHECK(next(secure, asked, "https://169.254.169.254/u") == "upload-location");
  const Quiet insecure("reg.example:8443", {}, true);
  CHECK(next(insecure, asked, "http://cdn.example/u") == "http://cdn.example/u");
}

TEST_CASE("registry.md U4.3: an upload without an address, or a bad one, is an error",
          "[registry]") {
  const Quiet quiet("reg.example");
  const std::string asked = "https://reg.example/v2/a/b/blobs/uploads/";
  CHECK(next(quiet, asked, std::nullopt) == "upload-location");
  CHECK(next(quiet, asked, "ftp://reg.example/u") == "upload-location");
  CHECK(next(quiet, asked, "https://u:p@reg.example/u") == "upload-location");
}

}  // namespace ocibuild::registry
