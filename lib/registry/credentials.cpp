// SPDX-License-Identifier: Apache-2.0
#include "registry/credentials.hpp"

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <mutex>

#include <ocibuild/error.hpp>

#include "registry/config_files.hpp"
#include "registry/credential_helper.hpp"
#include "registry/docker_config.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

/// A dialogue for a password needs longer than a program.
constexpr std::chrono::seconds helper_timeout{30};
constexpr std::chrono::seconds dialogue_timeout{120};

bool is_anonymous(const Credential& found) {
  return found.user.empty() && found.password.empty() && found.identity_token.empty() &&
         found.registry_token.empty();
}

/// Variables that a CI system sets for its own registry.
struct CiLogin {
  const char* host;  ///< a name, or the variable that holds it
  bool host_is_variable;
  const char* user;
  const char* password;
};
constexpr CiLogin ci_logins[] = {
    {"CI_REGISTRY", true, "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"},
    {"ghcr.io", false, "GITHUB_ACTOR", "GITHUB_TOKEN"},
};

}  // namespace

struct Credentials::Impl {
  Impl(const CredentialSettings& given, std::stop_token stop_token)
      : settings(given), stop(std::move(stop_token)) {
    if (settings.only_file)
      files.emplace_back(*settings.only_file, LazyDockerConfig::Missing::error);
    if (!settings.docker_auth_config.empty())
      files.emplace_back(settings.docker_auth_config, "DOCKER_AUTH_CONFIG");
    if (settings.only_file) {
      if (!settings.docker_config.empty())
        docker_only.emplace(settings.docker_config, LazyDockerConfig::Missing::allowed);
      return;
    }
    if (!settings.docker_config.empty())
      files.emplace_back(settings.docker_config, LazyDockerConfig::Missing::allowed);
    for (const auto& file : settings.more_files)
      files.emplace_back(file, LazyDockerConfig::Missing::allowed);
  }

  using Answer = std::optional<CredentialHelper::Answer>;

  /// Each address is asked of each helper once; who comes meanwhile waits for that answer.
  Answer ask(const CredentialHelper& helper, const std::string& address) {
    std::promise<Answer> promise;
    std::shared_future<Answer> answer;
    bool mine = false;
    {
      const std::lock_guard lock(mutex);
      auto [at, is_new] = asked.try_emplace({helper.program(), address});
      if (is_new) at->second = promise.get_future().share();
      answer = at->second;
      mine = is_new;
    }
    if (mine) {
      try {
        promise.set_value(helper.get(address, stop));
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }
    return answer.get();
  }

  void warn(const std::string& text) {
    const std::lock_guard lock(mutex);
    if (std::find(warnings.begin(), warnings.end(), text) == warnings.end())
      warnings.push_back(text);
  }

  /// Docker's own config.json; null: there is none.
  const DockerConfig* docker_config() {
    if (docker_only) return docker_only->get();
    for (LazyDockerConfig& file : files) {
      if (file.name() == settings.docker_config.string()) return file.get();
    }
    return nullptr;
  }

  std::string variable(const std::string& name) const {
    const auto at = settings.environment.find(name);
    return at == settings.environment.end() ? std::string() : at->second;
  }

  const CredentialSettings& settings;
  std::stop_token stop;
  std::deque<LazyDockerConfig> files{};           // in the order in which they are asked
  std::optional<LazyDockerConfig> docker_only{};  // not for credentials: they have a file
  mutable std::mutex mutex{};                     // guards what follows
  std::map<std::pair<std::string, std::string>, std::shared_future<Answer>> asked{};
  std::map<std::string, std::vector<std::string>> looked{};
  std::vector<std::string> warnings{};
};

namespace {

/// One search through the sources; notes what was looked at on the way. A template because the name
/// of Credentials::Impl is private.
template <typename Impl>
class Search {
public:
  Search(Impl& impl, const std::string& registry, const std::string& repository, Purpose purpose)
      : impl_(impl), registry_(registry), repository_(repository), purpose_(purpose) {}

  std::optional<Credential> run() {
    if (impl_.settings.given && purpose_ != Purpose::mirror) {
      return Credential{.user = impl_.settings.given->user,
                        .password = impl_.settings.given->password,
                        .source = "--creds"};
    }
    for (LazyDockerConfig& file : impl_.files) {
      if (auto found = in_file(file)) return found;
    }
    return in_variables();
  }

  std::vector<std::string> looked{};
  std::vector<std::string> passed_over{};  // of them, those that are there

private:
  void miss(const std::string& text) {
    looked.push_back(text);
    passed_over.push_back(text);
  }

  /// K2: the registry's own helper, entries, the store for all registries.
  std::optional<Credential> in_file(LazyDockerConfig& file) {
    const DockerConfig* config = file.get();
    if (config == nullptr) {
      looked.push_back(concat(file.name(), ": no such file"));
      return std::nullopt;
    }
    if (const auto helper = own_helper(*config, registry_)) {
      if (auto found = ask(*helper, file.name(), true)) return found;
    }
    if (const auto* entry = find_auth(*config, registry_, repository_))
      return decode_auth(entry->second, entry->first, file.name());
    miss(concat(file.name(), ": no entry for ", registry_));
    if (!config->creds_store.empty()) return ask(config->creds_store, file.name(), false);
    return std::nullopt;
  }

  std::optional<Credential> ask(const std::string& name, const std::string& file, bool own) {
    try {
      const CredentialHelper helper(name,
                                    impl_.settings.on_terminal ? dialogue_timeout : helper_timeout);
      const auto answer = impl_.ask(helper, server_address(registry_));
      if (!answer) {
        if (own) helper.throw_missing();
        return skip(concat(helper.program(), " of \"credsStore\" in ", file, " is not on PATH"));
      }
      if (answer->found) return answer->found;
      miss(answer->complaint.empty()
               ? concat(helper.program(), ": nothing for ", registry_)
               : concat(helper.program(), ": found nothing and says ", quote(answer->complaint)));
      return std::nullopt;
    } catch (const Error& error) {
      if (error.code() == Errc::interrupted || purpose_ == Purpose::push) throw;
      std::string text = concat(file, ": ", error.what());
      for (const std::string& note : error.diagnostic().notes) text += "; " + note;
      return skip(text);
    }
  }

  std::optional<Credential> skip(const std::string& why) {
    miss(why);
    impl_.warn(why);
    return std::nullopt;
  }

  std::optional<Credential> in_variables() {
    for (const CiLogin& login : ci_logins) {
      const std::string host = login.host_is_variable ? impl_.variable(login.host) : login.host;
      if (host.empty() || registry_of_key(host) != registry_) continue;
      const std::string user = impl_.variable(login.user);
      const std::string password = impl_.variable(login.password);
      if (!user.empty() && !password.empty())
        return Credential{.user = user, .password = password, .source = login.password};
      miss(concat(login.user, " and ", login.password, ": not both set"));
    }
    return std::nullopt;
  }

  Impl& impl_;
  const std::string& registry_;
  const std::string& repository_;
  Purpose purpose_;
};

}  // namespace

Credentials::Credentials(const CredentialSettings& settings, std::stop_token stop)
    : impl_(std::make_unique<Impl>(settings, std::move(stop))) {}
Credentials::~Credentials() = default;

std::optional<Credential> Credentials::find(const std::string& registry,
                                            const std::string& repository, Purpose purpose) {
  Search<Impl> search(*impl_, registry, repository, purpose);
  auto found = search.run();
  const std::lock_guard lock(impl_->mutex);
  impl_->looked[registry] = std::move(search.looked);
  if (found && is_anonymous(*found)) found.reset();
  if (found) found->passed_over = std::move(search.passed_over);
  return found;
}

std::vector<std::string> Credentials::looked_at(const std::string& registry) const {
  const std::lock_guard lock(impl_->mutex);
  const auto at = impl_->looked.find(registry);
  return at == impl_->looked.end() ? std::vector<std::string>() : at->second;
}

std::vector<std::string> Credentials::warnings() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->warnings;
}

std::vector<std::pair<std::string, std::string>> Credentials::api_headers() {
  // A file that was given for the logins keeps out what is sent with them.
  const DockerConfig* config = impl_->docker_only ? nullptr : impl_->docker_config();
  return config == nullptr ? std::vector<std::pair<std::string, std::string>>()
                           : config->http_headers;
}

ProxySettings Credentials::docker_proxies() {
  const DockerConfig* config = impl_->docker_config();
  return config == nullptr ? ProxySettings() : config->proxies;
}

}  // namespace ocibuild::registry
