// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ocibuild {

/// Proxies as the environment gives them: absent is "not set", an empty url is "set to nothing",
/// which means direct (docs/reference/registry.md, C4).
struct ProxySettings {
  struct Value {
    std::string url;      ///< may hold user and password
    std::string setting;  ///< for messages: "HTTPS_PROXY", "~/.docker/config.json"
  };
  std::optional<Value> http{};
  std::optional<Value> https{};
  std::optional<Value> all{};  ///< for schemes whose own value is not set
  std::string no_proxy{};
};

/// Which certificates are trusted (docs/reference/registry.md, S3).
struct TrustSettings {
  /// SSL_CERT_FILE and SSL_CERT_DIR; empty: the first bundle and directory of the system.
  std::filesystem::path bundle{};
  std::filesystem::path directory{};
  /// Added to those: --cacert, cacert of the configuration.
  std::vector<std::filesystem::path> extra{};
  /// Directories that hold a directory HOST[:PORT] with *.crt, *.cert and *.key; the first that has
  /// one for the host is read (C6).
  std::vector<std::filesystem::path> certs_d{};
  /// CAs and client pair given for one registry by flag or configuration.
  std::map<std::string, std::vector<std::filesystem::path>> registry_ca{};
  struct ClientPair {
    std::filesystem::path certificate;
    std::filesystem::path key;
  };
  std::map<std::string, ClientPair> registry_client{};
};

/// Where user names and passwords come from (docs/reference/registry.md, 4 and 11), in this order.
struct CredentialSettings {
  struct Login {
    std::string user;
    std::string password;
  };
  std::optional<Login> given{};  ///< --creds
  /// --authfile or REGISTRY_AUTH_FILE: then none of the files below is read.
  std::optional<std::filesystem::path> only_file{};
  std::string docker_auth_config{};       ///< text of DOCKER_AUTH_CONFIG
  std::filesystem::path docker_config{};  ///< config.json; also for its HttpHeaders; may be missing
  /// Further files in docker's format, in order; each may be missing.
  std::vector<std::filesystem::path> more_files{};
  /// Variables that credentials are taken from: CI_REGISTRY*, GITHUB_*, AWS_*, HOME.
  std::map<std::string, std::string> environment{};
  /// Longer time for helpers that may open a dialogue.
  bool on_terminal = false;
};

/// One more place to pull from (docs/reference/registry.md, C3).
struct Mirror {
  std::string registry = "docker.io";         ///< whose images it has
  std::string location;                       ///< HOST[:PORT][/PREFIX]
  std::string setting = "--registry-mirror";  ///< for messages: where it was configured
};

/// How registries are reached. Nothing is taken from the environment by the library.
struct NetworkSettings {
  bool offline = false;  ///< no socket is opened, not even for DNS
  ProxySettings proxies{};
  TrustSettings trust{};
  CredentialSettings credentials{};
  bool tls_verify = true;
  std::vector<std::string> insecure_registries{};  ///< HOST or HOST:PORT
  std::vector<Mirror> mirrors{};                   ///< replaces those of the files below
  bool mirror_only = false;                        ///< no registry that has mirrors is asked itself
  std::vector<std::string> mirror_only_registries{};  ///< the same for these alone
  /// registries.conf and its drop-ins, in the order in which later ones replace earlier ones.
  std::vector<std::filesystem::path> registries_conf{};
  std::optional<std::filesystem::path> daemon_json{};
  unsigned retries = 5;
  std::chrono::milliseconds retry_delay{1000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::vector<std::string> resolve{};  ///< HOST:PORT:ADDRESS
  enum class Addresses { any, ipv4, ipv6 } addresses = Addresses::any;
  /// ECR: make a repository that a push does not find.
  bool create_repository = true;
  /// Skips the upload session that a push opens first to see whether it may.
  bool skip_push_check = false;
  /// Told of each HTTP request after its end: method, address without query values, status or what
  /// went wrong, time, proxy. Holds no secret. Called from any thread, also from two at once.
  std::function<void(const std::string& line)> request_log{};
};

}  // namespace ocibuild
