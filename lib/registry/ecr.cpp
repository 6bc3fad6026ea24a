// SPDX-License-Identifier: Apache-2.0
#include "registry/ecr.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>

#include <ocibuild/error.hpp>

#include "registry/aws_credentials.hpp"
#include "registry/ecr_name.hpp"
#include "support/base64.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t longest_answer = 1 << 20;
constexpr double usual_life = 12 * 3600;  // seconds
constexpr double renewed_before = 300;
constexpr std::chrono::milliseconds metadata_patience{1000};

NetworkSettings aws_network(const NetworkSettings& settings) {
  NetworkSettings out = settings;
  const auto bundle = settings.credentials.environment.find("AWS_CA_BUNDLE");
  if (bundle != settings.credentials.environment.end() && !bundle->second.empty())
    out.trust.extra.emplace_back(bundle->second);
  return out;
}

NetworkSettings metadata_network(const NetworkSettings& settings) {
  NetworkSettings out = settings;
  out.proxies = {};
  out.connect_timeout = metadata_patience;
  out.idle_timeout = metadata_patience;
  return out;
}

/// A client that is made when it is first needed.
class LateClient {
public:
  LateClient(NetworkSettings settings, std::stop_token stop, std::function<ProxySettings()> proxies)
      : settings_(std::move(settings)), stop_(std::move(stop)), proxies_(std::move(proxies)) {}

  http::Client::TextAnswer send(const http::Request& request) {
    std::call_once(once_, [this] {
      if (proxies_) settings_.proxies = proxies_();
      client_.emplace(settings_);
    });
    return client_->send(request, longest_answer, stop_);
  }

private:
  NetworkSettings settings_;
  std::stop_token stop_;
  std::function<ProxySettings()> proxies_;
  std::once_flag once_{};
  std::optional<http::Client> client_{};
};

AwsAccess::Exchange exchange(NetworkSettings settings, std::stop_token stop,
                             std::function<ProxySettings()> proxies = {}) {
  auto client =
      std::make_shared<LateClient>(std::move(settings), std::move(stop), std::move(proxies));
  return [client](const http::Request& request) { return client->send(request); };
}

AwsAccess access_for(const NetworkSettings& settings, std::stop_token stop,
                     std::function<ProxySettings()> proxies) {
  return {.environment = settings.credentials.environment,
          .send = exchange(aws_network(settings), stop, std::move(proxies)),
          .send_metadata = exchange(metadata_network(settings), stop),
          .retry = {.repetitions = settings.retries, .delay = settings.retry_delay},
          .stop = stop};
}

http::Url endpoint(const AwsAccess& access, const EcrName& name) {
  std::string text = access.variable("AWS_ENDPOINT_URL_ECR");
  if (text.empty()) text = access.variable("AWS_ENDPOINT_URL");
  if (text.empty()) text = ecr_endpoint(name);
  const auto url = http::Url::parse(text);
  if (!url) {
    throw Error(Errc::usage, "config-invalid",
                "AWS_ENDPOINT_URL_ECR (or AWS_ENDPOINT_URL) is no URL");
  }
  return *url;
}

std::string target(const EcrName& name, std::string_view action) {
  return concat(
      name.public_gallery ? "SpencerFrontendService." : "AmazonEC2ContainerRegistry_V20150921.",
      action);
}

struct Call {
  http::Url url;
  http::Client::TextAnswer answer;
  bool ok() const {
    return answer.outcome.head && !answer.outcome.failure && answer.outcome.head->status == 200;
  }
};

Call call(const AwsAccess& access, const EcrName& name, const AwsKeys& keys,
          std::string_view action, std::string body_text) {
  const http::TextBody body(std::move(body_text));
  http::Request request{.method = http::Method::post, .url = endpoint(access, name)};
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", target(name, action));
  if (!keys.session_token.empty()) request.headers.add("X-Amz-Security-Token", keys.session_token);
  request.body = &body;
  request.signature = http::Request::AwsSignature{.region = name.region,
                                                  .service = std::string(name.service()),
                                                  .access_key_id = keys.access_key_id,
                                                  .secret_access_key = keys.secret_access_key};
  return {.url = request.url, .answer = access.send_repeating(request)};
}

std::string permission(const EcrName& name, std::string_view action) {
  return concat(name.service(), ":", action);
}

Credential decode(const EcrToken& token, const AwsKeys& keys) {
  const auto plain = support::decode_base64(token.encoded);
  const std::size_t colon = plain ? plain->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    throw Error(Errc::failed, "registry-refused",
                "the answer to GetAuthorizationToken holds no user and password");
  }
  return {.user = plain->substr(0, colon),
          .password = plain->substr(colon + 1),
          .source = concat("Amazon ECR, ", keys.shown())};
}

/// By the steady clock, so that a change of the time of day does not matter; an end that our clock
/// makes nonsense of is taken for the usual one.
Clock::time_point renewal(const EcrToken& token) {
  double left = usual_life;
  if (token.expires_at) left = *token.expires_at - static_cast<double>(std::time(nullptr));
  if (left <= renewed_before || left > 2 * usual_life) left = usual_life;
  return Clock::now() + std::chrono::seconds(static_cast<std::int64_t>(left - renewed_before));
}

}  // namespace

struct Ecr::Impl {
  struct Login {
    std::mutex mutex{};  // held while asking: others wait for the answer
    std::optional<Credential> credential{};
    Clock::time_point renew_at{};
  };

  explicit Impl(AwsAccess given) : access(std::move(given)) {}

  std::shared_ptr<Login> login_of(const std::string& registry) {
    const std::lock_guard lock(mutex);
    auto& login = logins[registry];
    if (!login) login = std::make_shared<Login>();
    return login;
  }

  AwsAccess access;
  std::mutex mutex{};
  std::map<std::string, std::shared_ptr<Login>> logins{};
};

Ecr::Ecr(const NetworkSettings& settings, std::stop_token stop,
         std::function<ProxySettings()> proxies)
    : Ecr(access_for(settings, std::move(stop), std::move(proxies))) {}
Ecr::Ecr(AwsAccess access) : impl_(std::make_unique<Impl>(std::move(access))) {}
Ecr::~Ecr() = default;

std::optional<Credential> Ecr::login(const std::string& registry) {
  const auto name = parse_ecr_name(registry);
  if (!name) return std::nullopt;
  const auto login = impl_->login_of(registry);
  const std::lock_guard lock(login->mutex);
  if (login->credential && Clock::now() < login->renew_at) return login->credential;
  const AwsKeys keys = find_aws_keys(impl_->access, *name);
  const Call done = call(impl_->access, *name, keys, "GetAuthorizationToken", "{}");
  if (!done.ok())
    throw_aws_error(done.answer, done.url, permission(*name, "GetAuthorizationToken"), &keys);
  EcrToken token;
  try {
    token = parse_ecr_token(done.answer.body);
  } catch (const Error& error) {
    throw Error(Errc::failed, "registry-refused",
                concat(done.url.origin.authority(), ": ", error.what()));
  }
  login->credential = decode(token, keys);
  login->renew_at = renewal(token);
  return login->credential;
}

void Ecr::forget(const std::string& registry) {
  const auto login = impl_->login_of(registry);
  const std::lock_guard lock(login->mutex);
  login->credential.reset();
}

std::optional<std::string> Ecr::ensure_repository(const std::string& registry,
                                                  const std::string& repository) {
  const auto name = parse_ecr_name(registry);
  if (!name) throw Error(Errc::internal, "no-ecr", concat(quote(registry), " is not Amazon's"));
  const AwsKeys keys = find_aws_keys(impl_->access, *name);
  const Call found =
      call(impl_->access, *name, keys, "DescribeRepositories", describe_request(repository));
  if (found.ok()) return std::nullopt;
  const AwsFault fault = parse_aws_fault(found.answer.body);
  // Who may not ask may still be allowed to create.
  if (!fault.is("RepositoryNotFound") && !fault.is("AccessDenied"))
    throw_aws_error(found.answer, found.url, permission(*name, "DescribeRepositories"), &keys);
  const Call made =
      call(impl_->access, *name, keys, "CreateRepository", create_request(repository));
  const std::string account = name->account.empty() ? registry : name->account;
  if (made.ok())
    return concat("created repository ", repository, " in ", account, "/", name->region);
  const AwsFault refusal = parse_aws_fault(made.answer.body);
  if (refusal.is("RepositoryAlreadyExists")) return std::nullopt;
  if (!refusal.is("AccessDenied"))
    throw_aws_error(made.answer, made.url, permission(*name, "CreateRepository"), &keys);
  Error error(Errc::credentials, "push-denied",
              concat("the repository ", repository, " does not exist in ", account, "/",
                     name->region, ", and ", permission(*name, "CreateRepository"),
                     " is not allowed with ", keys.shown()));
  if (!refusal.message.empty()) error.note(concat("Amazon says: ", quote(refusal.message)));
  error.help(concat("aws ", name->service(), " create-repository --region ", name->region,
                    name->account.empty() ? "" : " --registry-id ", name->account,
                    " --repository-name ", repository));
  throw error;
}

}  // namespace ocibuild::registry
