// SPDX-License-Identifier: Apache-2.0
#pragma once

/// ```
/// #include <ocibuild/ocibuild.hpp>
/// #include <iostream>
///
/// int main() {
///   ocibuild::BuildRequest request{.store = "/var/tmp/images", .context = "."};
///   request.names = {ocibuild::Reference::parse("app:1")};
///   ocibuild::NullEvents events;
///   std::cout << ocibuild::build(request, events).manifest.digest.str() << '\n';
/// }
/// ```

#include <ocibuild/build.hpp>
#include <ocibuild/check.hpp>
#include <ocibuild/digest.hpp>
#include <ocibuild/docker_context.hpp>
#include <ocibuild/doctor.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/event.hpp>
#include <ocibuild/image.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/login.hpp>
#include <ocibuild/network.hpp>
#include <ocibuild/plan.hpp>
#include <ocibuild/rebuild.hpp>
#include <ocibuild/reference.hpp>
#include <ocibuild/remote.hpp>
#include <ocibuild/transfer.hpp>
#include <ocibuild/upkeep.hpp>
#include <ocibuild/version.hpp>
