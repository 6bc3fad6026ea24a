// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "registry/blob_upload.hpp"

namespace ocibuild::registry {

/// A blob of other repositories as content to upload, never stored: it is fetched while it is sent
/// (docs/reference/registry.md, M4). At most 1 MiB of it is in memory.
///
/// Its last bytes are given only once the whole of it was verified. A source that has to begin
/// anew, or gives nothing for longer than a destination should wait, ends what was opened with
/// ContentRestarted; opening it again fetches it again. One upload at a time may use it.
class BlobStream final : public BlobContent {
public:
  /// `sources`: as for download_blob(). All arguments must outlive this.
  BlobStream(const std::vector<std::shared_ptr<Session>>& sources, const Descriptor& descriptor)
      : sources_(sources), descriptor_(descriptor) {}
  ~BlobStream() override;

  /// Returns when the first bytes are there, and goes on in the stream that is open when that is at
  /// `offset`: pieces are fetched once.
  /// @throws also while it is read: as download_blob()
  std::unique_ptr<support::ByteSource> open(std::uint64_t offset) const override;

private:
  class Fetch;
  class Source;

  void end() const;

  const std::vector<std::shared_ptr<Session>>& sources_;
  const Descriptor& descriptor_;
  mutable std::size_t failed_ = 0;  // sources that are of no use
  mutable std::shared_ptr<Fetch> fetch_;
};

}  // namespace ocibuild::registry
