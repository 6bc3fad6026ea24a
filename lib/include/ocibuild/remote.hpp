// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include <ocibuild/event.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/network.hpp>
#include <ocibuild/reference.hpp>

namespace ocibuild {

/// The documents of an image that a registry has, of which nothing is kept: no layer is asked for.
/// Of an index those for `platform`; without it the host's, else the first.
/// @throws Error   Errc::not_found (base-not-found, platform-missing), Errc::usage (offline) … as
/// pull()
OCIBUILD_API ImageDetails remote_details(const Reference& name,
                                         const std::optional<Platform>& platform,
                                         const NetworkSettings& network, EventSink& events,
                                         std::stop_token stop = {});

}  // namespace ocibuild
