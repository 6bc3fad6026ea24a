// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ocibuild/image.hpp>

#include "registry/blob_download.hpp"
#include "registry/session.hpp"

namespace ocibuild::registry {

/// Content to upload; may be read several times and from any offset. Thread-safe.
class BlobContent {
public:
  virtual ~BlobContent() = default;
  /// Bytes from `offset` to the end.
  virtual std::unique_ptr<support::ByteSource> open(std::uint64_t offset) const = 0;
};

/// Content that cannot go on where it was, because what it is read from began anew: the bytes sent
/// so far are worth nothing (Y4). Thrown by a BlobContent's source while it is sent.
struct ContentRestarted {};

/// An upload session that was opened and not used yet: its address.
struct OpenUpload {
  http::Url location;
  std::uint64_t least_piece = 0;  ///< what the registry wants of pieces at least (U5)
  std::chrono::steady_clock::time_point opened = std::chrono::steady_clock::now();

  /// Registries forget sessions that nothing comes to (U10).
  bool is_fresh(std::chrono::steady_clock::time_point now) const {
    return now - opened < std::chrono::minutes(5);
  }
};

/// True when the repository has the blob (U2).
bool has_blob(Session& session, const Descriptor& descriptor);

/// Opens an upload session: also the check that a push is allowed (U3, U10).
/// @throws Error: push-denied, repository-missing, auth-needed …
OpenUpload open_upload(Session& session);
/// Gives a session up; failures do not matter (U8).
void cancel_upload(Session& session, const OpenUpload& upload) noexcept;

/// True when a mount from that repository of the same registry may do: not itself, none failed
/// there before, and the registry does mount (M1 to M3).
bool may_mount(Session& session, const std::string& from_repository);
/// Lets the repository take a blob that another repository of the same registry has; nothing when
/// it is there afterwards, else a session to upload to (M2). A mount never makes a push fail.
std::optional<OpenUpload> mount_blob(Session& session, const Digest& digest,
                                     const std::string& from_repository);

/// Sends a blob: one PUT, else PATCH, else PATCH in pieces, resumed where the registry can (U3 to
/// U7). `upload`: a session to begin with. Returns once the registry has confirmed it.
void upload_blob(Session& session, const Descriptor& descriptor, const BlobContent& content,
                 std::optional<OpenUpload> upload, const TransferObserver& observer = {});

}  // namespace ocibuild::registry
