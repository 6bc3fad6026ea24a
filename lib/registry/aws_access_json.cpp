// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/aws_access.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::Json;

namespace {

constexpr std::size_t longest_message = 200;

std::string either(const Json& json, std::string_view one, std::string_view other) {
  const std::string value = support::string_member(json, one);
  return value.empty() ? support::string_member(json, other) : value;
}

[[noreturn]] void incomplete(std::string_view what, std::string_view member) {
  throw Error(Errc::failed, "json-invalid", concat(what, " has no ", support::quote(member)));
}

AwsKeys read_keys(const Json& json, std::string_view what, std::string_view token) {
  AwsKeys out{.access_key_id = support::string_member(json, "AccessKeyId"),
              .secret_access_key = support::string_member(json, "SecretAccessKey"),
              .session_token = support::string_member(json, token)};
  if (out.access_key_id.empty()) incomplete(what, "AccessKeyId");
  if (out.secret_access_key.empty()) incomplete(what, "SecretAccessKey");
  return out;
}

const Json& object_member(const Json& json, std::string_view key, std::string_view what) {
  const Json* found = support::find_member(json, key);
  if (found == nullptr) incomplete(what, key);
  return *found;
}

}  // namespace

AwsFault parse_aws_fault(std::string_view text) {
  try {
    const Json json = support::parse_json(text, "the answer");
    const Json* error = support::find_member(json, "Error");  // STS puts it one level deeper
    const Json& from = error == nullptr ? json : *error;
    AwsFault out{.name = either(from, "__type", "Code"),
                 .message = either(from, "message", "Message").substr(0, longest_message)};
    if (const std::size_t sign = out.name.find('#'); sign != std::string::npos)
      out.name.erase(0, sign + 1);
    return out;
  } catch (const Error&) {
    return {};  // a page of a proxy, say: the status tells
  }
}

AwsKeys parse_aws_keys(std::string_view text, std::string_view what) {
  const Json json = support::parse_json(text, what);
  if (support::integer_member(json, "Version", 1) != 1) {
    throw Error(Errc::failed, "json-invalid", concat(what, " is of another version than 1"));
  }
  const std::string code = support::string_member(json, "Code");
  if (!code.empty() && code != "Success") {
    throw Error(Errc::failed, "json-invalid",
                concat(what, " says ", support::quote(code.substr(0, longest_message))));
  }
  const bool of_process = support::find_member(json, "SessionToken") != nullptr;
  return read_keys(json, what, of_process ? "SessionToken" : "Token");
}

AwsKeys parse_sts_keys(std::string_view text, std::string_view action) {
  const std::string what = concat("the answer to ", action);
  const Json json = support::parse_json(text, what);
  const Json& response = object_member(json, concat(action, "Response"), what);
  const Json& result = object_member(response, concat(action, "Result"), what);
  return read_keys(object_member(result, "Credentials", what), what, "SessionToken");
}

}  // namespace ocibuild::registry
