// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include <ocibuild/build.hpp>

#include "io.hpp"

namespace ocibuild::program {

/// Where a build writes its shared cache.
struct CacheTarget {
  CacheLocation to;
  bool ignore_error = false;
};

/// Reads "type=local,src=DIR[,tag=T|,digest=D]", "type=registry,ref=NAME" or "NAME", the value of
/// --cache-from; `origin` for messages (docs/reference/cli.md, 4.4). @throws Error(Errc::usage)
CacheLocation parse_cache_from(std::string_view text, const Io& io, const std::string& origin);

/// Reads "type=local,dest=DIR[,tag=T]", "type=registry,ref=NAME" or "NAME", with the keys that
/// docker has for them. `request`: has the compression of the layers. @throws Error(Errc::usage)
CacheTarget parse_cache_to(std::string_view text, const Io& io, const std::string& origin,
                           const BuildRequest& request);

}  // namespace ocibuild::program
