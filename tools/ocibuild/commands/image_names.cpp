// SPDX-License-Identifier: Apache-2.0
#include "commands/image_names.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>
#include <ocibuild/transfer.hpp>

#include "network_settings.hpp"
#include "settings.hpp"

namespace ocibuild::program {

std::string repository_of(const Reference& name) {
  std::string text = name.familiar();
  text.erase(std::min(text.find('@'), text.size()));
  const std::size_t colon = text.rfind(':');
  const std::size_t slash = text.rfind('/');
  // In "localhost:5000/app" the colon belongs to the host.
  if (colon != std::string::npos && (slash == std::string::npos || slash < colon))
    text.erase(colon);
  return text;
}

std::string tagged(const Reference& name) {
  std::string text = repository_of(name);
  if (!name.tag.empty()) text += ':' + name.tag;
  if (name.digest) text += '@' + name.digest->str();
  return text;
}

std::string short_digest(const Digest& digest) {
  return std::string(digest.hex().substr(0, 12));
}

std::uint64_t stored_size(const Manifest& manifest) {
  std::uint64_t size = 0;
  for (const Descriptor& layer : manifest.layers) size += layer.size;
  return size;
}

Digest image_id(const ImageDetails& details) {
  return details.index_json.empty() ? details.manifest.config.digest
                                    : details.image.manifest.digest;
}

std::vector<Reference> names_of(const std::vector<StoredImage>& images, const Digest& manifest) {
  std::vector<Reference> out;
  for (const StoredImage& image : images) {
    if (image.name && image.manifest.digest == manifest) out.push_back(*image.name);
  }
  return out;
}

std::string stored_name(const Invocation& invocation, const std::string& word) {
  const std::filesystem::path root = store_root(invocation.flags, invocation.io);
  std::optional<Reference> name;
  try {
    name = resolve_name(word, network_settings(invocation.flags, invocation.io), root);
  } catch (const Error& error) {
    if (error.diagnostic().id == "config-invalid") throw;
    return word;  // an ID, or a name that the store is not searched for
  }
  const std::vector<StoredImage> all = ImageStore(root).images();
  const bool stored = std::any_of(all.begin(), all.end(),
                                  [&](const StoredImage& image) { return image.name == name; });
  return stored ? name->str() : word;
}

bool is_named(const StoredImage& image, std::string_view text) {
  if (!image.name) return false;
  try {
    return *image.name == Reference::parse(text);
  } catch (const Error&) {
    return false;  // an ID, or something that find() will complain about
  }
}

}  // namespace ocibuild::program
