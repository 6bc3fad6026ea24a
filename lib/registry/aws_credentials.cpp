// SPDX-License-Identifier: Apache-2.0
#include "registry/aws_credentials.hpp"

#include <unistd.h>

#include <algorithm>

#include <ocibuild/error.hpp>

#include "process/run.hpp"
#include "registry/aws_profile.hpp"
#include "registry/config_files.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

constexpr std::chrono::seconds process_timeout{60};

[[noreturn]] void invalid(const std::string& message) {
  throw Error(Errc::credentials, "credentials-invalid", message);
}

std::string setting(const AwsProfile& profile, const std::string& key) {
  const auto at = profile.find(key);
  return at == profile.end() ? std::string() : at->second;
}

std::string default_session() {
  return concat("ocibuild-", ::getpid());
}

std::optional<AwsKeys> variable_keys(const AwsAccess& access) {
  AwsKeys keys{.access_key_id = access.variable("AWS_ACCESS_KEY_ID"),
               .secret_access_key = access.variable("AWS_SECRET_ACCESS_KEY"),
               .session_token = access.variable("AWS_SESSION_TOKEN"),
               .source = "AWS_ACCESS_KEY_ID"};
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return std::nullopt;
  if (keys.secret_access_key.empty())
    invalid("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not");
  if (keys.access_key_id.empty())
    invalid("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not");
  return keys;
}

std::string first_of(std::initializer_list<std::string> values) {
  const auto at = std::find_if(values.begin(), values.end(),
                               [](const std::string& value) { return !value.empty(); });
  return at == values.end() ? std::string() : *at;
}

/// The profiles of both files, and keys out of them.
class Profiles {
public:
  Profiles(const AwsAccess& access, const EcrName& name) : access_(access), name_(name) {
    const std::string home = access.variable("HOME");
    credentials_file_ = first_of({access.variable("AWS_SHARED_CREDENTIALS_FILE"),
                                  home.empty() ? "" : home + "/.aws/credentials"});
    config_file_ =
        first_of({access.variable("AWS_CONFIG_FILE"), home.empty() ? "" : home + "/.aws/config"});
    credentials_ = read(credentials_file_);
    config_ = read(config_file_);
  }

  /// Nothing: no profile was asked for, and "default" has no credentials.
  std::optional<AwsKeys> keys() {
    const std::string chosen =
        first_of({access_.variable("AWS_PROFILE"), access_.variable("AWS_DEFAULT_PROFILE")});
    if (chosen.empty() && !find_profile(credentials_, config_, "default")) return std::nullopt;
    auto found = keys_of(chosen.empty() ? "default" : chosen);
    if (!found && !chosen.empty()) invalid(concat(shown(chosen), " has no credentials"));
    return found;
  }

  std::string looked_at() const {
    return concat("profile in ", credentials_file_, " and ", config_file_);
  }

  /// Of the profile that is in use.
  std::string region() const {
    const std::string chosen = first_of(
        {access_.variable("AWS_PROFILE"), access_.variable("AWS_DEFAULT_PROFILE"), "default"});
    const auto profile = find_profile(credentials_, config_, chosen);
    return profile ? setting(*profile, "region") : std::string();
  }

private:
  static std::map<std::string, AwsProfile> read(const std::string& file) {
    if (file.empty()) return {};
    const auto text = read_optional_file(file);
    return text ? parse_ini(*text) : std::map<std::string, AwsProfile>();
  }

  static std::string shown(const std::string& profile) {
    return concat("the AWS profile ", quote(profile));
  }

  AwsProfile get(const std::string& profile) const {
    auto found = find_profile(credentials_, config_, profile);
    if (!found) {
      invalid(
          concat(shown(profile), " is neither in ", credentials_file_, " nor in ", config_file_));
    }
    return *std::move(found);
  }

  std::optional<AwsKeys> keys_of(const std::string& profile) {
    const AwsProfile settings = get(profile);
    const std::string arn = setting(settings, "role_arn");
    const std::string source = setting(settings, "source_profile");
    // A profile may name itself as source: then its own keys take the role.
    const bool again = std::find(visited_.begin(), visited_.end(), profile) != visited_.end();
    const bool own_keys =
        again && visited_.back() == profile && !setting(settings, "aws_access_key_id").empty();
    if (again && !own_keys)
      invalid(concat("\"source_profile\" of ", shown(profile), " leads back to it"));
    visited_.push_back(profile);
    if (!own_keys && !arn.empty() && !source.empty())
      return role_keys(profile, settings, get_source(profile, source));
    if (const std::string from = setting(settings, "credential_source");
        !own_keys && !arn.empty() && !from.empty()) {
      return role_keys(profile, settings, environment_keys(profile, from));
    }
    return plain_keys(profile, settings);
  }

  std::optional<AwsKeys> plain_keys(const std::string& profile, const AwsProfile& settings) {
    AwsKeys keys{.access_key_id = setting(settings, "aws_access_key_id"),
                 .secret_access_key = setting(settings, "aws_secret_access_key"),
                 .session_token = setting(settings, "aws_session_token"),
                 .source = shown(profile)};
    if (!keys.access_key_id.empty() && !keys.secret_access_key.empty()) return keys;
    if (!keys.access_key_id.empty() || !keys.secret_access_key.empty())
      invalid(concat(shown(profile),
                     " has only one of aws_access_key_id and "
                     "aws_secret_access_key"));
    const std::string arn = setting(settings, "role_arn");
    const std::string file = setting(settings, "web_identity_token_file");
    if (!file.empty() && !arn.empty())
      return assume_role_with_web_identity(access_, name_, role(profile, settings), file);
    if (!arn.empty()) {
      invalid(concat(shown(profile),
                     " has a role_arn without source_profile, credential_source "
                     "and web_identity_token_file"));
    }
    if (const std::string command = setting(settings, "credential_process"); !command.empty())
      return process_keys(profile, command);
    refuse_sso(profile, settings);
    return std::nullopt;
  }

  AwsKeys get_source(const std::string& profile, const std::string& source) {
    auto keys = keys_of(source);
    if (!keys)
      invalid(concat(shown(source), ", the source_profile of ", profile, ", has no credentials"));
    return *std::move(keys);
  }

  AwsKeys environment_keys(const std::string& profile, const std::string& from) {
    std::optional<AwsKeys> keys;
    std::string why_not;
    if (from == "Environment") {
      keys = variable_keys(access_);
    } else if (from == "EcsContainer") {
      keys = container_keys(access_);
    } else if (from == "Ec2InstanceMetadata") {
      keys = instance_keys(access_, why_not);
    } else {
      invalid(concat("credential_source of ", shown(profile),
                     " is none of Environment, Ec2InstanceMetadata and EcsContainer"));
    }
    if (!keys) {
      invalid(concat(shown(profile), ": the credential_source ", from, " has none",
                     why_not.empty() ? "" : ": ", why_not));
    }
    return *std::move(keys);
  }

  AwsRole role(const std::string& profile, const AwsProfile& settings) const {
    const std::string session = setting(settings, "role_session_name");
    return {
        .arn = setting(settings, "role_arn"),
        .session_name = session.empty() ? default_session() : session,
        .external_id = setting(settings, "external_id"),
        .region = first_of({access_.variable("AWS_REGION"), access_.variable("AWS_DEFAULT_REGION"),
                            setting(settings, "region"), name_.region}),
        .source = shown(profile)};
  }

  AwsKeys role_keys(const std::string& profile, const AwsProfile& settings,
                    const AwsKeys& keys) const {
    if (!setting(settings, "mfa_serial").empty()) {
      throw Error(Errc::credentials, "credentials-invalid",
                  concat(shown(profile), " needs a code of its mfa_serial, which is not asked for"))
          .help(concat("aws configure export-credentials --profile ", profile, " --format env"));
    }
    return assume_role(access_, name_, role(profile, settings), keys);
  }

  AwsKeys process_keys(const std::string& profile, const std::string& command) const {
    const std::string who = concat("credential_process of ", shown(profile));
    auto words = split_words(command);
    if (!words) invalid(concat(who, " has a quote without end"));
    const std::string program = words->front();
    words->erase(words->begin());
    const auto result = process::run(
        {.program = program, .arguments = *words, .timeout = process_timeout}, access_.stop);
    const char* what = !result                   ? "is not on PATH"
                       : result->timed_out       ? "gives no answer within 60 s"
                       : result->too_much_output ? "answers with more than 1 MiB"
                                                 : nullptr;
    if (what != nullptr)
      throw Error(Errc::credentials, "helper-failed", concat(who, ": ", quote(program), " ", what));
    if (result->exit_code != 0) {
      throw Error(Errc::credentials, "helper-failed",
                  concat(who, ": ", quote(program), " ended with exit code ", result->exit_code));
    }
    try {
      AwsKeys keys = parse_aws_keys(result->output, "its answer");
      keys.source = shown(profile);
      return keys;
    } catch (const Error& error) {
      throw Error(Errc::credentials, "helper-failed", concat(who, ": ", error.what()));
    }
  }

  static void refuse_sso(const std::string& profile, const AwsProfile& settings) {
    if (setting(settings, "sso_session").empty() && setting(settings, "sso_account_id").empty())
      return;
    throw Error(Errc::credentials, "credentials-invalid",
                concat(shown(profile), " logs in by SSO, which only the AWS CLI does"))
        .help("give another profile these two lines and choose it with AWS_PROFILE:")
        .help(concat("[profile ", profile, "-keys]"))
        .help(concat("credential_process = aws configure export-credentials --profile ", profile));
  }

  const AwsAccess& access_;
  const EcrName& name_;
  std::string credentials_file_{};
  std::string config_file_{};
  std::map<std::string, AwsProfile> credentials_{};
  std::map<std::string, AwsProfile> config_{};
  std::vector<std::string> visited_{};
};

std::optional<AwsKeys> web_identity_keys(const AwsAccess& access, const EcrName& name,
                                         const Profiles& profiles) {
  const std::string file = access.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (file.empty()) return std::nullopt;
  AwsRole role{
      .arn = access.variable("AWS_ROLE_ARN"),
      .session_name = first_of({access.variable("AWS_ROLE_SESSION_NAME"), default_session()}),
      .region = first_of({access.variable("AWS_REGION"), access.variable("AWS_DEFAULT_REGION"),
                          profiles.region(), name.region}),
      .source = "AWS_WEB_IDENTITY_TOKEN_FILE"};
  if (role.arn.empty()) invalid("AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not");
  return assume_role_with_web_identity(access, name, role, file);
}

}  // namespace

AwsKeys find_aws_keys(const AwsAccess& access, const EcrName& name) {
  if (auto keys = variable_keys(access)) return *keys;
  Profiles profiles(access, name);
  if (auto keys = web_identity_keys(access, name, profiles)) return *keys;
  if (auto keys = profiles.keys()) return *keys;
  if (auto keys = container_keys(access)) return *keys;
  std::string why_not;
  if (auto keys = instance_keys(access, why_not)) return *keys;
  throw Error(Errc::credentials, "auth-needed", "no AWS credentials were found")
      .note("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: not set")
      .note("AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: not set")
      .note(concat(profiles.looked_at(), ": none with credentials"))
      .note("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI: not set")
      .note(concat("instance metadata: ", why_not))
      .help(
          "aws configure, or: aws ecr get-login-password | ocibuild login --username AWS "
          "--password-stdin HOST");
}

}  // namespace ocibuild::registry
