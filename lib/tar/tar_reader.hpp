// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "oci/entry.hpp"
#include "support/bytes.hpp"

namespace ocibuild::tar {

/// What may be around the tar.
enum class Wrapping {
  none,  ///< a plain tar; offsets are meaningful
  any,   ///< also gzip, bzip2, xz or zstd around it, as archives of users come
};

/// Reads a tar of anybody as a stream, through libarchive. Not thread-safe.
///
/// Names are cleaned to stay below the root; limits: docs/reference/image.md, 5.4.
class TarReader {
public:
  struct Member {
    oci::Entry entry;  ///< entry.path cleaned; a hard_link's target too
    std::string name;  ///< as in the archive
    /// Its name, or the name a hard link points to, climbs above the root before it is cleaned.
    bool leaves_root = false;
    std::uint64_t offset = 0;  ///< of the content in the uncompressed tar; Wrapping::none only
  };

  /// `in` must outlive the reader. `what` names the archive in errors.
  TarReader(support::ByteSource& in, Wrapping wrapping, std::string what);
  ~TarReader();

  /// True if `in` holds a tar with at least one member: what can be read of the first header
  /// decides. Whatever else it is, damaged or not, is no error.
  static bool recognises(support::ByteSource& in, Wrapping wrapping);

  /// The next member, false at the end. What was left of the last content is skipped.
  /// @throws Error(Errc::failed, archive-invalid) naming archive and offset for a truncated or
  /// damaged tar
  bool next(Member& member);
  /// Content of the member that next() gave.
  support::ByteSource& content();

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ocibuild::tar
