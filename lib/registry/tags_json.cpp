// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/tags.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

/// R1: a tag that is none would only confuse, and might be long.
bool is_tag(std::string_view text) {
  const auto word = [](char c) {
    return support::is_alpha(c) || support::is_digit(c) || c == '_' || c == '.' || c == '-';
  };
  return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), word);
}

}  // namespace

std::vector<std::string> parse_tags(std::string_view text) {
  std::vector<std::string> out;
  try {
    const support::Json json = support::parse_json(text, "tags");
    out = support::strings_member(json, "tags");
  } catch (const Error&) {
    return {};
  }
  std::erase_if(out, [](const std::string& tag) { return !is_tag(tag); });
  return out;
}

}  // namespace ocibuild::registry
