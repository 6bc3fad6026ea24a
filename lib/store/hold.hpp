// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <stop_token>

#include "store/oci_layout.hpp"
#include "support/fd.hpp"

namespace ocibuild::store {

/// A lock on the blobs of a store as a whole (docs/reference/image.md, 6.5), on
/// ROOT/.ocibuild/in-use. It ends with this object, or with its process, however that ends.
///
/// Whatever relies on blobs that no name protects yet holds it shared, from before it looks for the
/// first to after the name is given; who removes blobs holds it alone.
class Hold {
public:
  /// Waits while somebody removes blobs. A store that this user cannot write, and that nobody ever
  /// locked, is used without.
  /// @throws Error(Errc::interrupted)
  static Hold shared(const OciLayout& layout, const std::stop_token& stop);
  /// The same for who writes nothing: a store that nobody ever locked is used without.
  static Hold without_trace(const OciLayout& layout, const std::stop_token& stop);
  /// Nothing while anybody else holds it, in this process too.
  static std::optional<Hold> alone(const OciLayout& layout);

private:
  static Hold take(support::Fd fd, const std::filesystem::path& file, const std::stop_token& stop);
  explicit Hold(support::Fd fd) : fd_(std::move(fd)) {}
  support::Fd fd_;
};

}  // namespace ocibuild::store
