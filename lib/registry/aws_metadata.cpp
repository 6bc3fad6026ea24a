// SPDX-License-Identifier: Apache-2.0
// Keys from the services that a cloud has at link-local addresses: W6.4 and W6.5.
#include <algorithm>

#include <ocibuild/error.hpp>

#include "registry/aws_credentials.hpp"
#include "registry/config_files.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

constexpr std::string_view container_host = "http://169.254.170.2";
constexpr std::string_view instance_host = "http://169.254.169.254";
constexpr std::string_view keys_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::chrono::milliseconds patience{1000};
constexpr int tries = 2;

[[noreturn]] void invalid(const std::string& message) {
  throw Error(Errc::credentials, "credentials-invalid", message);
}

http::Request metadata_request(http::Method method, http::Url url) {
  http::Request request{.method = method, .url = std::move(url)};
  request.answer_timeout = std::chrono::seconds(1);
  request.direct = true;
  request.connect_timeout = patience;
  return request;
}

int status_of(const http::Client::TextAnswer& answer) {
  return answer.outcome.head && !answer.outcome.failure ? answer.outcome.head->status : 0;
}

/// Plain HTTP is for addresses that cannot be left on the way.
bool may_be_plain(const std::string& host) {
  return http::is_loopback(host) || host == "169.254.170.2" || host == "169.254.170.23" ||
         host == "fd00:ec2::23";
}

std::optional<http::Url> container_url(const AwsAccess& access) {
  const std::string relative = access.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = access.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) return std::nullopt;
  const char* variable = relative.empty() ? "AWS_CONTAINER_CREDENTIALS_FULL_URI"
                                          : "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
  if (!relative.empty() && !relative.starts_with('/')) invalid(concat(variable, " is no path"));
  const auto url = http::Url::parse(relative.empty() ? full : concat(container_host, relative));
  if (!url) invalid(concat(variable, " is no URL"));
  if (url->origin.scheme != "https" && !may_be_plain(url->origin.host)) {
    invalid(concat(variable, " is neither https nor an address of this machine or its host: ",
                   url->origin.authority()));
  }
  return url;
}

std::string container_token(const AwsAccess& access) {
  std::string token = access.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  const std::string file = access.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (!file.empty()) {
    const auto text = read_optional_file(file);
    if (!text) invalid(concat(file, " of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE does not exist"));
    token = support::trim(*text);
  }
  const bool controls = std::any_of(token.begin(), token.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
  if (controls) invalid("the container's authorization token has control characters");
  return token;
}

/// The service of one instance; its failures are "no answer", because most machines are no
/// instances.
class InstanceService {
public:
  InstanceService(const AwsAccess& access, http::Url base)
      : access_(access), base_(std::move(base)) {}

  http::Client::TextAnswer get(const std::string& path, const std::string& token) const {
    http::Request request = metadata_request(http::Method::get, at(path));
    request.headers.add("X-aws-ec2-metadata-token", token);
    return send(request);
  }

  http::Client::TextAnswer token() const {
    http::Request request = metadata_request(http::Method::put, at("/latest/api/token"));
    request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
    return send(request);
  }

private:
  http::Url at(const std::string& path) const {
    http::Url url = base_;
    url.path = path;
    return url;
  }

  http::Client::TextAnswer send(const http::Request& request) const {
    auto answer = access_.send_metadata(request);
    for (int n = 1; n < tries && (status_of(answer) == 0 || status_of(answer) >= 500); ++n)
      answer = access_.send_metadata(request);
    return answer;
  }

  const AwsAccess& access_;
  http::Url base_;
};

std::string no_keys(const http::Client::TextAnswer& answer, std::string_view what) {
  const int status = status_of(answer);
  return status == 0 ? concat("no answer to the ", what)
                     : concat("status ", status, " to the ", what);
}

bool is_role_name(std::string_view role) {
  return !role.empty() && std::all_of(role.begin(), role.end(), [](char c) {
    return support::is_alpha(c) || support::is_digit(c) ||
           std::string_view("+=,.@-_").find(c) != std::string_view::npos;
  });
}

/// The keys out of an answer of `who`.
AwsKeys keys_of(const http::Client::TextAnswer& answer, std::string who, std::string_view asked) {
  if (status_of(answer) != 200) invalid(concat(who, ": ", no_keys(answer, asked)));
  try {
    AwsKeys keys = parse_aws_keys(answer.body, "the answer");
    keys.source = std::move(who);
    return keys;
  } catch (const Error& error) {
    invalid(concat(who, ": ", error.what()));
  }
}

}  // namespace

std::optional<AwsKeys> container_keys(const AwsAccess& access) {
  const auto url = container_url(access);
  if (!url) return std::nullopt;
  http::Request request = metadata_request(http::Method::get, *url);
  if (const std::string token = container_token(access); !token.empty())
    request.headers.add("Authorization", token);
  auto answer = access.send_metadata(request);
  for (int n = 1; n < tries && (status_of(answer) == 0 || status_of(answer) >= 500); ++n)
    answer = access.send_metadata(request);
  return keys_of(answer, concat("the container's credentials at ", url->origin.authority()),
                 "request");
}

std::optional<AwsKeys> instance_keys(const AwsAccess& access, std::string& why_not) {
  if (support::to_lower(access.variable("AWS_EC2_METADATA_DISABLED")) == "true") {
    why_not = "AWS_EC2_METADATA_DISABLED is true";
    return std::nullopt;
  }
  const std::string given = access.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const auto base = http::Url::parse(given.empty() ? instance_host : given);
  if (!base) invalid("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL");
  const InstanceService service(access, *base);
  const auto token = service.token();
  if (status_of(token) != 200) {
    why_not = no_keys(token, "request for a token");
    return std::nullopt;
  }
  const std::string session(support::trim(token.body));
  const auto roles = service.get(std::string(keys_path), session);
  const std::string role(
      support::trim(std::string_view(roles.body).substr(0, roles.body.find('\n'))));
  if (status_of(roles) != 200 || !is_role_name(role)) {
    why_not = status_of(roles) == 200 ? "the instance has no role"
                                      : no_keys(roles, "question for the instance's role");
    return std::nullopt;
  }
  return keys_of(service.get(concat(keys_path, role), session),
                 concat("the instance's role ", quote(role)), "request for keys");
}

}  // namespace ocibuild::registry
