// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "context/root_directory.hpp"
#include "context/stat_index.hpp"
#include "oci/file_tree.hpp"

namespace ocibuild::context {

/// Content of a regular file of the context: the one with `stamp`, or an error. Thread-safe.
class DiskFile final : public oci::FileContent {
public:
  /// `known` may be null; otherwise it must outlive this.
  DiskFile(std::shared_ptr<const RootDirectory> root, oci::RootfsPath path, FileStamp stamp,
           StatIndex* known)
      : root_(std::move(root)), path_(std::move(path)), stamp_(stamp), known_(known) {}

  /// The stamp is compared before the first byte and after the last one.
  std::unique_ptr<support::ByteSource> open() const override;
  std::unique_ptr<support::ByteSource> open_range(std::uint64_t offset,
                                                  std::uint64_t size) const override;
  /// From the index when it knows the file; otherwise reads it, and the index learns.
  bool is_plain() const override { return true; }
  Digest digest() const override;
  std::optional<Digest> known_digest() const override;

private:
  std::shared_ptr<const RootDirectory> root_;
  oci::RootfsPath path_;
  FileStamp stamp_;
  StatIndex* known_;
};

}  // namespace ocibuild::context
