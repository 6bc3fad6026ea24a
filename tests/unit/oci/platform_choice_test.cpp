// SPDX-License-Identifier: Apache-2.0
#include "oci/platform_choice.hpp"

#include "support/catch.hpp"

using namespace ocibuild;

namespace {

Descriptor entry(const std::string& platform) {
  Descriptor out;
  out.media_type = media_types::oci_manifest;
  if (!platform.empty()) out.platform = Platform::parse(platform);
  return out;
}

Index index_of(const std::vector<std::string>& platforms) {
  Index out;
  for (const std::string& platform : platforms) out.manifests.push_back(entry(platform));
  return out;
}

std::string chosen(const Index& index, const std::string& wanted) {
  const Descriptor* found = oci::choose_platform(index, Platform::parse(wanted));
  if (found == nullptr) return "-";
  return found->platform ? found->platform->str() : "plain";
}

}  // namespace

TEST_CASE("registry.md P7.2, P7.3: system and architecture must be equal, variants may be lower",
          "[oci]") {
  const Index index = index_of({"linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64"});
  CHECK(chosen(index, "linux/amd64") == "linux/amd64");
  CHECK(chosen(index, "linux/arm64/v8") == "linux/arm64");
  CHECK(chosen(index, "linux/arm/v7") == "linux/arm/v7");
  CHECK(chosen(index, "linux/arm/v8") == "linux/arm/v7");
  CHECK(chosen(index, "linux/arm/v5") == "-");
  CHECK(chosen(index, "linux/386") == "-");
  CHECK(chosen(index, "windows/amd64") == "-");
}

TEST_CASE("registry.md P7.4: the best variant that the processor runs wins", "[oci]") {
  const Index index = index_of({"linux/amd64", "linux/amd64/v2", "linux/amd64/v3"});
  CHECK(chosen(index, "linux/amd64/v4") == "linux/amd64/v3");
  CHECK(chosen(index, "linux/amd64/v2") == "linux/amd64/v2");
  CHECK(chosen(index, "linux/amd64") == "linux/amd64");
  CHECK(chosen(index_of({"linux/arm64/v8.1", "linux/arm64/v8.3"}), "linux/arm64/v8.2") ==
        "linux/arm64/v8.1");
  CHECK(chosen(index_of({"linux/arm64/v8.1", "linux/arm64/v8.6"}), "linux/arm64/v9") ==
        "linux/arm64/v8.1");
  CHECK(chosen(index_of({"linux/amd64/v3"}), "linux/amd64") == "linux/amd64/v3");
  CHECK(chosen(index_of({"linux/amd64/v2", "linux/amd64/v3"}), "linux/amd64") == "-");
}

TEST_CASE("registry.md P7.1: attestations and unknown platforms are never chosen", "[oci]") {
  Index index = index_of({"linux/amd64", "linux/amd64"});
  index.manifests[0].annotations["vnd.docker.reference.type"] = "attestation-manifest";
  CHECK(oci::choose_platform(index, Platform::parse("linux/amd64")) == &index.manifests[1]);
  index.manifests[1].platform->os = "unknown";
  CHECK(chosen(index, "linux/amd64") == "-");
  CHECK(oci::offered_platforms(index).empty());
}

TEST_CASE("registry.md P7.1: an entry without platform counts only when it is alone", "[oci]") {
  CHECK(chosen(index_of({""}), "linux/amd64") == "plain");
  CHECK(chosen(index_of({"", "linux/arm64"}), "linux/amd64") == "-");
}

TEST_CASE("registry.md P7.5, P7.6: the first of equals, entries with features last", "[oci]") {
  Index index = index_of({"linux/amd64", "linux/amd64"});
  CHECK(oci::choose_platform(index, Platform::parse("linux/amd64")) == &index.manifests[0]);
  index.manifests[0].platform->os_features = {"special"};
  CHECK(oci::choose_platform(index, Platform::parse("linux/amd64")) == &index.manifests[1]);
}
