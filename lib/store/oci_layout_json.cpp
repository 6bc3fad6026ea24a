// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "store/oci_layout.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

std::string layout_marker() {
  support::Json json;
  json["imageLayoutVersion"] = "1.0.0";
  return support::dump_json(json);
}

void check_layout_marker(std::string_view text) {
  const support::Json json = support::parse_json(text, "oci-layout");
  const std::string version = support::string_member(json, "imageLayoutVersion");
  if (version.starts_with("1.")) return;
  throw Error(
      Errc::failed, "json-invalid",
      support::concat("oci-layout is of version ", support::quote(version), ", only 1 is known"));
}

}  // namespace ocibuild::store
