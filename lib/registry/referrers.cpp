// SPDX-License-Identifier: Apache-2.0
#include "registry/referrers.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

/// Empty when nothing has that tag yet.
std::string tagged_index(Session& session, const std::string& tag) {
  try {
    Document found = fetch_manifest(session, tag);
    if (oci::is_index(found.descriptor.media_type)) return std::move(found.bytes);
  } catch (const Error& error) {
    if (error.diagnostic().id == "base-not-found") return {};
    throw;
  }
  throw Error(Errc::failed, "referrers-tag",
              concat(session.source().registry, " has under the tag ", tag,
                     " no list of what belongs to that image"));
}

}  // namespace

void tag_referrer(Session& session, const Digest& subject, const Document& document) {
  constexpr std::size_t most_hex = 64;  // of a tag's 128 characters
  const std::string tag = concat(subject.algorithm(), '-', subject.hex().substr(0, most_hex));
  const auto index = with_referrer(tagged_index(session, tag), document);
  if (!index) return;
  const Descriptor descriptor{.media_type = std::string(media_types::oci_index),
                              .digest = oci::sha256(*index),
                              .size = index->size()};
  put_manifest(session, {descriptor, *index}, tag);
}

}  // namespace ocibuild::registry
