// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include <ocibuild/digest.hpp>

#include "layer/file_set.hpp"
#include "oci/raw_sha256.hpp"

namespace ocibuild::layer {

/// Digests of the contents of a layer's files (oci::FileContent::known_digest), by the files'
/// positions. Those that nobody knows yet are read for it, or learnt when the files are written.
/// Different positions may be used by different threads at a time.
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

  /// Positions of the files that oci::has_pieces(), in order.
  std::vector<std::size_t> large() const;
  /// SHA-256s of the pieces of a large file; empty while they are not known.
  std::span<const oci::RawSha256> pieces(std::size_t file) const;
  /// All of a large file's pieces, and with them its digest, unless that is known. Ignored when
  /// they are not as many as the file has.
  void learn_pieces(std::size_t file, std::vector<oci::RawSha256> pieces);

  /// Reads all files that are not known, by `jobs` threads when that is much.
  /// @throws what FileContent::digest() throws for the first file in order that cannot be read;
  /// Error(Errc::interrupted)
  void compute(unsigned jobs, const std::stop_token& stop = {});
  /// The same for some files.
  void compute(std::span<const std::size_t> wanted, unsigned jobs,
               const std::stop_token& stop = {});

private:
  enum class State : std::uint8_t { none, unknown, known };

  struct LargeFile {
    std::size_t file = 0;
    std::vector<oci::RawSha256> pieces{};
  };
  /// Part of the work of compute(): a file, or a piece of a large one.
  struct Task {
    std::size_t file = 0;
    std::size_t piece = 0;
    std::vector<oci::RawSha256>* pieces = nullptr;  ///< of a large file
  };
  /// Where in large_; its size when the file is not large.
  std::size_t find_large(std::size_t file) const;
  void run(const Task& task);

  const std::vector<LayerFile>& files_;
  std::vector<State> states_;
  std::vector<oci::RawSha256> digests_;
  std::vector<LargeFile> large_;  // by file
};

}  // namespace ocibuild::layer
