// SPDX-License-Identifier: Apache-2.0
#include "build/registry_image.hpp"

#include <atomic>
#include <functional>

#include <ocibuild/error.hpp>

#include "oci/image_json.hpp"
#include "registry/tags.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using registry::Session;
using support::concat;

namespace {

constexpr unsigned downloads_at_once = 4;
constexpr std::size_t most_suggested = 5;  // tags, when the one asked for is not there

/// A blob on its way into the store.
class StoreSink final : public registry::BlobSink {
public:
  StoreSink(const store::BlobStore& blobs, const Descriptor& blob)
      : blobs_(blobs), blob_(blob), writer_(blobs.create(blob.digest.algorithm())) {}

  void write(support::Bytes bytes) override { writer_->write(bytes); }
  void restart() override { writer_.emplace(blobs_.create(blob_.digest.algorithm())); }
  void commit() { blobs_.commit(writer_->finish()); }

private:
  const store::BlobStore& blobs_;
  const Descriptor& blob_;
  std::optional<store::BlobWriter> writer_;
};

/// A small blob that is only looked at.
class TextSink final : public registry::BlobSink {
public:
  void write(support::Bytes bytes) override { text.append(support::as_text(bytes)); }
  void restart() override { text.clear(); }

  std::string text;
};

/// Interruption and what the user wrote are nobody's reason to ask elsewhere.
bool asks_the_next(const Error& error) {
  return error.code() != Errc::interrupted && error.code() != Errc::usage;
}

/// A source in the list of those asked: its host and what it said.
std::string answer_of(const registry::Source& source, const Error& error) {
  std::string text = concat(source.mirror ? "mirror " : "", source.title, ": ", error.what());
  for (const std::string& note : error.diagnostic().notes) {
    if (note.find(" says: ") != std::string::npos) text += concat("; ", note);
  }
  return text;
}

/// What the user may have meant: only the registry knows, and only if it lets us list its tags.
void suggest_tags(Session& session, const Reference& name, Error& error) {
  if (error.diagnostic().id != "base-not-found" || name.digest) return;
  std::vector<std::string> tags = registry::list_tags(session);
  if (tags.empty()) return;
  const std::size_t count = tags.size();
  const auto nearest = registry::nearest_tags(std::move(tags), name.tag, most_suggested);
  error.help(concat("tags that are there: ", support::join(nearest, ", "),
                    count > nearest.size() ? concat(" (of ", count, ")") : std::string()));
}

/// The document that `reference` names now, if `known` has it.
std::optional<registry::Document> find_known(Session& session, const std::string& reference,
                                             const store::BlobStore& known) {
  const auto digest = registry::find_digest(session, reference);
  const auto size = digest ? known.size(*digest) : std::nullopt;
  if (!size || *size > oci::manifest_limit) return std::nullopt;
  registry::Document found{.descriptor = {.media_type = {}, .digest = *digest, .size = *size}};
  try {
    found.bytes = known.read(found.descriptor, oci::manifest_limit);
    found.descriptor.media_type =
        registry::manifest_type(found.bytes, "", session.source().registry);
  } catch (const Error&) {
    return std::nullopt;  // damaged, or something else: the registry has it
  }
  return found;
}

registry::Document find_document(Session& session, const std::string& reference,
                                 const store::BlobStore* known) {
  if (known != nullptr) {
    if (auto found = find_known(session, reference, *known)) return *std::move(found);
  }
  return registry::fetch_manifest(session, reference);
}

}  // namespace

std::string RemoteImage::via() const {
  const registry::Source& source = sessions.front()->source();
  return source.mirror ? source.title : std::string();
}

RemoteImage resolve_image(RegistryWork& work, const Reference& name, Asking::For purpose,
                          const store::BlobStore* known) {
  const auto start = std::chrono::steady_clock::now();
  registry::Network& network = work.network();
  const std::string reference = name.digest ? name.digest->str() : name.tag;
  std::vector<registry::Source> sources = network.configuration().pull_sources(name);
  std::vector<std::string> failures;
  RemoteImage out;
  for (std::size_t i = 0; i < sources.size(); ++i)
    out.sessions.push_back(std::make_shared<Session>(network, sources[i], registry::Purpose::pull));
  for (std::size_t i = 0; i < sources.size(); ++i) {
    work.transfers().report(Asking{purpose, sources[i].title, name.str()});
    try {
      out.document = find_document(*out.sessions[i], reference, known);
      // Its blobs come from the same source first; those that failed before it are left out.
      out.sessions.erase(out.sessions.begin(),
                         out.sessions.begin() + static_cast<std::ptrdiff_t>(i));
      out.took = std::chrono::steady_clock::now() - start;
      return out;
    } catch (Error& error) {
      if (i + 1 == sources.size() || !asks_the_next(error)) {
        for (const std::string& failure : failures) error.note(failure);
        if (purpose != Asking::For::cache_from) suggest_tags(*out.sessions[i], name, error);
        throw;
      }
      failures.push_back(answer_of(sources[i], error));
      if (error.diagnostic().id == "blob-corrupt")
        network.warnings().add({"mirror-skipped", failures.back(), {}, {}, {}});
    }
  }
  throw Error(Errc::internal, "no-source", "a name without any source");
}

registry::Document fetch_child(const RemoteImage& remote, const Descriptor& child) {
  for (std::size_t i = 0;; ++i) {
    try {
      return registry::fetch_manifest(*remote.sessions[i], child.digest.str());
    } catch (const Error& error) {
      if (i + 1 == remote.sessions.size() || !asks_the_next(error)) throw;
    }
  }
}

bool fetch_blob(const RemoteImage& remote, const Descriptor& blob, const store::BlobStore& blobs,
                const registry::TransferObserver& observer) {
  if (blobs.has(blob)) return false;
  StoreSink sink(blobs, blob);
  registry::download_blob(remote.sessions, blob, sink, observer);
  sink.commit();
  return true;
}

std::string fetch_text(const RemoteImage& remote, const Descriptor& blob) {
  TextSink sink;
  registry::download_blob(remote.sessions, blob, sink);
  return std::move(sink.text);
}

std::string fetch_document(const RemoteImage& remote, const Descriptor& document,
                           std::size_t limit) {
  if (document.digest == remote.document.descriptor.digest) return remote.document.bytes;
  if (document.size > limit) {
    throw Error(Errc::failed, "too-large",
                concat("blob ", document.digest.str(), " is larger than ", limit, " bytes"));
  }
  if (oci::is_manifest(document.media_type) || oci::is_index(document.media_type))
    return fetch_child(remote, document).bytes;
  return fetch_text(remote, document);
}

bool fetch_blobs(const RemoteImage& remote, const std::vector<Descriptor>& wanted,
                 const store::BlobStore& blobs, RegistryWork& work, const BlobArrived& arrived) {
  if (wanted.empty()) return false;
  TransfersStarted started{.host = remote.sessions.front()->source().registry,
                           .blobs = wanted.size()};
  for (const Descriptor& blob : wanted) started.bytes += blob.size;
  work.transfers().report(started);
  std::atomic<bool> fetched = false;
  std::vector<std::function<void()>> jobs;
  for (const Descriptor& blob : wanted) {
    jobs.push_back([&] {
      Transfers::Bar bar(work.transfers(), {.host = remote.sessions.front()->source().registry,
                                            .digest = blob.digest.str(),
                                            .total = blob.size});
      if (blobs.has(blob)) return bar.done(BlobMoved::State::was_there);
      fetched = fetch_blob(remote, blob, blobs, bar.observer()) || fetched;
      bar.done(BlobMoved::State::done);
      if (arrived) arrived(blob);
    });
  }
  work.transfers().run(jobs, downloads_at_once);
  return fetched;
}

}  // namespace ocibuild::engine
