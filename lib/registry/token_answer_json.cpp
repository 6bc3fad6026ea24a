// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/tokens.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::Json;

namespace {

std::string text_of(const Json& json, std::string_view name) {
  const Json* value = support::find_member(json, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

/// A number, or a number in a string; anything else and what is not positive is a minute.
std::int64_t life_of(const Json& json) {
  constexpr std::int64_t otherwise = 60;
  constexpr std::int64_t longest = 7 * 24 * 3600;
  const Json* value = support::find_member(json, "expires_in");
  if (value == nullptr) return otherwise;
  double seconds = 0;
  if (value->is_number()) seconds = value->get<double>();
  std::uint64_t number = 0;
  if (value->is_string() && support::parse_number(value->get<std::string>(), longest, number))
    seconds = static_cast<double>(number);
  if (!(seconds >= 1)) return otherwise;
  return static_cast<std::int64_t>(std::min(seconds, static_cast<double>(longest)));
}

}  // namespace

std::optional<TokenAnswer> parse_token_answer(std::string_view text) {
  Json json;
  try {
    json = support::parse_json(text, "token answer");
  } catch (const Error&) {
    return std::nullopt;
  }
  if (!json.is_object()) return std::nullopt;
  TokenAnswer out;
  out.token = text_of(json, "access_token");
  if (out.token.empty()) out.token = text_of(json, "token");
  if (out.token.empty()) return std::nullopt;
  out.expires_in = life_of(json);
  out.refresh_token = text_of(json, "refresh_token");
  return out;
}

}  // namespace ocibuild::registry
