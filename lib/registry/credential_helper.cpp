// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_helper.hpp"

#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "process/run.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

constexpr std::string_view not_found = "credentials not found in native keychain";
constexpr std::string_view token_user = "<token>";
constexpr std::size_t longest_shown = 200;

bool is_helper_name(std::string_view name) {
  const auto alnum = [](char c) { return support::is_alpha(c) || support::is_digit(c); };
  return !name.empty() && alnum(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return alnum(c) || c == '.' || c == '_' || c == '-';
  });
}

std::string first_line(std::string_view text) {
  text = support::trim(text);
  return std::string(support::trim(text.substr(0, text.find('\n')))).substr(0, longest_shown);
}

[[noreturn]] void failed(const std::string& message) {
  throw Error(Errc::credentials, "helper-failed", message);
}

/// Its own words: the message is on standard output, what went wrong inside on the other. What
/// looks like an answer may hold a secret and is not shown.
[[noreturn]] void failed_with(const std::string& program, const std::string& action,
                              const process::Result& result) {
  Error error(Errc::credentials, "helper-failed",
              concat(program, " ", action, " ended with exit code ", result.exit_code));
  for (const std::string& line : {first_line(result.output), first_line(result.errors)}) {
    if (!line.empty() && line.find('{') == std::string::npos)
      error.note(concat("it says: ", quote(line)));
  }
  throw error;
}

}  // namespace

CredentialHelper::CredentialHelper(std::string name, std::chrono::seconds timeout)
    : program_("docker-credential-" + name), timeout_(timeout) {
  if (!is_helper_name(name)) {
    failed(concat("the credential helper ", quote(name),
                  " is not letters, digits, '.', '_' and '-': a name is wanted, not a path"));
  }
}

void CredentialHelper::throw_missing() const {
  Error error(Errc::credentials, "helper-failed", concat(program_, " is not on PATH"));
  error.help("install it, or take it out of \"credHelpers\" or \"credsStore\"");
  throw error;
}

namespace {

std::optional<process::Result> call(const std::string& program, const std::string& action,
                                    const std::string& input, std::chrono::seconds timeout,
                                    const std::stop_token& stop) {
  const auto result = process::run(
      {.program = program, .arguments = {action}, .input = input, .timeout = timeout}, stop);
  if (!result) return result;
  if (result->timed_out)
    failed(concat(program, " ", action, " gave no answer within ", timeout.count(), " s"));
  if (result->too_much_output)
    failed(concat(program, " ", action, " answered with more than 1 MiB"));
  return result;
}

bool says_not_found(const process::Result& result) {
  return result.exit_code != 0 && support::trim(result.output) == not_found;
}

}  // namespace

std::optional<CredentialHelper::Answer> CredentialHelper::get(const std::string& address,
                                                              const std::stop_token& stop) const {
  const auto result = call(program_, "get", address, timeout_, stop);
  if (!result) return std::nullopt;
  if (says_not_found(*result)) {
    const std::string complaint = first_line(result->errors);
    // The same caution as in failed_with().
    return Answer{.complaint = complaint.find('{') == std::string::npos ? complaint : ""};
  }
  if (result->exit_code != 0) failed_with(program_, "get", *result);
  HelperSecret secret;
  try {
    secret = parse_helper_answer(result->output);
  } catch (const Error& error) {
    failed(concat(program_, " get: ", error.what()));
  }
  if (secret.user.empty() && secret.secret.empty()) return Answer{};
  Credential found{.source = program_};
  if (secret.user == token_user) {
    found.identity_token = secret.secret;
  } else {
    found.user = secret.user;
    found.password = secret.secret;
  }
  return Answer{.found = std::move(found)};
}

void CredentialHelper::store(const std::string& address, const std::string& user,
                             const std::string& password, const std::stop_token& stop) const {
  const auto result =
      call(program_, "store", helper_login(address, user, password), timeout_, stop);
  if (!result) throw_missing();
  if (result->exit_code != 0) failed_with(program_, "store", *result);
}

bool CredentialHelper::erase(const std::string& address, const std::stop_token& stop) const {
  const auto result = call(program_, "erase", address, timeout_, stop);
  if (!result) throw_missing();
  if (says_not_found(*result)) return false;
  if (result->exit_code != 0) failed_with(program_, "erase", *result);
  return true;
}

}  // namespace ocibuild::registry
