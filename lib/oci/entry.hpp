// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "oci/rootfs_path.hpp"

namespace ocibuild::oci {

enum class EntryType : std::uint8_t {
  regular,
  directory,
  symlink,
  hard_link,
  fifo,
  character_device,
  block_device
};

/// One file as a layer describes it (image-spec layer.md, File Attributes). Its content is kept
/// elsewhere.
struct Entry {
  RootfsPath path;
  EntryType type = EntryType::regular;
  std::uint32_t mode = 0;  ///< permission, setuid, setgid and sticky bits: at most 07777
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  ///< seconds since 1970 UTC
  std::uint64_t size = 0;  ///< bytes of content; 0 for everything but regular files
  /// symlink: its text, as it is; hard_link: the other name, as RootfsPath text.
  std::string link_target{};
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::map<std::string, std::string>
      xattrs{};  ///< full name ("security.capability") -> value bytes

  bool is_directory() const { return type == EntryType::directory; }
  bool operator==(const Entry&) const = default;
};

}  // namespace ocibuild::oci
