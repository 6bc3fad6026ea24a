// SPDX-License-Identifier: Apache-2.0
#include "oci/platform_choice.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::oci {

namespace {

constexpr std::string_view attestation = "vnd.docker.reference.type";

bool is_candidate(const Descriptor& entry) {
  if (!is_manifest(entry.media_type) && !is_index(entry.media_type)) return false;
  if (entry.annotations.contains(std::string(attestation))) return false;
  return !entry.platform || entry.platform->os != "unknown";
}

/// "v8.2" as {8, 2}; nothing for another form.
std::optional<std::pair<unsigned, unsigned>> numbers_of(std::string_view variant) {
  if (!variant.starts_with('v')) return std::nullopt;
  const std::vector<std::string> parts = support::split(variant.substr(1), '.');
  std::array<std::uint64_t, 2> numbers{};
  if (parts.size() > 2) return std::nullopt;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!support::parse_number(parts[i], 99, numbers[i])) return std::nullopt;
  }
  return std::pair{static_cast<unsigned>(numbers[0]), static_cast<unsigned>(numbers[1])};
}

/// Variants that a processor of `wanted` runs, best first. The empty one is the plain name.
std::vector<std::string> runnable_variants(const Platform& wanted) {
  const auto version = numbers_of(wanted.variant);
  std::vector<std::string> out{wanted.variant};
  if (!version) return out;
  const auto add = [&](unsigned major, unsigned minor) {
    out.push_back(minor == 0 ? support::concat("v", major)
                             : support::concat("v", major, ".", minor));
  };
  const auto [major, minor] = *version;
  if (wanted.architecture == "arm") {
    for (unsigned lower = major; lower > 5; --lower) add(lower - 1, 0);
  } else if (wanted.architecture == "amd64") {
    for (unsigned lower = major; lower > 2; --lower) add(lower - 1, 0);
    out.emplace_back();
  } else if (wanted.architecture == "arm64") {
    for (unsigned lower = minor; lower > 0; --lower) add(major, lower - 1);
    if (major == 9) {
      for (unsigned lower = minor + 6; lower > 0; --lower) add(8, lower - 1);
    }
    out.emplace_back();  // plain arm64 is v8
  }
  return out;
}

bool has_features(const Descriptor& entry) {
  return entry.platform && !entry.platform->os_features.empty();
}

/// The first with that variant, entries without features before those with.
const Descriptor* with_variant(const std::vector<const Descriptor*>& same,
                               const std::string& variant) {
  const Descriptor* found = nullptr;
  for (const Descriptor* entry : same) {
    if (entry->platform->variant != variant) continue;
    if (!has_features(*entry)) return entry;
    if (found == nullptr) found = entry;
  }
  return found;
}

}  // namespace

const Descriptor* choose_platform(const Index& index, const Platform& wanted) {
  std::vector<const Descriptor*> candidates;
  for (const Descriptor& entry : index.manifests) {
    if (is_candidate(entry)) candidates.push_back(&entry);
  }
  if (candidates.size() == 1 && !candidates.front()->platform) return candidates.front();
  std::vector<const Descriptor*> same;
  for (const Descriptor* entry : candidates) {
    if (entry->platform && entry->platform->os == wanted.os &&
        entry->platform->architecture == wanted.architecture) {
      same.push_back(entry);
    }
  }
  for (const std::string& variant : runnable_variants(wanted)) {
    if (const Descriptor* entry = with_variant(same, variant)) return entry;
  }
  return wanted.variant.empty() && same.size() == 1 ? same.front() : nullptr;
}

std::vector<std::string> offered_platforms(const Index& index) {
  std::vector<std::string> out;
  for (const Descriptor& entry : index.manifests) {
    if (is_candidate(entry) && entry.platform) out.push_back(entry.platform->str());
  }
  return out;
}

}  // namespace ocibuild::oci
