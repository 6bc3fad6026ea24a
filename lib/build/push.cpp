// SPDX-License-Identifier: Apache-2.0
// An image of the store to registries (docs/reference/registry.md, 9).
#include <map>
#include <set>

#include <ocibuild/transfer.hpp>

#include "build/registry_work.hpp"
#include "oci/image_json.hpp"
#include "registry/blob_upload.hpp"
#include "registry/manifests.hpp"
#include "store/blob_origin.hpp"
#include "store/oci_layout.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild {
namespace engine {
namespace {

using registry::Session;
using support::concat;

constexpr unsigned uploads_at_once = 4;

/// A blob of the store, from any offset.
class StoredBlob final : public registry::BlobContent {
public:
  StoredBlob(const store::BlobStore& blobs, const Descriptor& descriptor)
      : blobs_(blobs), descriptor_(descriptor) {}

  std::unique_ptr<support::ByteSource> open(std::uint64_t offset) const override {
    return std::make_unique<Source>(blobs_, descriptor_, offset);
  }

private:
  class Source final : public support::ByteSource {
  public:
    Source(const store::BlobStore& blobs, const Descriptor& blob, std::uint64_t offset)
        : fd_(blobs.open(blob)),
          inner_(fd_.get(), blobs.path(blob.digest), offset, blob.size - offset) {}
    std::size_t read(std::span<std::byte> buffer) override { return inner_.read(buffer); }

  private:
    support::Fd fd_;
    support::FdRangeSource inner_;
  };

  const store::BlobStore& blobs_;
  const Descriptor& descriptor_;
};

/// The documents of an image in the order in which they must arrive, and the blobs they name.
struct Contents {
  std::vector<registry::Document> documents;  ///< children before their index
  std::vector<Descriptor> blobs;              ///< each once
  std::vector<Descriptor> absent;  ///< children of the index that the store does not have
};

class Reader {
public:
  explicit Reader(const store::BlobStore& blobs) : blobs_(blobs) {}

  Contents read(const Descriptor& image) {
    add(image);
    return std::move(out_);
  }

private:
  void add(const Descriptor& image) {
    if (!seen_.insert(image.digest).second) return;
    std::string bytes = blobs_.read(image, oci::manifest_limit);
    if (oci::is_index(image.media_type)) {
      for (const Descriptor& child : oci::parse_index(bytes).manifests) {
        if (blobs_.has(child)) {
          add(child);
        } else {
          out_.absent.push_back(child);
        }
      }
    } else {
      const Manifest manifest = oci::parse_manifest(bytes);
      add_blob(manifest.config);
      for (const Descriptor& layer : manifest.layers) add_blob(layer);
    }
    out_.documents.push_back({image, std::move(bytes)});
  }

  void add_blob(const Descriptor& blob) {
    if (!blob.urls.empty()) return;  // foreign layers stay where they are
    if (seen_.insert(blob.digest).second) out_.blobs.push_back(blob);
  }

  const store::BlobStore& blobs_;
  std::set<Digest> seen_;
  Contents out_;
};

/// All names of one repository: blobs and manifests go there once, tags one by one.
struct Destination {
  std::shared_ptr<Session> session;
  std::vector<Reference> names;
};

class Pusher {
public:
  Pusher(const PushRequest& request, EventSink& events, std::stop_token stop)
      : request_(request),
        events_(events),
        layout_(request.store),
        work_(request.network, events, std::move(stop)) {}

  PushResult run() {
    const Contents contents = Reader(layout_.blobs()).read(request_.image);
    result_.digest = request_.image.digest;
    for (Destination& destination : destinations()) push_to(destination, contents);
    return result_;
  }

private:
  std::vector<Destination> destinations() {
    std::map<std::string, std::size_t> known;
    std::vector<Destination> out;
    for (const Reference& name : request_.names) {
      const auto [at, is_new] =
          known.emplace(concat(name.registry, "/", name.repository), out.size());
      if (is_new) {
        registry::Source target = work_.network().configuration().push_target(name);
        out.push_back(
            {std::make_shared<Session>(work_.network(), std::move(target), registry::Purpose::push),
             {}});
      }
      out[at->second].names.push_back(name);
    }
    return out;
  }

  void push_to(Destination& destination, const Contents& contents) {
    Session& session = *destination.session;
    std::vector<Reference> missing;
    for (const Reference& name : destination.names) {
      work_.transfers().report(Asking{Asking::For::push, session.source().registry, name.str()});
      if (!name.tag.empty() && registry::head_manifest(session, name.tag) == result_.digest) {
        events_.on_event(Pushed{name.str(), result_.digest.str(), true});
      } else {
        missing.push_back(name);
      }
    }
    if (missing.empty()) {
      for (const Descriptor& blob : contents.blobs) result_.was_there += blob.size;
      return;
    }
    check_complete(session, contents);
    send_blobs(session, contents.blobs);
    send_documents(session, contents.documents, missing);
  }

  /// A pull of some platforms leaves an index that can only be pushed to where the others are (U1).
  void check_complete(Session& session, const Contents& contents) const {
    std::vector<std::string> platforms;
    for (const Descriptor& child : contents.absent) {
      if (registry::head_manifest(session, child.digest.str()) == child.digest) continue;
      platforms.push_back(child.platform ? child.platform->str() : child.digest.str());
    }
    if (platforms.empty()) return;
    Error error(Errc::not_found, "push-incomplete",
                "the store does not have every image that the index names");
    error.note(concat("missing: ", support::join(platforms, ", ")));
    error.help("ocibuild pull --platform OS/ARCH … with all of its platforms, then push");
    throw error;
  }

  void send_blobs(Session& session, const std::vector<Descriptor>& blobs) {
    TransfersStarted started{
        .upload = true, .host = session.source().registry, .blobs = blobs.size()};
    std::vector<std::function<void()>> jobs;
    for (const Descriptor& blob : blobs) {
      started.bytes += blob.size;
      jobs.push_back([this, &session, &blob] { send_blob(session, blob); });
    }
    work_.transfers().report(started);
    work_.transfers().run(jobs, uploads_at_once);
  }

  void send_blob(Session& session, const Descriptor& blob) {
    Transfers::Bar bar(work_.transfers(), {.upload = true,
                                           .host = session.source().registry,
                                           .digest = blob.digest.str(),
                                           .total = blob.size});
    if (registry::has_blob(session, blob)) {
      count(result_.was_there, blob.size);
      return bar.done(BlobMoved::State::was_there);
    }
    const StoredBlob content(layout_.blobs(), blob);
    registry::upload_blob(session, blob, content, std::nullopt, bar.observer());
    count(result_.uploaded, blob.size);
    bar.done(BlobMoved::State::done);
  }

  /// Children by digest; the last document under each tag, or by digest when a name has none.
  void send_documents(Session& session, const std::vector<registry::Document>& documents,
                      const std::vector<Reference>& names) {
    for (std::size_t i = 0; i + 1 < documents.size(); ++i)
      registry::put_manifest(session, documents[i], documents[i].descriptor.digest.str());
    const registry::Document& image = documents.back();
    for (const Reference& name : names) {
      const std::string reference = name.tag.empty() ? image.descriptor.digest.str() : name.tag;
      const bool sent = registry::put_manifest(session, image, reference);
      events_.on_event(Pushed{name.str(), image.descriptor.digest.str(), !sent});
    }
  }

  void count(std::uint64_t& counter, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    counter += bytes;
  }

  const PushRequest& request_;
  EventSink& events_;
  store::OciLayout layout_;
  RegistryWork work_;
  std::mutex mutex_;
  PushResult result_;
};

}  // namespace
}  // namespace engine

PushResult push(const PushRequest& request, EventSink& events, std::stop_token stop) {
  return engine::Pusher(request, events, std::move(stop)).run();
}

}  // namespace ocibuild
