// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/duration.hpp"

#include <array>
#include <limits>
#include <utility>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t second = 1'000'000'000;

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 8> units = {{
    {"ns", 1},
    {"us", 1'000},
    {"\xC2\xB5s", 1'000},
    {"\xCE\xBCs", 1'000},
    {"ms", 1'000'000},
    {"s", second},
    {"m", 60 * second},
    {"h", 3600 * second},
}};

std::string_view take_digits(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && support::is_digit(text[n])) ++n;
  const std::string_view digits = text.substr(0, n);
  text.remove_prefix(n);
  return digits;
}

/// Takes "1.5s" off the front.
std::optional<std::uint64_t> take_part(std::string_view& text) {
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_digits(text);
  }
  if (whole.empty() && fraction.empty()) return std::nullopt;
  std::size_t n = 0;
  while (n < text.size() && text[n] != '.' && !support::is_digit(text[n])) ++n;
  std::uint64_t unit = 0;
  for (const auto& [name, value] : units) {
    if (name == text.substr(0, n)) unit = value;
  }
  if (unit == 0) return std::nullopt;
  text.remove_prefix(n);
  std::uint64_t count = 0;
  if (!whole.empty() && !support::parse_number(whole, largest / unit, count)) return std::nullopt;
  std::uint64_t out = count * unit;
  for (const char digit : fraction) {
    out += static_cast<std::uint64_t>(digit - '0') * unit / 10;
    unit /= 10;  // 0 at last: digits below a nanosecond are cut
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  std::uint64_t sum = 0;
  while (!text.empty()) {
    const auto part = take_part(text);
    if (!part || *part > largest - sum) return std::nullopt;
    sum += *part;
  }
  return static_cast<std::int64_t>(sum);
}

namespace {

/// `value` / `unit` with as many decimal places as are not zero.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string out = std::to_string(value / unit);
  std::string places;
  for (std::uint64_t rest = value % unit; rest != 0; rest %= unit) {
    unit /= 10;
    places += static_cast<char>('0' + rest / unit);
  }
  return places.empty() ? out : support::concat(out, '.', places);
}

}  // namespace

std::string duration_text(std::int64_t nanoseconds) {
  const auto value = static_cast<std::uint64_t>(nanoseconds);
  if (value == 0) return "0s";
  if (value < 1'000) return support::concat(value, "ns");
  if (value < 1'000'000) return decimal(value, 1'000) + "\xC2\xB5s";
  if (value < second) return decimal(value, 1'000'000) + "ms";
  const std::uint64_t minutes = value / (60 * second);
  std::string out = decimal(value % (60 * second), second) + "s";
  if (minutes > 0) out = support::concat(minutes % 60, 'm', out);
  if (minutes >= 60) out = support::concat(minutes / 60, 'h', out);
  return out;
}

}  // namespace ocibuild::dockerfile
