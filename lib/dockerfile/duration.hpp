// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::dockerfile {

/// Nanoseconds of a duration as HEALTHCHECK writes it: "300ms", "1.5s", "1m30s", "0"; units ns us
/// µs ms s m h. Nothing when it is no duration or does not fit.
std::optional<std::int64_t> parse_duration(std::string_view text);

/// The same notation for `nanoseconds` >= 0: "0s", "1.5s", "1m30s".
std::string duration_text(std::int64_t nanoseconds);

}  // namespace ocibuild::dockerfile
