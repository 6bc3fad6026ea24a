// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "registry/credential_helper.hpp"
#include "support/json.hpp"

namespace ocibuild::registry {

std::string helper_login(const std::string& address, const std::string& user,
                         const std::string& password) {
  return support::dump_json({{"ServerURL", address}, {"Username", user}, {"Secret", password}});
}

HelperSecret parse_helper_answer(std::string_view text) {
  const support::Json json = support::parse_json(text, "its answer");
  return {.user = support::string_member(json, "Username"),
          .secret = support::string_member(json, "Secret")};
}

}  // namespace ocibuild::registry
