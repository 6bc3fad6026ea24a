// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/ecr.hpp"
#include "support/json.hpp"

namespace ocibuild::registry {

using support::Json;

EcrToken parse_ecr_token(std::string_view text) {
  const Json json = support::parse_json(text, "the answer to GetAuthorizationToken");
  const Json* data = support::find_member(json, "authorizationData");
  // A list for private registries, one object for the public gallery.
  if (data != nullptr && data->is_array()) data = data->empty() ? nullptr : &data->front();
  EcrToken out{.encoded =
                   data == nullptr ? "" : support::string_member(*data, "authorizationToken")};
  if (out.encoded.empty()) {
    throw Error(Errc::failed, "json-invalid",
                "the answer to GetAuthorizationToken has no \"authorizationToken\"");
  }
  const Json* end = support::find_member(*data, "expiresAt");
  if (end != nullptr && end->is_number()) out.expires_at = end->get<double>();
  return out;
}

std::string describe_request(const std::string& repository) {
  return support::dump_json({{"repositoryNames", Json::array({repository})}});
}

std::string create_request(const std::string& repository) {
  return support::dump_json({{"repositoryName", repository}});
}

}  // namespace ocibuild::registry
