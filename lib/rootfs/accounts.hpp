// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oci/file_tree.hpp"

namespace ocibuild::rootfs {

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const Owner&) const = default;
};

/// A user or group name that passwd or group of the image does not have: the engine then takes 0.
struct UnknownAccount {
  std::string name;
  std::string file;                    ///< "/etc/passwd" or "/etc/group"
  std::optional<std::string> nearest;  ///< account of nearly that name
};

struct OwnerLookup {
  Owner owner;
  std::optional<UnknownAccount> unknown_user;
  std::optional<UnknownAccount> unknown_group;
};

/// "U", "U:G", ":G" as of --chown and USER, looked up in the image's own /etc/passwd and /etc/group
/// (docs/reference/dockerfile.md, 8). Never this machine's. Empty text is 0:0.
OwnerLookup look_up_owner(const oci::FileLookup& image, std::string_view text);

}  // namespace ocibuild::rootfs
