// SPDX-License-Identifier: Apache-2.0
#include "store/image_search.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;
using support::quote;

namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t shortest_prefix = 4;
constexpr std::size_t sha256_digits = 64;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return support::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

/// "sha256:0123…" or "0123…" split up; nothing if the text cannot be (the start of) a digest.
struct DigestPrefix {
  std::string_view algorithm;  // empty: any
  std::string_view hex;

  static std::optional<DigestPrefix> parse(std::string_view text) {
    DigestPrefix out{.algorithm = {}, .hex = text};
    for (const std::string_view algorithm : {"sha256", "sha512"}) {
      if (!text.starts_with(algorithm) || text.substr(algorithm.size(), 1) != ":") continue;
      out = {.algorithm = algorithm, .hex = text.substr(algorithm.size() + 1)};
    }
    if (out.hex.size() < shortest_prefix || !is_hex(out.hex)) return std::nullopt;
    return out;
  }
  bool fits(const Digest& digest) const {
    return (algorithm.empty() || digest.algorithm() == algorithm) && digest.hex().starts_with(hex);
  }
};

/// The config's digest; nothing for an image that is damaged: it must not hide the others.
std::optional<Digest> config_digest(const BlobOrigin& origin, const Descriptor& image) {
  try {
    return read_manifest(origin, resolve_platform(origin, image)).manifest.config.digest;
  } catch (const Error&) {
    return std::nullopt;
  }
}

/// Several manifests may share one config (gzip and zstd of the same build): the first one, which
/// has a name if any has, stands for them.
std::optional<StoredImage> by_digest(const std::vector<StoredImage>& images,
                                     const BlobOrigin& origin, const DigestPrefix& prefix) {
  std::map<Digest, StoredImage> found;
  for (const StoredImage& image : images) {
    if (prefix.fits(image.manifest.digest)) found.emplace(image.manifest.digest, image);
    if (const auto config = config_digest(origin, image.manifest); config && prefix.fits(*config))
      found.emplace(*config, image);
  }
  if (found.empty()) return std::nullopt;
  const StoredImage& first = found.begin()->second;
  if (std::all_of(found.begin(), found.end(), [&](const auto& other) {
        return other.second.manifest.digest == first.manifest.digest;
      }))
    return first;
  Error error(Errc::usage, "image-ambiguous",
              concat(quote(prefix.hex), " is the start of ", found.size(), " image IDs"));
  for (const auto& [digest, image] : found) {
    if (error.diagnostic().notes.size() == 5) break;
    error.note(image.name ? concat(digest.str(), " ", image.name->familiar()) : digest.str());
  }
  throw error.help("give more digits");
}

std::optional<StoredImage> by_name(const std::vector<StoredImage>& images, const Reference& name) {
  const auto at = std::find_if(images.begin(), images.end(), [&](const StoredImage& image) {
    return image.name == name || (name.digest && image.manifest.digest == *name.digest);
  });
  return at == images.end() ? std::nullopt : std::optional(*at);
}

/// How many characters two repositories have in common when one goes on after the other with
/// further words, one more when they are the same; else 0.
std::size_t shared_words(const Reference& a, const Reference& b) {
  if (a.registry != b.registry) return 0;
  if (a.repository == b.repository) return a.repository.size() + 1;
  const auto& [front, whole] = std::minmax(
      a.repository, b.repository, [](auto& one, auto& other) { return one.size() < other.size(); });
  const bool goes_on = whole.starts_with(front) && whole.size() > front.size() &&
                       std::string_view("-._/").find(whole[front.size()]) != npos;
  return goes_on ? front.size() : 0;
}

[[noreturn]] void unknown(const std::vector<StoredImage>& images, std::string_view text,
                          const std::optional<Reference>& wanted,
                          const std::filesystem::path& root) {
  Error error(Errc::not_found, "image-unknown",
              concat("image ", quote(text), " is not in the store ", quote(root.native())));
  error.note(images.size() == 1 ? "the store has 1 image"
                                : concat("the store has ", images.size(), " images"));
  std::vector<Reference> names;
  for (const StoredImage& image : images) {
    if (image.name) names.push_back(*image.name);
  }
  if (const auto match = nearest_name(names, text, wanted))
    error.help(concat("did you mean ", quote(*match), "?"));
  throw error;
}

}  // namespace

StoredImage find_image(const std::vector<StoredImage>& images, const BlobOrigin& origin,
                       std::string_view text, const std::filesystem::path& root) {
  const auto prefix = DigestPrefix::parse(text);
  const bool only_digest =
      prefix && (!prefix->algorithm.empty() || prefix->hex.size() == sha256_digits);
  std::optional<Reference> name;
  if (!only_digest) {
    name = Reference::parse(text);
    if (auto image = by_name(images, *name)) return *image;
  }
  if (prefix) {
    if (auto image = by_digest(images, origin, *prefix)) return *image;
  }
  unknown(images, text, name, root);
}

std::optional<std::string> nearest_name(const std::vector<Reference>& names, std::string_view text,
                                        const std::optional<Reference>& wanted) {
  std::vector<std::string> spellings;
  for (const Reference& name : names) {
    spellings.push_back(name.familiar());
    if (const auto full = name.str(); full != spellings.back()) spellings.push_back(full);
  }
  const std::string spelled = wanted ? wanted->familiar() : std::string(text);
  for (const std::string& candidate : {std::string(text), spelled}) {
    if (auto match = closest_match(candidate, spellings)) return match;
  }
  if (!wanted) return std::nullopt;
  std::size_t most = 0;
  const Reference* best = nullptr;
  for (const Reference& name : names) {
    const std::size_t shared = shared_words(name, *wanted);
    if (shared <= most) continue;
    most = shared;
    best = &name;
  }
  return best == nullptr ? std::nullopt : std::optional(best->familiar());
}

}  // namespace ocibuild::store
