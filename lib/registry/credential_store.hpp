// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace ocibuild::registry {

/// What login and logout change: a file in docker's format and the helpers it names
/// (docs/reference/registry.md, K4.7 and X4).
struct CredentialStore {
  std::filesystem::path file;  ///< made when missing, with its directory (0700)
  bool on_terminal = false;    ///< helpers may open a dialogue
};

/// Where a password went.
struct SavedLogin {
  std::string place;       ///< the file, or the helper program
  bool encrypted = false;  ///< false: base64 in the file is no protection
};

/// Stores a login for `registry` ("docker.io"): in its own helper, else in "credsStore", else in
/// the file. A store whose program is missing is an error: nothing is written in the clear instead.
/// @throws Error(Errc::credentials, helper-failed, credentials-invalid), (Errc::failed, io-error)
SavedLogin save_login(const CredentialStore& store, const std::string& registry,
                      const std::string& user, const std::string& password,
                      std::stop_token stop = {});

/// Takes the login of `registry` out of helper and file. Returns the places that had one.
/// @throws as save_login()
std::vector<std::string> erase_login(const CredentialStore& store, const std::string& registry,
                                     std::stop_token stop = {});

/// Registries with an entry in the file: for "logout --all".
std::vector<std::string> saved_registries(const CredentialStore& store);

}  // namespace ocibuild::registry
