// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

#include "registry/session.hpp"

namespace ocibuild::registry {

/// A manifest or index as it came, verified.
struct Document {
  Descriptor descriptor;  ///< type, digest and size of `bytes`
  std::string bytes{};
};

/// GET of a manifest or index (docs/reference/registry.md, P1 to P6). `reference`: tag or digest;
/// a digest is verified.
/// @throws Error: base-not-found, not-a-registry, manifest-invalid, manifest-too-large,
/// schema1-unsupported, blob-corrupt and those of the network
/// `headers`: where not null, gets those of the answer, also of one that is an error.
Document fetch_manifest(Session& session, const std::string& reference,
                        http::Headers* headers = nullptr);

/// Digest of what a tag or digest names, by HEAD; nothing when it is not there or the registry does
/// not say (P2). For pushes: asked with their scope.
std::optional<Digest> head_manifest(Session& session, const std::string& reference);

/// The same for pulls, where it may save a GET: nothing when only a GET can tell.
/// @throws Error as fetch_manifest() when the registry cannot be reached
std::optional<Digest> find_digest(Session& session, const std::string& reference);

/// What the bytes are, from their own fields, the content type deciding only when those are silent
/// (P4). @throws Error as fetch_manifest()
MediaType manifest_type(std::string_view bytes, std::string_view content_type,
                        const std::string& host);

struct PutResult {
  enum class State {
    sent,
    was_there,   ///< under that tag; nothing was sent
    incomplete,  ///< the registry lacks something that the document names
  };
  State state = State::sent;
  bool knows_subject = false;  ///< sent; the registry lists it with what its "subject" names (U11)
  std::string words{};         ///< of the registry, when it is incomplete
};

/// PUT of a manifest or index under a tag or its digest (U9, U12). `named`: what head_manifest()
/// said of the tag; then it is another one.
/// @throws Error: tag-immutable, manifest-too-large …
PutResult put_manifest(Session& session, const Document& document, const std::string& reference,
                       const std::optional<Digest>& named = {});

}  // namespace ocibuild::registry
