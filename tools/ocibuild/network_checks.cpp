// SPDX-License-Identifier: Apache-2.0
#include "network_checks.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

namespace fs = std::filesystem;

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

void check_file(const std::string& origin, const std::string& file, const Io& io) {
  std::error_code ignored;
  const fs::file_status status = fs::status(io.resolve(file), ignored);
  if (!fs::exists(status) || fs::is_directory(status))
    usage_error(origin + ": there is no file " + shown(file));
}

/// It may be missing, as for skopeo: then no host has certificates of its own.
void check_directory(const std::string& origin, const std::string& directory, const Io& io) {
  std::error_code ignored;
  const fs::file_status status = fs::status(io.resolve(directory), ignored);
  if (fs::exists(status) && !fs::is_directory(status))
    usage_error(origin + ": " + shown(directory) + " is no directory");
}

/// The files behind "HOST=", which commas part.
void check_host_files(const std::string& origin, std::string_view text, const Io& io) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return;  // its reader says what is missing
  for (std::string_view rest = text.substr(equals + 1); !rest.empty();) {
    const std::string_view file = rest.substr(0, rest.find(','));
    check_file(origin, std::string(file), io);
    rest.remove_prefix(std::min(rest.size(), file.size() + 1));
  }
}

/// Characters of HOST[:PORT], with `more` besides; what hosts are exactly is known where they are
/// asked.
bool looks_like_host(std::string_view text, std::string_view more) {
  const auto allowed = [&](char c) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return word || std::string_view("-._:[]").find(c) != std::string_view::npos ||
           more.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.front() != '/' && text.find("//") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), allowed);
}

bool is_port(std::string_view text) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits && !text.empty() && text.size() <= 5 && std::stoi(std::string(text)) <= 65535;
}

bool is_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string address(text);
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
}

/// HOST:PORT:ADDRESS[,ADDRESS…], as curl has it.
bool is_resolve_entry(std::string_view text) {
  const std::size_t port = text.find(':');
  if (port == 0 || port == std::string_view::npos) return false;
  const std::size_t address = text.find(':', port + 1);
  if (address == std::string_view::npos) return false;
  if (!is_port(text.substr(port + 1, address - port - 1))) return false;
  std::string_view rest = text.substr(address + 1);
  do {
    const std::string_view one = rest.substr(0, rest.find(','));
    if (!is_address(one)) return false;
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  } while (!rest.empty());
  return true;
}

void check_files(const ParsedFlags& flags, const Io& io) {
  for (const std::string& file : flags.list("cacert")) check_file(flags.origin("cacert"), file, io);
  if (const auto directory = flags.text("cert-dir"))
    check_directory(flags.origin("cert-dir"), *directory, io);
  for (const char* name : {"registry-certificate", "registry-client-cert"}) {
    for (const std::string& text : flags.list(name)) check_host_files(flags.origin(name), text, io);
  }
  for (const RegistrySettings& registry : flags.registries) {
    for (const std::string& file : registry.authorities) check_file(registry.origin, file, io);
    for (const std::string& file : {registry.certificate, registry.key}) {
      if (!file.empty()) check_file(registry.origin, file, io);
    }
  }
}

}  // namespace

void check_network_flags(const ParsedFlags& flags, const Io& io) {
  check_files(flags, io);
  for (const std::string& text : flags.list("registry-mirror")) {
    const std::size_t equals = text.find('=');
    const std::string location = equals == std::string::npos ? text : text.substr(equals + 1);
    if (equals == 0 || !looks_like_host(location, "/"))
      usage_error(flags.origin("registry-mirror") + " takes [REGISTRY=]HOST[:PORT][/PREFIX], not " +
                  shown(text));
  }
  for (const std::string& host : flags.list("insecure-registry")) {
    if (!looks_like_host(host, ""))
      usage_error(flags.origin("insecure-registry") + " takes HOST[:PORT], not " + shown(host));
  }
  for (const std::string& entry : flags.list("resolve")) {
    if (!is_resolve_entry(entry))
      usage_error(flags.origin("resolve") + " takes HOST:PORT:ADDRESS, not " + shown(entry));
  }
}

}  // namespace ocibuild::program
