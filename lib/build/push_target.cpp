// SPDX-License-Identifier: Apache-2.0
#include "build/push_target.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "http/retry.hpp"
#include "oci/image_json.hpp"
#include "registry/blob_stream.hpp"
#include "registry/referrers.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned uploads_at_once = 4;
// From registry to registry: of more, each might be too slow for what it is sent to (M4.6).
constexpr std::ptrdiff_t streams_at_once = 2;
constexpr std::chrono::seconds before_repair{1};  // replicated registries are late (U9.1)

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

struct EndTurn {
  void operator()(std::counting_semaphore<>* turns) const noexcept { turns->release(); }
};
using Turn = std::unique_ptr<std::counting_semaphore<>, EndTurn>;

Turn take_turn(std::counting_semaphore<>& turns) {
  turns.acquire();
  return Turn(&turns);
}

std::string repository_name(const registry::Source& source) {
  return concat(source.registry, '/', source.repository);
}

}  // namespace

PushTarget::PushTarget(const Shared& shared, registry::Source repository)
    : shared_(shared),
      session_(std::make_shared<registry::Session>(shared.work.network(), std::move(repository),
                                                   registry::Purpose::push)),
      streams_(streams_at_once) {}

PushTarget::~PushTarget() {
  if (kept_) registry::cancel_upload(*session_, *kept_);
}

void PushTarget::check() {
  const auto start = Clock::now();
  const std::string name = repository_name(session_->source());
  shared_.work.transfers().report(
      Asking{Asking::For::push_check, session_->source().registry, name});
  kept_ = registry::open_upload(*session_);
  const auto credential = session_->credential_in_use();
  shared_.work.transfers().report(PushChecked{.name = name,
                                              .user = credential ? credential->user : "",
                                              .source = credential ? credential->source : "",
                                              .took = Clock::now() - start});
}

PushedBytes PushTarget::send(const PushContents& contents, const std::vector<Reference>& names,
                             Asking::For purpose) {
  bytes_ = {};
  purpose_ = purpose;
  const std::vector<Tag> missing = without_done(names, contents.documents.back().descriptor.digest);
  if (missing.empty()) {
    for (const Descriptor& blob : contents.blobs) bytes_.was_there += blob.size;
    return bytes_;
  }
  check_complete(contents);
  const bool stored = is_stored(contents.documents.back(), missing.size() < names.size());
  if (stored) {
    for (const Descriptor& blob : contents.blobs) arrived(blob, &PushedBytes::was_there);
  } else {
    send_blobs(contents.blobs);
    send_children(contents);
  }
  send_tags(contents, missing);
  return bytes_;
}

PlannedTransfer::State PushTarget::plan_blob(const PlannedLayer& layer) {
  using enum PlannedTransfer::State;
  if (!layer.blob) return at_most;
  if (registry::has_blob(*session_, *layer.blob)) return was_there;
  const std::string& registry = session_->source().registry;
  std::vector<std::string> repositories =
      shared_.sources.repositories(layer.blob->digest, registry);
  const std::size_t slash = layer.repository.find('/');
  if (slash != std::string::npos &&
      registry::is_same_registry(layer.repository.substr(0, slash), registry))
    repositories.push_back(layer.repository.substr(slash + 1));
  const bool mounts = std::ranges::any_of(
      repositories, [&](const std::string& from) { return registry::may_mount(*session_, from); });
  return mounts ? mounted : certain;
}

void PushTarget::plan(const std::vector<PlannedLayer>& layers,
                      const std::vector<PlannedTransfer>& known,
                      std::vector<PlannedTransfer>& out) {
  shared_.work.transfers().report(Asking{Asking::For::diagnosis, session_->source().registry,
                                         repository_name(session_->source())});
  for (const PlannedLayer& layer : layers) {
    PlannedTransfer up{.upload = true,
                       .state = plan_blob(layer),
                       .host = session_->source().registry,
                       .what = layer.instruction};
    if (layer.blob) {
      up.digest = layer.blob->digest;
      up.bytes = layer.blob->size;
    } else if (layer.unpacked > 0) {
      up.bytes = layer.unpacked;
    }
    const bool streams = up.state == PlannedTransfer::State::certain && !layer.in_store;
    const bool is_known =
        std::ranges::find(known, up.digest, &PlannedTransfer::digest) != known.end();
    if (streams && !is_known) {
      PlannedTransfer down = up;
      down.upload = false;
      down.host = layer.repository.substr(0, layer.repository.find('/'));
      out.push_back(std::move(down));
    }
    out.push_back(std::move(up));
  }
}

/// A registry that has the image under its digest or another tag has all that it names.
bool PushTarget::is_stored(const registry::Document& image, bool under_other_tag) {
  const Digest& digest = image.descriptor.digest;
  return under_other_tag || registry::head_manifest(*session_, digest.str()) == digest;
}

/// Those that do not name the image yet (U12).
std::vector<PushTarget::Tag> PushTarget::without_done(const std::vector<Reference>& names,
                                                      const Digest& image) {
  std::vector<Tag> missing;
  for (const Reference& name : names) {
    shared_.work.transfers().report(Asking{purpose_, session_->source().registry, name.str()});
    const auto named =
        name.tag.empty() ? std::nullopt : registry::head_manifest(*session_, name.tag);
    if (named == image) {
      report_pushed(name, image, true);
    } else {
      missing.push_back({name, named});
    }
  }
  return missing;
}

/// A pull of some platforms leaves an index that can only be pushed to where the others are (U1).
void PushTarget::check_complete(const PushContents& contents) {
  std::vector<std::string> platforms;
  for (const Descriptor& child : contents.absent) {
    if (registry::head_manifest(*session_, child.digest.str()) == child.digest) continue;
    platforms.push_back(child.platform ? child.platform->str() : child.digest.str());
  }
  if (platforms.empty()) return;
  Error error(Errc::not_found, "push-incomplete",
              "the store does not have every image that the index names");
  error.note(concat("missing: ", support::join(platforms, ", ")));
  error.help("ocibuild pull --platform OS/ARCH … with all of its platforms, then push");
  throw error;
}

void PushTarget::send_blobs(const std::vector<Descriptor>& blobs) {
  if (blobs.empty()) return;
  TransfersStarted started{
      .movement = Movement::push, .host = session_->source().registry, .blobs = blobs.size()};
  std::vector<std::function<void()>> jobs;
  for (const Descriptor& blob : blobs) {
    started.bytes += blob.size;
    jobs.push_back([this, &blob] { send_blob(blob); });
  }
  shared_.work.transfers().report(started);
  shared_.work.transfers().run(jobs, uploads_at_once);
}

void PushTarget::send_blob(const Descriptor& blob) {
  Transfers::Bar bar(shared_.work.transfers(), {.movement = Movement::push,
                                                .host = session_->source().registry,
                                                .digest = blob.digest.str(),
                                                .total = blob.size});
  if (is_there(blob)) {
    arrived(blob, &PushedBytes::was_there);
    return bar.done(BlobMoved::State::was_there);
  }
  const Turn turn = shared_.blobs.has(blob) ? Turn() : take_turn(streams_);
  if (auto session = mount_or_open(blob)) {
    upload(blob, std::move(*session), bar.observer());
    arrived(blob, &PushedBytes::uploaded);
    return bar.done(BlobMoved::State::done);
  }
  arrived(blob, &PushedBytes::mounted);
  bar.done(BlobMoved::State::mounted);
}

bool PushTarget::is_there(const Descriptor& blob) {
  {
    const std::lock_guard lock(mutex_);
    if (present_.contains(blob.digest)) return true;
  }
  return registry::has_blob(*session_, blob);
}

std::optional<registry::OpenUpload> PushTarget::mount_or_open(const Descriptor& blob) {
  for (const std::string& from :
       shared_.sources.repositories(blob.digest, session_->source().registry)) {
    if (mounts_ && registry::may_mount(*session_, from))
      return registry::mount_blob(*session_, blob.digest, from);
  }
  return take_session();
}

/// What the store lacks goes from registry to registry (M4).
void PushTarget::upload(const Descriptor& blob, registry::OpenUpload session,
                        const registry::TransferObserver& observer) {
  const auto sources = shared_.blobs.has(blob)
                           ? std::vector<std::shared_ptr<registry::Session>>()
                           : shared_.sources.open(blob.digest, shared_.work.network());
  std::unique_ptr<registry::BlobContent> content;
  if (sources.empty()) {
    content = std::make_unique<StoredBlob>(shared_.blobs, blob);
  } else {
    content = std::make_unique<registry::BlobStream>(sources, blob);
  }
  registry::upload_blob(*session_, blob, *content, std::move(session), observer);
}

/// The one that check() opened, as long as registries keep such, else a new one.
registry::OpenUpload PushTarget::take_session() {
  std::optional<registry::OpenUpload> kept;
  {
    const std::lock_guard lock(mutex_);
    kept.swap(kept_);
  }
  if (kept && kept->is_fresh(Clock::now())) return std::move(*kept);
  if (kept) registry::cancel_upload(*session_, *kept);
  return registry::open_upload(*session_);
}

void PushTarget::arrived(const Descriptor& blob, std::uint64_t PushedBytes::*counter) {
  shared_.sources.note(blob.digest, session_->source());
  const std::lock_guard lock(mutex_);
  present_.insert(blob.digest);
  bytes_.*counter += blob.size;
}

/// All documents but the last, by digest.
void PushTarget::send_children(const PushContents& contents) {
  const std::vector<registry::Document>& documents = contents.documents;
  for (std::size_t i = 0; i + 1 < documents.size(); ++i)
    put(documents[i], documents[i].descriptor.digest.str(), contents);
}

/// The last document under each tag, or by digest when a name has none.
void PushTarget::send_tags(const PushContents& contents, const std::vector<Tag>& tags) {
  const std::vector<registry::Document>& documents = contents.documents;
  const std::string digest = documents.back().descriptor.digest.str();
  for (const auto& [name, named] : tags) {
    const bool sent = put(documents.back(), name.tag.empty() ? digest : name.tag, contents, named);
    report_pushed(name, documents.back().descriptor.digest, !sent);
  }
}

void PushTarget::report_pushed(const Reference& name, const Digest& digest, bool was_there) {
  const bool is_cache = purpose_ == Asking::For::cache_to;
  shared_.work.transfers().report(Pushed{name.str(), digest.str(), was_there, is_cache});
}

void PushTarget::throw_incomplete(const registry::Document& document,
                                  const std::string& words) const {
  Error error(Errc::not_found, "push-incomplete",
              concat(repository_name(session_->source()),
                     " still lacks what the manifest names, though all of it was sent"));
  error.note(concat("the registry says: ", words));
  const bool index = oci::is_index(document.descriptor.media_type);
  if (!index && std::ranges::any_of(oci::parse_manifest(document.bytes).layers, oci::stays_at_urls))
    error.note("it has foreign layers, whose addresses a registry may have to be told to allow");
  throw error.help("a replicated registry may need longer: push again later");
}

/// False: it was there. What the registry says it lacks is sent again, once (U9.1).
bool PushTarget::put(const registry::Document& document, const std::string& reference,
                     const PushContents& contents, const std::optional<Digest>& named) {
  for (bool repaired = false;; repaired = true) {
    const registry::PutResult result =
        registry::put_manifest(*session_, document, reference, named);
    if (result.state != registry::PutResult::State::incomplete) {
      const bool sent = result.state == registry::PutResult::State::sent;
      if (sent && !result.knows_subject) tag_subject(document);
      return sent;
    }
    if (repaired) throw_incomplete(document, result.words);
    repair(document, contents);
  }
}

/// For a registry that keeps no list of what belongs to an image (U11).
void PushTarget::tag_subject(const registry::Document& document) {
  if (const auto subject = registry::subject_of(document.bytes))
    registry::tag_referrer(*session_, *subject, document);
}

void PushTarget::repair(const registry::Document& document, const PushContents& contents) {
  const std::vector<Descriptor> blobs = blobs_of(document);
  for (const Descriptor& blob : blobs) present_.erase(blob.digest);
  mounts_ = false;
  send_blobs(blobs);
  if (oci::is_index(document.descriptor.media_type)) {
    for (const registry::Document& child : contents.documents) {
      if (child.descriptor.digest == document.descriptor.digest) break;
      put(child, child.descriptor.digest.str(), contents);
    }
  }
  http::sleep_for(before_repair, session_->network().stop());
}

}  // namespace ocibuild::engine
