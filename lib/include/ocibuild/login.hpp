// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ocibuild/export.hpp>
#include <ocibuild/network.hpp>

namespace ocibuild {

struct LoginRequest {
  std::string registry = "docker.io";
  std::string user;
  std::string password;
  /// In docker's format; its helpers are used. Made when missing.
  std::filesystem::path file;
  bool verify = true;  ///< ask the registry whether it takes them before they are saved
  NetworkSettings network{};
};

struct LoginResult {
  std::string place;       ///< file or helper that has the password now
  bool encrypted = false;  ///< a file only encodes it
};

/// Checks user and password with the registry and saves them for later pushes and pulls.
/// @throws Error(Errc::credentials, auth-refused, helper-failed), those of the network
OCIBUILD_API LoginResult login(const LoginRequest& request, std::stop_token stop = {});

/// The registries that `file` has credentials for, or knows a helper to have some. A file that is
/// not there has none. @throws Error(Errc::credentials, credentials-invalid)
OCIBUILD_API std::vector<std::string> saved_logins(const std::filesystem::path& file);

/// The user that a push to `registry` would log in as, from the first source that knows one
/// (docs/reference/registry.md, K1); nothing: without a login. Asks no registry.
/// @throws Error(Errc::credentials, credentials-invalid, helper-failed)
OCIBUILD_API std::optional<std::string> login_user(const std::string& registry,
                                                   const CredentialSettings& settings,
                                                   std::stop_token stop = {});

/// Removes saved credentials of `registry`, of every registry if it is empty. Returns the files and
/// helpers that had some.
OCIBUILD_API std::vector<std::string> logout(const std::filesystem::path& file,
                                             const std::string& registry, bool on_terminal,
                                             std::stop_token stop = {});

}  // namespace ocibuild
