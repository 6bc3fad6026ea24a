// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/session.hpp"

namespace ocibuild::registry {

/// The address at which an upload goes on after `answer`; each replaces the one before
/// (docs/reference/registry.md, U4). @throws Error(Errc::failed, upload-location)
http::Url next_location(const Session& session, const Answer& answer);

}  // namespace ocibuild::registry
