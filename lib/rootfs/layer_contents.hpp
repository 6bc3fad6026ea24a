// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "support/bytes.hpp"

namespace ocibuild::rootfs {

/// Random access to the file contents in one layer blob. Thread-safe.
///
/// A compressed blob is uncompressed once, on first use, into a nameless file in `scratch`:
/// contents are asked for in any order, and the alternative is to inflate the blob once a file.
/// Nothing is unpacked.
class LayerContents : public std::enable_shared_from_this<LayerContents> {
public:
  /// `blob`: path of the stored blob. `scratch`: directory for the nameless file. `provide`: called
  /// before the blob is first opened, for one that may have to be fetched; may be empty.
  LayerContents(std::filesystem::path blob, std::filesystem::path scratch,
                std::function<void()> provide = {});
  ~LayerContents();
  /// Bytes [offset, offset + size) of the uncompressed tar. The source keeps this object alive.
  std::unique_ptr<support::ByteSource> open(std::uint64_t offset, std::uint64_t size) const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::rootfs
