// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include <ocibuild/digest.hpp>

#include "layer/file_set.hpp"
#include "oci/record.hpp"

namespace ocibuild::layer {

/// SHA-256 of the contents of a layer's files, by the files' positions. Those that nobody knows yet
/// are read for it, or learnt when the files are written. Different positions may be used by
/// different threads at a time.
class ContentDigests {
public:
  /// Takes what is known without reading. `files` must outlive this.
  explicit ContentDigests(const std::vector<LayerFile>& files);

  /// Also true for what has no content.
  bool is_known(std::size_t file) const { return states_[file] != State::unknown; }
  bool all_known() const;
  /// Null for what has no content. @pre is_known(file)
  const oci::RawSha256* find(std::size_t file) const {
    return states_[file] == State::known ? &digests_[file] : nullptr;
  }

  /// Of content that was read as FileContent::open() gives it; the content is told.
  void learn(std::size_t file, const Digest& digest);

  /// Reads all that is not known, by `jobs` threads when that is much.
  /// @throws what FileContent::digest() throws for the first file in order that cannot be read;
  /// Error(Errc::interrupted)
  void compute(unsigned jobs, const std::stop_token& stop = {});
  /// The same for some files.
  void compute(std::span<const std::size_t> wanted, unsigned jobs,
               const std::stop_token& stop = {});

private:
  enum class State : std::uint8_t { none, unknown, known };

  const std::vector<LayerFile>& files_;
  std::vector<State> states_;
  std::vector<oci::RawSha256> digests_;
};

}  // namespace ocibuild::layer
