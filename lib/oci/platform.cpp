// SPDX-License-Identifier: Apache-2.0
#include <sys/utsname.h>

#include <algorithm>
#include <map>

#include <ocibuild/error.hpp>
#include <ocibuild/image.hpp>

#include "oci/platform.hpp"
#include "support/text.hpp"

namespace ocibuild {

namespace {

/// Names of other vocabularies -> GOARCH and variant.
const std::map<std::string, std::pair<std::string, std::string>>& architecture_aliases() {
  static const std::map<std::string, std::pair<std::string, std::string>> aliases = {
      {"x86_64", {"amd64", ""}}, {"x86-64", {"amd64", ""}},  {"i386", {"386", ""}},
      {"i686", {"386", ""}},     {"aarch64", {"arm64", ""}}, {"armhf", {"arm", "v7"}},
      {"armel", {"arm", "v6"}},  {"armv7l", {"arm", "v7"}},
  };
  return aliases;
}

bool is_architecture(const std::string& name) {
  static constexpr std::string_view known[] = {
      "386",      "amd64",  "arm",   "arm64",   "loong64", "mips",  "mips64",
      "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64", "s390x", "wasm"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

bool is_os(const std::string& name) {
  static constexpr std::string_view known[] = {"linux",   "windows", "darwin", "freebsd", "netbsd",
                                               "openbsd", "solaris", "wasip1", "js"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

void normalise(Platform& platform) {
  if (const auto alias = architecture_aliases().find(platform.architecture);
      alias != architecture_aliases().end()) {
    platform.architecture = alias->second.first;
    if (platform.variant.empty()) platform.variant = alias->second.second;
  }
  if (platform.architecture == "arm") {
    if (platform.variant.empty()) platform.variant = "v7";
    if (support::is_digit(platform.variant.front()))
      platform.variant = support::concat('v', platform.variant);
  }
  if (platform.architecture == "arm64" && (platform.variant == "v8" || platform.variant == "8"))
    platform.variant.clear();
  if (platform.architecture == "amd64" && platform.variant == "v1") platform.variant.clear();
}

[[noreturn]] void invalid(std::string_view text) {
  throw Error(Errc::usage, "platform-invalid",
              support::concat(support::quote(text), " is no platform"))
      .help("write os/architecture[/variant], for example linux/amd64 or linux/arm/v7");
}

}  // namespace

Platform Platform::parse(std::string_view text) {
  const std::vector<std::string> parts = support::split(support::to_lower(text), '/');
  Platform platform = host();
  platform.variant.clear();
  if (parts.size() > 3) invalid(text);
  for (const std::string& part : parts) {
    if (part.empty()) invalid(text);
  }
  if (parts.size() == 1) {
    if (is_os(parts[0])) {
      platform = host();
      platform.os = parts[0];
    } else {
      platform.architecture = parts[0];
    }
  } else {
    platform.os = parts[0];
    platform.architecture = parts[1];
    if (parts.size() == 3) platform.variant = parts[2];
  }
  normalise(platform);
  if (!is_os(platform.os) || !is_architecture(platform.architecture)) invalid(text);
  return platform;
}

Platform Platform::host() {
  Platform platform;
#if defined(__x86_64__)
  platform.architecture = "amd64";
#elif defined(__aarch64__)
  platform.architecture = "arm64";
#else
  utsname name{};
  ::uname(&name);
  platform.architecture = name.machine;
  normalise(platform);
#endif
  return platform;
}

std::string Platform::str() const {
  return variant.empty() ? support::concat(os, '/', architecture)
                         : support::concat(os, '/', architecture, '/', variant);
}

namespace oci {

bool serves(const Platform& has, const Platform& wanted) {
  return has.os == wanted.os && has.architecture == wanted.architecture &&
         (has.variant == wanted.variant || has.variant.empty() || wanted.variant.empty());
}

}  // namespace oci

}  // namespace ocibuild
