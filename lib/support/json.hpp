// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "support/ordered_object.hpp"

/// Typed getters over nlohmann/json, so that a document of somebody else can never surprise with a
/// type. Only *_json.cpp files use the json type; everybody else uses the functions that take and
/// give text.
namespace ocibuild::support {

using Json = nlohmann::basic_json<OrderedObject>;

/// @throws Error(Errc::failed, json-invalid) naming `what`, for text that is no JSON or nests
/// deeper than 64
Json parse_json(std::string_view text, std::string_view what);

/// Compact text; bytes that are no UTF-8 are replaced, never an error.
std::string dump_json(const Json& json);

/// The member, or null when absent or `null`.
const Json* find_member(const Json& object, std::string_view key);

/// Absent or null members give the default. @throws Error(Errc::failed, json-invalid) for another
/// type
std::string string_member(const Json& object, std::string_view key);
std::int64_t integer_member(const Json& object, std::string_view key, std::int64_t otherwise);
bool bool_member(const Json& object, std::string_view key);
std::vector<std::string> strings_member(const Json& object, std::string_view key);
std::map<std::string, std::string> string_map_member(const Json& object, std::string_view key);
/// The keys of an object member, such as the sets that docker writes as {"a": {}}.
std::vector<std::string> keys_member(const Json& object, std::string_view key);

/// What a text that should be a JSON array of strings is.
struct StringArray {
  bool is_array = false;             ///< the whole text is one JSON array
  std::optional<std::size_t> wrong;  ///< index of the first element that is no string
  std::vector<std::string> strings;  ///< all elements, when none is wrong
};
StringArray parse_string_array(std::string_view text);

}  // namespace ocibuild::support
