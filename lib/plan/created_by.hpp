// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/image.hpp>

/// The notation of BuildKit's history texts, which scanners and `docker history` read
/// (docs/reference/dockerfile.md, 15.2). It is Go's: %q, %v and %+v.
namespace ocibuild::plan {

/// `["/bin/sh" "-c" "echo hi"]`
std::string quoted_list(const std::vector<std::string>& elements);

/// `[/v /w]`
std::string plain_list(const std::vector<std::string>& elements);

/// `{Test:[CMD-SHELL curl x] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}`
std::string healthcheck_text(const Healthcheck& check);

}  // namespace ocibuild::plan
