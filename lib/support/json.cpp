// SPDX-License-Identifier: Apache-2.0
#include "support/json.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::support {

namespace {

constexpr int deepest = 64;

[[noreturn]] void wrong_type(std::string_view key, std::string_view wanted) {
  throw Error(Errc::failed, "json-invalid", concat("JSON member ", quote(key), " is not ", wanted));
}

/// Nesting outside strings, so that a hostile document cannot exhaust the parser's stack.
bool nests_deeper(std::string_view text, int limit) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > limit) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

/// `byte` counts from 1, as the parser gives it.
std::string position(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return concat("line ", line, ", column ", before.size() - (before.rfind('\n') + 1) + 1);
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what) {
  if (nests_deeper(text, deepest)) {
    throw Error(Errc::failed, "json-invalid",
                concat(what, " nests deeper than ", deepest, " levels"));
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(Errc::failed, "json-invalid",
                concat(what, " is not valid JSON (", position(text, error.byte), ")"));
  } catch (const Json::out_of_range&) {
    throw Error(Errc::failed, "json-invalid", concat(what, " has a number that is out of range"));
  }
}

std::string dump_json(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* find_member(const Json& object, std::string_view key) {
  if (!object.is_object()) wrong_type(key, "in an object");
  const auto at = object.find(std::string(key));
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

std::string string_member(const Json& object, std::string_view key) {
  const Json* member = find_member(object, key);
  if (member == nullptr) return {};
  if (!member->is_string()) wrong_type(key, "a string");
  return member->get<std::string>();
}

std::int64_t integer_member(const Json& object, std::string_view key, std::int64_t otherwise) {
  const Json* member = find_member(object, key);
  if (member == nullptr) return otherwise;
  if (!member->is_number_integer()) wrong_type(key, "an integer");
  constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (member->is_number_unsigned() && member->get<std::uint64_t>() > largest)
    wrong_type(key, "in range");
  return member->get<std::int64_t>();
}

bool bool_member(const Json& object, std::string_view key) {
  const Json* member = find_member(object, key);
  if (member == nullptr) return false;
  if (!member->is_boolean()) wrong_type(key, "true or false");
  return member->get<bool>();
}

std::vector<std::string> strings_member(const Json& object, std::string_view key) {
  std::vector<std::string> out;
  const Json* member = find_member(object, key);
  if (member == nullptr) return out;
  if (!member->is_array()) wrong_type(key, "a list");
  for (const Json& element : *member) {
    if (!element.is_string()) wrong_type(key, "a list of strings");
    out.push_back(element.get<std::string>());
  }
  return out;
}

std::map<std::string, std::string> string_map_member(const Json& object, std::string_view key) {
  std::map<std::string, std::string> out;
  const Json* member = find_member(object, key);
  if (member == nullptr) return out;
  if (!member->is_object()) wrong_type(key, "an object");
  for (const auto& [name, value] : member->items()) {
    if (!value.is_string()) wrong_type(key, "a map of strings");
    out.emplace(name, value.get<std::string>());
  }
  return out;
}

std::vector<std::string> keys_member(const Json& object, std::string_view key) {
  std::vector<std::string> out;
  const Json* member = find_member(object, key);
  if (member == nullptr) return out;
  if (!member->is_object()) wrong_type(key, "an object");
  for (const auto& item : member->items()) out.push_back(item.key());
  return out;
}

StringArray parse_string_array(std::string_view text) {
  StringArray out;
  text = trim(text);
  if (!text.starts_with('[') || nests_deeper(text, deepest)) return out;
  const Json array = Json::parse(text, nullptr, false);
  if (!array.is_array()) return out;
  out.is_array = true;
  for (const Json& element : array) {
    if (!element.is_string()) {
      out.wrong = out.strings.size();
      out.strings.clear();
      return out;
    }
    out.strings.push_back(element.get<std::string>());
  }
  return out;
}

}  // namespace ocibuild::support
