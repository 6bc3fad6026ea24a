// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "registry/credentials.hpp"

namespace ocibuild::registry {

/// A program docker-credential-NAME (docs/reference/registry.md, K4). Thread-safe.
class CredentialHelper {
public:
  /// @throws Error(Errc::credentials, helper-failed) for a name that could be a path
  CredentialHelper(std::string name, std::chrono::seconds timeout);

  struct Answer {
    std::optional<Credential> found{};
    /// First line of what it complained about while finding nothing: some helpers hide failures so.
    std::string complaint{};
  };
  /// Nothing: there is no such program.
  /// @throws Error(Errc::credentials, helper-failed) with exit code and its own words
  std::optional<Answer> get(const std::string& address, const std::stop_token& stop) const;

  /// Both throw helper-failed for a missing program too.
  void store(const std::string& address, const std::string& user, const std::string& password,
             const std::stop_token& stop) const;
  /// False: it had nothing to erase.
  bool erase(const std::string& address, const std::stop_token& stop) const;

  const std::string& program() const { return program_; }
  [[noreturn]] void throw_missing() const;

private:
  std::string program_;
  std::chrono::seconds timeout_;
};

/// Parts of its messages that are JSON; bytes that are no UTF-8 cannot be stored.
std::string helper_login(const std::string& address, const std::string& user,
                         const std::string& password);
/// User and password of an answer. @throws Error(Errc::failed, json-invalid)
struct HelperSecret {
  std::string user;
  std::string secret;
};
HelperSecret parse_helper_answer(std::string_view text);

}  // namespace ocibuild::registry
