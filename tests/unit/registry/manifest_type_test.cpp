// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include "registry/manifests.hpp"
#include "support/catch.hpp"

using namespace ocibuild;

namespace {

constexpr const char* oci_manifest = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";

std::string type(std::string_view bytes, std::string_view content_type = "") {
  try {
    return registry::manifest_type(bytes, content_type, "r.example");
  } catch (const Error& error) {
    return error.diagnostic().id;
  }
}

}  // namespace

TEST_CASE("registry.md P4: the field decides, then the content type, then the shape",
          "[registry]") {
  CHECK(type(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})",
             "text/plain") == oci_manifest);
  CHECK(type(R"({"schemaVersion":2,"manifests":[]})", docker_index) == docker_index);
  CHECK(type(R"({"schemaVersion":2,"manifests":[]})", "application/json") ==
        "application/vnd.oci.image.index.v1+json");
  CHECK(type(R"({"schemaVersion":2,"config":{},"layers":[]})") == oci_manifest);
}

TEST_CASE("registry.md P4: what is no manifest, or two things at once, is refused", "[registry]") {
  CHECK(type(R"({"schemaVersion":1,"fsLayers":[]})") == "schema1-unsupported");
  CHECK(type(R"({"schemaVersion":2,"manifests":[],"layers":[]})") == "manifest-invalid");
  CHECK(type(R"({"schemaVersion":2,"layers":[],"layers":[],"config":{}})") == "manifest-invalid");
  CHECK(type(R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json"})",
             docker_index) == "manifest-invalid");
  CHECK(type(R"({"schemaVersion":2,"mediaType":"x/y"})") == "manifest-invalid");
  CHECK(type(R"({"schemaVersion":2})") == "manifest-invalid");
  CHECK(type(R"({"layers":[]})") == "manifest-invalid");
  CHECK(type("[]") == "manifest-invalid");
  CHECK(type("<html>") == "json-invalid");
}
