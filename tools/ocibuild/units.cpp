// SPDX-License-Identifier: Apache-2.0
#include "units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "flags.hpp"

namespace ocibuild::program {

namespace {

/// One decimal, rounded half up, without the floating point of a locale.
std::string one_decimal(std::uint64_t tenths) {
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10);
}

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};

Unit unit_for(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 6> names = {"B", "kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return {names[0], 1};
  std::size_t unit = 1;
  std::uint64_t scale = 1000;
  // 999 950 bytes would round to "1000.0 kB".
  while (unit + 1 < names.size() && bytes >= scale * 1000 - scale / 20) {
    scale *= 1000;
    ++unit;
  }
  return {names[unit], scale};
}

std::string in_unit(std::uint64_t bytes, const Unit& unit) {
  if (unit.scale == 1) return std::to_string(bytes);
  const std::uint64_t tenth = unit.scale / 10;
  return one_decimal(bytes / tenth + (bytes % tenth >= tenth / 2 ? 1 : 0));
}

bool read_number(std::string_view text, std::size_t at, std::size_t size, int& out) {
  if (at + size > text.size()) return false;
  const char* end = text.data() + at + size;
  const auto result = std::from_chars(text.data() + at, end, out);
  return result.ec == std::errc() && result.ptr == end && out >= 0;
}

/// Seconds east of UTC; nothing if `text` is no zone of RFC 3339.
std::optional<int> parse_zone(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  int hours = 0;
  int minutes = 0;
  const bool shape = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
  if (!shape || !read_number(text, 1, 2, hours) || !read_number(text, 4, 2, minutes)) {
    return std::nullopt;
  }
  const int seconds = (hours * 60 + minutes) * 60;
  return text[0] == '-' ? -seconds : seconds;
}

std::string counted(std::int64_t count, std::string_view unit) {
  return std::to_string(count) + ' ' + std::string(unit) + " ago";
}

}  // namespace

std::string human_size(std::uint64_t bytes, std::string_view space) {
  const Unit unit = unit_for(bytes);
  return in_unit(bytes, unit) + std::string(space) + std::string(unit.name);
}

std::string human_progress(std::uint64_t done, std::uint64_t total, std::string_view space) {
  const Unit unit = unit_for(std::max(done, total));
  return in_unit(done, unit) + '/' + in_unit(total, unit) + std::string(space) +
         std::string(unit.name);
}

std::string human_left(std::chrono::seconds time) {
  const auto seconds = time.count();
  if (seconds < 60) return std::to_string(seconds) + 's';
  if (seconds < 3600)
    return std::to_string(seconds / 60) + "m " + std::to_string(seconds % 60) + 's';
  return std::to_string(seconds / 3600) + "h " + std::to_string(seconds / 60 % 60) + 'm';
}

std::string counted(std::uint64_t count, std::string_view thing) {
  return std::to_string(count) + ' ' + std::string(thing) + (count == 1 ? "" : "s");
}

std::string plain_seconds(std::chrono::nanoseconds took) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return one_decimal(static_cast<std::uint64_t>(ms + 50) / 100) + 's';
}

std::string human_duration(std::chrono::nanoseconds took) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return ms < 1000 ? std::to_string(ms) + " ms" : plain_seconds(took);
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool shape = text.size() >= 20 && text[4] == '-' && text[7] == '-' &&
                     (text[10] == 'T' || text[10] == 't') && text[13] == ':' && text[16] == ':';
  if (!shape || !read_number(text, 0, 4, year) || !read_number(text, 5, 2, month) ||
      !read_number(text, 8, 2, day) || !read_number(text, 11, 2, hour) ||
      !read_number(text, 14, 2, minute) || !read_number(text, 17, 2, second)) {
    return std::nullopt;
  }
  std::string_view rest = text.substr(19);
  if (rest.front() == '.')
    rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  const auto zone = parse_zone(rest);
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!zone || !date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 + second - *zone;
}

std::string human_age(std::string_view rfc3339, std::int64_t now) {
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 60 * minute;
  constexpr std::int64_t day = 24 * hour;
  const auto time = parse_time(rfc3339);
  if (!time || *time <= day) return "N/A";  // reproducible images say second 0 or 1
  const std::int64_t age = now - *time;
  // The steps are docker's units.HumanDuration.
  if (age < 1) return "Less than a second ago";
  if (age < minute) return age == 1 ? "1 second ago" : counted(age, "seconds");
  if (age < 2 * minute) return "About a minute ago";
  if (age < hour) return counted(age / minute, "minutes");
  if (age < 2 * hour) return "About an hour ago";
  if (age < 2 * day) return counted(age / hour, "hours");
  if (age < 14 * day) return counted(age / day, "days");
  if (age < 60 * day) return counted(age / (7 * day), "weeks");
  if (age < 730 * day) return counted(age / (30 * day), "months");
  return counted(age / (365 * day), "years");
}

std::string format_time(std::int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> out{};
  const int size = std::snprintf(
      out.data(), out.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {out.data(), static_cast<std::size_t>(size)};
}

std::chrono::milliseconds parse_duration(std::string_view text, const std::string& origin,
                                         std::chrono::hours most) {
  static constexpr std::pair<std::string_view, unsigned> units[] = {
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  const auto limit = static_cast<std::uint64_t>(std::chrono::milliseconds(most).count());
  std::uint64_t sum = 0;
  if (text == "0") return {};
  for (std::string_view rest = text; !rest.empty() || text.empty();) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
    const std::size_t end = std::min(rest.find_first_of("0123456789", digits), rest.size());
    const std::string_view name = rest.substr(digits, end - digits);
    const auto* unit = std::find_if(std::begin(units), std::end(units),
                                    [&](const auto& known) { return known.first == name; });
    if (digits == 0 || unit == std::end(units)) {
      usage_error(origin + " takes a time such as 300ms, 2s or 1m, not '" + std::string(text) +
                  "'");
    }
    sum +=
        parse_count(rest.substr(0, digits), origin, 0, (limit - sum) / unit->second) * unit->second;
    rest.remove_prefix(end);
  }
  return std::chrono::milliseconds(sum);
}

std::uint64_t parse_size(std::string_view text, const std::string& origin) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string unit;
  for (const char c : text.substr(digits))
    unit += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::string_view prefixes = "kmgtp";
  std::uint64_t scale = 1;
  if (const std::size_t prefix = unit.empty() ? std::string_view::npos : prefixes.find(unit[0]);
      prefix != std::string_view::npos) {
    const std::string rest = unit.substr(1);
    for (std::size_t i = 0; i <= prefix; ++i) scale *= rest == "ib" ? 1024U : 1000U;
    unit = rest == "ib" || rest.empty() ? "b" : rest;
  }
  if (digits == 0 || (!unit.empty() && unit != "b"))
    usage_error(origin + " takes a size such as 512KiB, 10MB or 1g, not '" + std::string(text) +
                "'");
  return parse_count(text.substr(0, digits), origin, 0, UINT64_MAX / scale) * scale;
}

}  // namespace ocibuild::program
