// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocibuild::program {

/// Decimal units with one decimal, as docker counts: "118 B", "2.1 kB", "23.4 MB"; docker's tables
/// put no space in between.
std::string human_size(std::uint64_t bytes, std::string_view space = " ");

/// Two sizes in the unit of the larger one: "6.4/9.8 MB".
std::string human_progress(std::uint64_t done, std::uint64_t total, std::string_view space = " ");

/// "0s", "12s", "3m 20s", "2h 5m".
std::string human_left(std::chrono::seconds time);

/// "1 file", "2 files".
std::string counted(std::uint64_t count, std::string_view thing);

/// "0.1s", as BuildKit's plain lines have it.
std::string plain_seconds(std::chrono::nanoseconds took);

/// "24 ms" below a second, "1.1s" from there on.
std::string human_duration(std::chrono::nanoseconds took);

/// Seconds since 1970 UTC of an RFC 3339 time; nothing for an empty or different text.
std::optional<std::int64_t> parse_time(std::string_view rfc3339);

/// docker's words: "3 days ago". "N/A" for no time and for 1970, which means that the image keeps
/// none.
std::string human_age(std::string_view rfc3339, std::int64_t now);

/// RFC 3339 of seconds since 1970 UTC: "2023-11-14T22:13:20Z".
std::string format_time(std::int64_t seconds);

/// "300ms", "2s", "1m", "1h30m"; "0" too; at most `most`. @throws Error(Errc::usage) naming
/// `origin`
std::chrono::milliseconds parse_duration(std::string_view text, const std::string& origin,
                                         std::chrono::hours most = std::chrono::hours(24));

/// Bytes: "512KiB" and the like count 1024, "10MB", "10m", "1g" 1000 as human_size() does; a number
/// alone is bytes. @throws Error(Errc::usage) naming `origin`
std::uint64_t parse_size(std::string_view text, const std::string& origin);

}  // namespace ocibuild::program
