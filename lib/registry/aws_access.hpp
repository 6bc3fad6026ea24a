// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client.hpp"
#include "http/retry.hpp"

namespace ocibuild::registry {

/// How Amazon's services are reached (docs/reference/registry.md, 11).
struct AwsAccess {
  /// Variables and HOME; must outlive this.
  const std::map<std::string, std::string>& environment;
  /// One exchange, at most 1 MiB of answer: http::Client::send() outside of tests.
  using Exchange = std::function<http::Client::TextAnswer(const http::Request&)>;
  Exchange send;
  /// The same for metadata services, which answer within a second or not at all.
  Exchange send_metadata;
  http::RetryPolicy retry{};
  std::stop_token stop{};

  /// Empty when it is not set.
  std::string variable(const std::string& name) const;
  /// Repeats what a later attempt may cure, throttling among it.
  http::Client::TextAnswer send_repeating(const http::Request& request) const;
};

/// Key pair of an identity. Secret but for the last characters of the ID.
struct AwsKeys {
  std::string access_key_id{};
  std::string secret_access_key{};
  std::string session_token{};
  std::string source{};  ///< for messages: "AWS_ACCESS_KEY_ID", "the profile dev"

  /// "key …WXYZ of AWS_ACCESS_KEY_ID": all that may be shown.
  std::string shown() const;
};

/// What an answer that is not 200 says of itself; empty when it is not Amazon's kind.
struct AwsFault {
  std::string name{};  ///< "AccessDeniedException", without namespace
  std::string message{};
  bool is(std::string_view prefix) const { return name.starts_with(prefix); }
};

/// `action`: "ecr:GetAuthorizationToken", which a policy may lack; `keys`: null for unsigned calls.
/// @throws always: auth-refused for what the identity may not, tls-clock for a wrong clock, by
/// transport and status otherwise
[[noreturn]] void throw_aws_error(const http::Client::TextAnswer& answer, const http::Url& url,
                                  std::string_view action, const AwsKeys* keys);

/// Answers and requests as JSON. They throw Error(Errc::failed, json-invalid).
AwsFault parse_aws_fault(std::string_view text);
/// Of a credential_process (Version 1), a container, the instance metadata service.
AwsKeys parse_aws_keys(std::string_view text, std::string_view what);
/// `action`: "AssumeRole", "AssumeRoleWithWebIdentity".
AwsKeys parse_sts_keys(std::string_view text, std::string_view action);

}  // namespace ocibuild::registry
