// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/error.hpp>
#include <ocibuild/export.hpp>
#include <ocibuild/network.hpp>

/// Can this machine pull and push, and if not why (docs/reference/registry.md, E5). Results hold no
/// secret.
namespace ocibuild {

struct DoctorRequest {
  NetworkSettings network{};
  /// The base images of this Dockerfile and the files of its ADD that its store lacks are asked
  /// for; absent: none.
  std::optional<BuildRequest> build{};
  /// Images and hosts ("ghcr.io", "localhost:5000"). None, and no base either: docker.io.
  std::vector<std::string> names{};
  /// `names` are destinations too: an upload is opened there and given up.
  bool push = false;
  /// Told the name of each registry before it is asked.
  std::function<void(const std::string& registry)> asking{};
};

struct DoctorProxy {
  std::string url;      ///< without user and password
  std::string setting;  ///< "HTTPS_PROXY"
};

/// A file or flag that sends pulls elsewhere.
struct DoctorRule {
  std::string setting;   ///< "/etc/containers/registries.conf", "--registry-mirror"
  std::string registry;  ///< "docker.io"
  std::string instead;   ///< "harbor.corp/hub"
};

struct DoctorCertificate {
  std::string subject;
  std::string issuer;
  std::string root;  ///< the trusted CA at the end of the chain; empty: not trusted
  std::string not_after;
};

/// One thing that was tried, in the order of trying. What comes after a problem is not tried,
/// except a push after a pull that was refused.
struct DoctorCheck {
  /// "dns", "connect", "tls", "api" (/v2/), "clock", "credentials", "token", "login", "manifest",
  /// "blob", "push"; of a file "file"; "settings" for what fails before.
  std::string name;
  std::chrono::microseconds time{};
  std::optional<Error> problem{};
};

/// One registry or mirror, or the server of a file, on behalf of one name.
struct OCIBUILD_API DoctorSource {
  std::string registry;    ///< name as configured
  std::string repository;  ///< empty for a host or a file
  std::string host;        ///< that answers for it, with port: "registry-1.docker.io:443"
  bool mirror = false;
  std::string setting{};  ///< where a mirror or another location was configured
  bool push_only = false;
  bool insecure = false;
  std::optional<DoctorProxy> proxy{};
  std::vector<DoctorCheck> checks{};

  // What the checks found; empty where they did not get as far.
  bool plain_http = false;
  std::string address{};  ///< connected to; the proxy's where there is one
  std::optional<DoctorCertificate> certificate{};
  std::string user{};
  std::string credentials{};  ///< their source; empty: anonymous
  std::string token_host{};   ///< gave the token, with port
  std::string scopes{};       ///< of the token
  std::string digest{};       ///< of what the name stands for
  bool missing = false;       ///< a destination that has no image of that name yet
  std::string blob_host{};    ///< gave the first byte of a blob or file, with port
  std::optional<std::chrono::milliseconds> clock{};  ///< ours minus the registry's
  std::string rate_limit{};                          ///< ratelimit-limit: "100;w=21600"
  std::string rate_left{};                           ///< ratelimit-remaining

  /// It was asked, and nothing but its clock was found wrong.
  bool works() const;
};

struct OCIBUILD_API DoctorSubject {
  enum class Kind { base, image, host, file } kind = Kind::image;
  std::string name;       ///< "alpine:3.20", "ghcr.io"; of a file its URL
  bool push = false;      ///< it was looked at as a destination too
  bool in_store = false;  ///< a base or file for which nobody is asked
  /// A file whose URL depends on a base that is not in the store: nobody is asked. `name` is as
  /// written, and there is a source when at least the server is known.
  bool unknown = false;
  std::optional<Error> problem{};       ///< kept it from being looked at: registry-blocked …
  std::vector<DoctorSource> sources{};  ///< in the order in which a pull asks them

  /// It can be pulled from somewhere, and pushed if that was asked.
  bool works() const;
};

struct OCIBUILD_API DoctorResult {
  std::vector<DoctorRule> rules;
  std::vector<DoctorProxy> proxies;
  std::string no_proxy;                  ///< hosts that are reached without them
  std::size_t authorities = 0;           ///< CAs that are trusted
  std::vector<std::string> trust_files;  ///< that they come from
  std::vector<Error> problems;           ///< of the settings themselves
  std::vector<DoctorSubject> subjects;
  std::vector<std::string> warnings;  ///< of credential helpers
  /// With ports, those that what works now is served by, or would be: registries, token servers,
  /// hosts that blobs come from.
  std::vector<std::string> hosts;

  /// Everything that is wrong.
  std::size_t problem_count() const;
  /// The code of the worst problem: what no retry cures counts most.
  std::optional<Errc> worst() const;
};

/// Asks every source of every name once, without repetitions. With `network.offline` nothing is
/// sent, and the sources have no checks. Reads configuration and credentials, writes nothing; what
/// a push check opens is given up.
/// @throws Error(Errc::usage, name-invalid), (config-invalid), Errc::failed when `build` names no
/// Dockerfile, Errc::interrupted after `stop`; everything else is part of the result
OCIBUILD_API DoctorResult doctor(const DoctorRequest& request, std::stop_token stop = {});

}  // namespace ocibuild
