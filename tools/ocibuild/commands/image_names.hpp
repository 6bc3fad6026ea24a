// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image_store.hpp>

#include "program.hpp"

/// How listings call images, and what the words for them on a command line mean.
namespace ocibuild::program {

/// "ghcr.io/me/app", "alpine": the short name without tag and digest.
std::string repository_of(const Reference& name);
/// "alpine:latest": with the tag always.
std::string tagged(const Reference& name);
/// The first twelve digits, as docker shows an ID.
std::string short_digest(const Digest& digest);
/// Bytes of all layers as they are stored.
std::uint64_t stored_size(const Manifest& manifest);
/// What docker calls the image ID: the digest of the index, or of the one manifest's config.
Digest image_id(const ImageDetails& details);
/// All names of the image with that manifest, in the order of the list.
std::vector<Reference> names_of(const std::vector<StoredImage>& images, const Digest& manifest);
/// What the store has in the place of `word` when registries.conf gives that a meaning, else `word`
/// (docs/reference/registry.md, R5.5). @throws Error(Errc::usage, config-invalid)
std::string stored_name(const Invocation& invocation, const std::string& word);
/// True if `text`, read as a name, is the name of `image`.
bool is_named(const StoredImage& image, std::string_view text);

}  // namespace ocibuild::program
