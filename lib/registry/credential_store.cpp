// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <ocibuild/error.hpp>

#include "registry/config_files.hpp"
#include "registry/credential_helper.hpp"
#include "registry/docker_config.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

/// The file and its text, with symlinks followed: the link stays, its target is replaced.
struct OpenStore {
  explicit OpenStore(const CredentialStore& store) : path(store.file) {
    std::error_code error;
    const auto target = std::filesystem::weakly_canonical(store.file, error);
    if (!error) path = target;
    text = read_optional_file(path).value_or("");
    config = parse_docker_config(text, store.file.string());
  }

  std::filesystem::path path;
  std::string text{};
  DockerConfig config{};
};

void make_private_directory(const std::filesystem::path& directory) {
  if (directory.empty() || std::filesystem::exists(directory)) return;
  make_private_directory(directory.parent_path());
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    support::throw_errno("create directory", directory, errno);
}

void write_private_file(const std::filesystem::path& path, const std::string& text) {
  make_private_directory(path.parent_path());
  support::TempFile file(path.parent_path().empty() ? "." : path.parent_path());
  if (::fchmod(file.fd(), 0600) != 0) support::throw_errno("chmod", file.path(), errno);
  file.write(support::as_bytes(text));
  file.commit(path);
}

std::optional<CredentialHelper> helper_for(const CredentialStore& store, const DockerConfig& config,
                                           const std::string& registry) {
  const std::string name = own_helper(config, registry).value_or(config.creds_store);
  if (name.empty()) return std::nullopt;
  return CredentialHelper(name, std::chrono::seconds(store.on_terminal ? 120 : 30));
}

/// All keys that stand for the registry as a whole.
std::vector<std::string> keys_of(const DockerConfig& config, const std::string& registry) {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : config.auths) {
    if (registry_of_key(key) == registry) keys.push_back(key);
  }
  return keys;
}

}  // namespace

SavedLogin save_login(const CredentialStore& store, const std::string& registry,
                      const std::string& user, const std::string& password, std::stop_token stop) {
  if (user.find(':') != std::string::npos) {
    throw Error(Errc::usage, "credentials-invalid", "a user name has no colon");
  }
  const OpenStore open(store);
  const std::string name = store.file.string();
  const std::string key = server_address(registry);
  if (const auto helper = helper_for(store, open.config, registry)) {
    helper->store(key, user, password, stop);
    // Docker lists what a store has, and a former password must not stay beside it.
    write_private_file(open.path, with_marker(open.text, name, key));
    return {.place = helper->program(), .encrypted = true};
  }
  write_private_file(open.path, with_login(open.text, name, key, user, password));
  return {.place = name, .encrypted = false};
}

std::vector<std::string> erase_login(const CredentialStore& store, const std::string& registry,
                                     std::stop_token stop) {
  const OpenStore open(store);
  std::vector<std::string> places;
  if (const auto helper = helper_for(store, open.config, registry)) {
    if (helper->erase(server_address(registry), stop)) places.push_back(helper->program());
  }
  const auto keys = keys_of(open.config, registry);
  if (const auto text = without_logins(open.text, store.file.string(), keys)) {
    write_private_file(open.path, *text);
    places.push_back(store.file.string());
  }
  return places;
}

std::vector<std::string> saved_registries(const CredentialStore& store) {
  const OpenStore open(store);
  std::vector<std::string> out;
  for (const auto& [key, entry] : open.config.auths) {
    const auto registry = registry_of_key(key);
    if (registry && std::find(out.begin(), out.end(), *registry) == out.end())
      out.push_back(*registry);
  }
  return out;
}

}  // namespace ocibuild::registry
