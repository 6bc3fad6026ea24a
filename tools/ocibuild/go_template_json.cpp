// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>
#include <ocibuild/error.hpp>

#include "flags.hpp"
#include "go_template.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

/// Docker has these always; a stored config leaves them out when they are empty.
bool is_text_field(std::string_view name) {
  return name == "User" || name == "WorkingDir" || name == "StopSignal" || name == "Author";
}
bool is_list_field(std::string_view name) {
  return name == "Env" || name == "Cmd" || name == "Entrypoint" || name == "Shell" ||
         name == "OnBuild";
}
bool is_map_field(std::string_view name) {
  return name == "Labels" || name == "ExposedPorts" || name == "Volumes";
}

[[noreturn]] void unknown_field(const std::string& name, const Json& object) {
  std::vector<std::string> known;
  for (const auto& [key, value] : object.items()) known.push_back(key);
  std::string message = "--format names ." + terminal_text(name, 100) + ", which is not there";
  if (const auto near = closest_match(name, known)) message += "; did you mean '." + *near + "'?";
  usage_error(message);
}

/// As Go prints a value: lists as [a b], objects as its maps.
std::string plain(const Json& value) {
  if (value.is_string()) return terminal_text(value.get<std::string>(), std::string::npos / 8);
  if (value.is_null()) return "<nil>";
  if (!value.is_structured()) return value.dump();
  std::string out;
  if (value.is_array()) {
    for (const Json& item : value) out += (out.empty() ? "" : " ") + plain(item);
    return '[' + out + ']';
  }
  std::map<std::string, const Json*> sorted;
  for (const auto& [key, item] : value.items()) sorted.emplace(key, &item);
  for (const auto& [key, item] : sorted)
    out += (out.empty() ? "" : " ") + terminal_text(key) + ':' + plain(*item);
  return "map[" + out + ']';
}

/// What stands for a value that a path does not find.
std::string absent(const std::string& name) {
  if (is_text_field(name)) return "";
  if (is_list_field(name)) return "[]";
  return is_map_field(name) ? "map[]" : "<no value>";
}

/// Null when it is not there. Of the first name everybody knows whether it can be.
const Json* follow(const Json& top, const std::vector<std::string>& path) {
  const Json* at = &top;
  for (const std::string& name : path) {
    const auto found = at->is_object() ? at->find(name) : at->end();
    if (!at->is_object() || found == at->end()) {
      if (at == &top) unknown_field(name, top);
      return nullptr;
    }
    at = &*found;
  }
  return at;
}

[[noreturn]] void no_index(const std::string& what) {
  throw Error(Errc::failed, "template-index", "--format: there is no element " + what)
      .help("{{json .}} shows all there is");
}

/// Go has an empty value for a key that a map lacks, and an error for a list that is too short.
const Json* at_index(const Json* value, const std::variant<std::size_t, std::string>& index) {
  if (const auto* number = std::get_if<std::size_t>(&index)) {
    if (value == nullptr || !value->is_array() || *number >= value->size())
      no_index(std::to_string(*number));
    return &(*value)[*number];
  }
  const auto& key = std::get<std::string>(index);
  if (value == nullptr) return nullptr;
  if (!value->is_object()) no_index('"' + terminal_text(key, 100) + '"');
  const auto found = value->find(key);
  return found == value->end() ? nullptr : &*found;
}

}  // namespace

std::string GoTemplate::render(std::string_view json) const {
  const Json top = Json::parse(json);
  std::string out;
  for (const Piece& piece : pieces_) {
    if (const auto* text = std::get_if<std::string>(&piece)) {
      out += *text;
      continue;
    }
    const auto& action = std::get<Action>(piece);
    const Json* value = follow(top, action.path);
    for (const auto& index : action.indexes) value = at_index(value, index);
    if (action.as_json) {
      out += value == nullptr ? "null" : value->dump(-1, ' ', true, Json::error_handler_t::replace);
    } else if (value != nullptr) {
      out += plain(*value);
    } else if (action.indexes.empty()) {
      out += absent(action.path.back());
    }
  }
  return out;
}

}  // namespace ocibuild::program
