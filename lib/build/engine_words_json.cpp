// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "build/engine_words.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

std::string text_of(const support::Json& json, const char* key) {
  return support::escape_controls(support::trim(support::string_member(json, key)));
}

/// "stream" is what `docker load` prints; "error" ends an answer that had begun well, "message" is
/// one that never did.
void read(const support::Json& json, EngineWords& out) {
  if (!json.is_object()) return;
  if (std::string said = text_of(json, "stream"); !said.empty())
    out.said.push_back(std::move(said));
  for (const char* key : {"error", "message"}) {
    if (std::string error = text_of(json, key); !error.empty()) out.error = std::move(error);
  }
}

}  // namespace

EngineWords parse_engine_words(std::string_view body) {
  EngineWords out;
  for (const std::string& line : support::split(body, '\n')) {
    if (support::trim(line).empty()) continue;
    try {
      read(support::parse_json(line, "the engine's answer"), out);
    } catch (const Error&) {
      continue;  // a page of a proxy in between, or half of an answer
    }
  }
  return out;
}

}  // namespace ocibuild::engine
