// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <vector>

#include <ocibuild/event.hpp>
#include <ocibuild/plan.hpp>
#include <ocibuild/reference.hpp>

#include "build/blob_sources.hpp"
#include "build/push_contents.hpp"
#include "build/registry_work.hpp"
#include "registry/blob_upload.hpp"

namespace ocibuild::engine {

/// Bytes of blobs that one push moved, or found in place.
struct PushedBytes {
  std::uint64_t uploaded = 0;
  std::uint64_t mounted = 0;
  std::uint64_t was_there = 0;
};

/// One repository that images are pushed to: blobs and manifests go there once, tags one by one
/// (docs/reference/registry.md, 9 and 10). Used by one thread; its transfers have their own.
class PushTarget {
public:
  /// What all targets of a push share. Must outlive them.
  struct Shared {
    RegistryWork& work;
    const store::BlobStore& blobs;
    const BlobSources& sources;
  };

  PushTarget(const Shared& shared, registry::Source repository);
  /// Gives up the session that check() opened and nobody used (U8).
  ~PushTarget();

  /// Opens an upload session, which is kept for the first blob (U10).
  /// @throws Error: push-denied, repository-missing, auth-needed …
  void check();
  /// The image of `contents` under each of `names`, which are all of this repository.
  /// `purpose`: push, or cache_to for a shared cache.
  PushedBytes send(const PushContents& contents, const std::vector<Reference>& names,
                   Asking::For purpose = Asking::For::push);

  /// What send() would move of these layers, and from registries what the store would lack; only
  /// asks. `known`: downloads that are planned anyway.
  void plan(const std::vector<PlannedLayer>& layers, const std::vector<PlannedTransfer>& known,
            std::vector<PlannedTransfer>& out);

private:
  PlannedTransfer::State plan_blob(const PlannedLayer& layer);
  /// A name, and what it stands for until now.
  struct Tag {
    Reference name;
    std::optional<Digest> named;
  };
  std::vector<Tag> without_done(const std::vector<Reference>& names, const Digest& image);
  void check_complete(const PushContents& contents);
  void send_blobs(const std::vector<Descriptor>& blobs);
  void send_blob(const Descriptor& blob);
  void upload(const Descriptor& blob, registry::OpenUpload session,
              const registry::TransferObserver& observer);
  bool is_there(const Descriptor& blob);
  /// Nothing: the blob is there. Else a session to upload to, perhaps a new one.
  std::optional<registry::OpenUpload> mount_or_open(const Descriptor& blob);
  registry::OpenUpload take_session();
  bool is_stored(const registry::Document& image, bool under_other_tag);
  void send_children(const PushContents& contents);
  void send_tags(const PushContents& contents, const std::vector<Tag>& tags);
  bool put(const registry::Document& document, const std::string& reference,
           const PushContents& contents, const std::optional<Digest>& named = {});
  [[noreturn]] void throw_incomplete(const registry::Document& document,
                                     const std::string& words) const;
  void tag_subject(const registry::Document& document);
  void repair(const registry::Document& document, const PushContents& contents);
  void report_pushed(const Reference& name, const Digest& digest, bool was_there);
  void arrived(const Descriptor& blob, std::uint64_t PushedBytes::*counter);

  const Shared& shared_;
  const std::shared_ptr<registry::Session> session_;
  std::counting_semaphore<> streams_;
  Asking::For purpose_ = Asking::For::push;
  std::mutex mutex_;  // for what follows
  std::optional<registry::OpenUpload> kept_;
  std::set<Digest> present_;  // blobs that are there
  PushedBytes bytes_;
  bool mounts_ = true;  // until a registry turns out to lack what it said it had mounted
};

}  // namespace ocibuild::engine
