// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/manifests.hpp"

/// Manifests that say with "subject" which other one they belong to (docs/reference/registry.md,
/// U11).
namespace ocibuild::registry {

/// The manifest that this one belongs to. @throws Error(Errc::failed, json-invalid)
std::optional<Digest> subject_of(std::string_view manifest);

/// `index`, empty for none yet, with an entry for `document`; nothing when it has one already.
std::optional<std::string> with_referrer(std::string_view index, const Document& document);

/// Names `document` under the tag that readers look at where a registry keeps no list itself.
/// @throws Error as fetch_manifest() and put_manifest(); Error(Errc::failed, referrers-tag) when
/// something else has that tag
void tag_referrer(Session& session, const Digest& subject, const Document& document);

}  // namespace ocibuild::registry
