// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "registry/aws_access.hpp"
#include "registry/ecr_name.hpp"

namespace ocibuild::registry {

/// Finds the identity that a call to Amazon is signed with: variables, web identity, profiles,
/// container, instance (docs/reference/registry.md, W6), the first that is configured.
/// @throws Error(Errc::credentials, auth-needed) when none is, listing what was looked at; for one
/// that is configured and broken (credentials-invalid), (auth-refused), (helper-failed)
AwsKeys find_aws_keys(const AwsAccess& access, const EcrName& name);

/// Roles (W7). `source`: for messages.
struct AwsRole {
  std::string arn;
  std::string session_name;
  std::string external_id{};
  std::string region;  ///< of the STS that is asked
  std::string source;
};
AwsKeys assume_role(const AwsAccess& access, const EcrName& name, const AwsRole& role,
                    const AwsKeys& keys);
AwsKeys assume_role_with_web_identity(const AwsAccess& access, const EcrName& name,
                                      const AwsRole& role, const std::string& token_file);

/// Keys of the container or instance that we run in, without any proxy; nothing: not configured.
/// `why_not` gets the reason when the instance's service does not have any.
std::optional<AwsKeys> container_keys(const AwsAccess& access);
std::optional<AwsKeys> instance_keys(const AwsAccess& access, std::string& why_not);

}  // namespace ocibuild::registry
