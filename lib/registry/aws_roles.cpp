// SPDX-License-Identifier: Apache-2.0
// Roles by the security token service: W7.
#include <ocibuild/error.hpp>

#include "registry/aws_credentials.hpp"
#include "registry/config_files.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;

http::Url endpoint(const AwsAccess& access, const EcrName& name, const std::string& region) {
  std::string text = access.variable("AWS_ENDPOINT_URL_STS");
  if (text.empty()) text = access.variable("AWS_ENDPOINT_URL");
  if (text.empty()) text = sts_endpoint(name, region);
  const auto url = http::Url::parse(text);
  if (!url) {
    throw Error(Errc::usage, "config-invalid",
                "AWS_ENDPOINT_URL_STS (or AWS_ENDPOINT_URL, or the region) makes no URL");
  }
  return *url;
}

http::Request form_request(const http::Url& url, const http::TextBody& body) {
  http::Request request{.method = http::Method::post, .url = url};
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.headers.add("Accept", "application/json");
  request.body = &body;
  return request;
}

bool is_ok(const http::Client::TextAnswer& answer) {
  return answer.outcome.head && !answer.outcome.failure && answer.outcome.head->status == 200;
}

AwsKeys keys_of(const http::Client::TextAnswer& answer, std::string_view action,
                const AwsRole& role) {
  try {
    AwsKeys keys = parse_sts_keys(answer.body, action);
    keys.source = role.source;
    return keys;
  } catch (const Error& error) {
    throw Error(Errc::failed, "registry-refused", concat("sts:", action, ": ", error.what()));
  }
}

}  // namespace

AwsKeys assume_role(const AwsAccess& access, const EcrName& name, const AwsRole& role,
                    const AwsKeys& keys) {
  const http::Url url = endpoint(access, name, role.region);
  Fields fields{{"Action", "AssumeRole"},
                {"Version", "2011-06-15"},
                {"RoleArn", role.arn},
                {"RoleSessionName", role.session_name}};
  if (!role.external_id.empty()) fields.emplace_back("ExternalId", role.external_id);
  const http::TextBody body(http::form(fields));
  http::Request request = form_request(url, body);
  if (!keys.session_token.empty()) request.headers.add("X-Amz-Security-Token", keys.session_token);
  request.signature = http::Request::AwsSignature{.region = role.region,
                                                  .service = "sts",
                                                  .access_key_id = keys.access_key_id,
                                                  .secret_access_key = keys.secret_access_key};
  const auto answer = access.send_repeating(request);
  if (!is_ok(answer)) throw_aws_error(answer, url, "sts:AssumeRole", &keys);
  return keys_of(answer, "AssumeRole", role);
}

AwsKeys assume_role_with_web_identity(const AwsAccess& access, const EcrName& name,
                                      const AwsRole& role, const std::string& token_file) {
  const http::Url url = endpoint(access, name, role.region);
  const auto call = [&] {
    // Read at each use: the file is replaced every few minutes.
    const auto token = read_optional_file(token_file);
    if (!token) {
      throw Error(
          Errc::credentials, "credentials-invalid",
          concat(role.source, ": the token file ", support::quote(token_file), " does not exist"));
    }
    const http::TextBody body(
        http::form({{"Action", "AssumeRoleWithWebIdentity"},
                    {"Version", "2011-06-15"},
                    {"RoleArn", role.arn},
                    {"RoleSessionName", role.session_name},
                    {"WebIdentityToken", std::string(support::trim(*token))}}));
    return access.send_repeating(form_request(url, body));
  };
  auto answer = call();
  if (!is_ok(answer) && parse_aws_fault(answer.body).is("InvalidIdentityToken")) answer = call();
  if (!is_ok(answer)) {
    const AwsKeys none{.source = role.source};
    throw_aws_error(answer, url, concat("sts:AssumeRoleWithWebIdentity of ", role.arn), &none);
  }
  return keys_of(answer, "AssumeRoleWithWebIdentity", role);
}

}  // namespace ocibuild::registry
