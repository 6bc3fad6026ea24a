// SPDX-License-Identifier: Apache-2.0
#include "commands/call_json.hpp"

#include <nlohmann/json.hpp>

#include "base64.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

/// What is empty is left out, as by Go's "omitempty".
void put(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}

/// BuildKit has a range for each line of an instruction.
void put_lines(Json& json, const LineRange& lines) {
  Json ranges = Json::array();
  for (unsigned line = lines.first; line <= lines.last; ++line)
    ranges.push_back({{"start", {{"line", line}}}, {"end", {{"line", line}}}});
  json["location"] = {{"ranges", std::move(ranges)}};
}

Json target_json(const Target& target) {
  Json out = Json::object();
  put(out, "name", target.name);
  if (target.is_default) out["default"] = true;
  put(out, "description", target.description);
  put(out, "base", target.base);
  put(out, "platform", target.platform);
  put_lines(out, target.lines);
  return out;
}

Json inputs_json(const std::vector<Outline::Input>& inputs) {
  Json out = Json::array();
  for (const Outline::Input& input : inputs) {
    Json json{{"name", input.name}};
    if (input.required) json["required"] = true;
    put_lines(json, input.lines);
    out.push_back(std::move(json));
  }
  return out;
}

std::string text_of(Json json, const std::string& dockerfile) {
  json["sources"] = Json::array({base64(dockerfile)});
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

std::string targets_json(const TargetList& list) {
  Json out;
  out["targets"] = Json::array();
  for (const Target& target : list.targets) out["targets"].push_back(target_json(target));
  return text_of(std::move(out), list.dockerfile);
}

std::string outline_json(const Outline& outline) {
  Json out = Json::object();
  put(out, "name", outline.target.name);
  put(out, "description", outline.target.description);
  for (const Outline::Argument& argument : outline.arguments) {
    Json json{{"name", argument.name}};
    put(json, "description", argument.description);
    put(json, "value", argument.value.value_or(""));
    put_lines(json, argument.lines);
    out["args"].push_back(std::move(json));
  }
  if (!outline.secrets.empty()) out["secrets"] = inputs_json(outline.secrets);
  if (!outline.ssh.empty()) out["ssh"] = inputs_json(outline.ssh);
  return text_of(std::move(out), outline.dockerfile);
}

}  // namespace ocibuild::program
