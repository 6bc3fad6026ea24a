// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_download.hpp"

#include <array>
#include <chrono>
#include <optional>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "registry/redirect.hpp"
#include "registry/registry_error.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

constexpr unsigned most_without_progress = 4;
constexpr unsigned most_connections = 50;
constexpr std::size_t most_of_a_page = 64 * 1024;

/// One blob on its way from one source: keeps offset and hash over any number of connections.
class Download final : public http::ResponseTaker {
public:
  Download(Session& session, const Descriptor& descriptor, BlobSink& sink,
           const TransferObserver& observer, const std::optional<std::stop_token>& stop)
      : session_(session),
        wanted_(descriptor),
        sink_(sink),
        observer_(observer),
        stop_(stop.value_or(session.network().stop())) {
    restart();
  }

  /// From there and not from the registry: without credentials, whoever it is.
  void take_from(http::Url url) { url_ = std::move(url); }

  /// @throws Error when this source cannot give it
  void run() {
    unsigned idle = 0;
    for (unsigned connections = 1; wanted_.size > 0; ++connections) {
      const std::uint64_t before = offset_;
      answer_ = once();
      const bool complete = offset_ == wanted_.size;  // nothing more is asked for (P9.1)
      if (offered_ || !complete) check_page();
      if (offered_ && !decodes_anew()) throw size_mismatch(*offered_);
      if (complete && is_right()) return;
      if (complete) continue;  // from the start, in the way that is_right() has chosen
      note_attempts(connections);
      idle = offset_ > before ? 0 : idle + 1;
      if (idle == most_without_progress || connections == most_connections)
        session_.fail(call_, answer_);
      prepare_next(idle);
    }
    if (!is_right()) throw corrupt();  // nothing to ask for: only its digest can be wrong
  }

  bool head(const http::ResponseHead& head) override {
    is_page_ = head.headers.find("content-type").value_or("").starts_with("text/html");
    page_.clear();
    encoded_ = head.headers.find("content-encoding").value_or("identity") != "identity";
    if (head.status == 200 && offset_ > 0) restart();  // it ignored the range: never glue (P9.3)
    if (head.status == 206 && (!continues(head) || !is_same_blob(head))) {
      restart();
      return false;
    }
    if (offset_ == 0) remember(head);
    const auto length = head.headers.find("content-length");
    std::uint64_t number = 0;
    if (length && !encoded_ && support::parse_number(*length, UINT64_MAX, number) &&
        number != wanted_.size - offset_) {
      offered_ = offset_ + number;
      return is_page_;
    }
    return true;
  }

  void body(support::Bytes bytes) override {
    if (is_page_) page_.append(support::as_text(bytes), 0, most_of_a_page - page_.size());
    if (offered_) return;
    if (bytes.size() > wanted_.size - offset_) {
      offered_ = offset_ + bytes.size();
      return;
    }
    hasher_->write(bytes);
    sink_.write(bytes);
    offset_ += bytes.size();
    if (observer_.moved) observer_.moved(offset_);
  }

private:
  Answer once() {
    call_ = {.method = http::Method::get,
             .target = concat("blobs/", wanted_.digest.str()),
             .url = url_,
             .scopes = Scopes::pull(session_.source().repository),
             .doing = concat("pulling a blob of ", session_.source().repository),
             .decode = decode_,
             .anonymous = url_.has_value(),
             .stop = stop_};
    if (decode_ && offset_ > 0) restart();  // its offset is none of the bytes on the wire
    if (offset_ > 0) {
      call_.headers.add("Range", concat("bytes=", offset_, "-"));
      resumed_ = true;
    }
    return session_.attempt(call_, this);
  }

  /// A login page or a portal's in place of the blob is told as that, and not by its size (P8).
  void check_page() {
    if (!is_page_ || answer_.failure) return;
    answer_.body = page_;
    if (is_web_page(answer_)) session_.fail(call_, answer_);
  }

  /// What a message tells of all connections so far.
  void note_attempts(unsigned connections) {
    answer_.attempts = connections;
    answer_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - began_);
    if (answer_.failure) answer_.failure->received = offset_;
  }

  /// Decides whether another connection may help, and waits.
  void prepare_next(unsigned idle) {
    support::throw_if_stopped(stop_);
    if (answer_.ok() && decodes_anew()) return;  // shorter on the wire: it is encoded
    if (answer_.status == 416 && offset_ > 0 && !refused_range_) {
      refused_range_ = true;
      restart();
      return;
    }
    const http::Outcome outcome = to_outcome(answer_);
    const bool expired = answer_.redirected() && answer_.status == 403;
    const bool cut = answer_.ok();  // it came to an end too early
    if (!cut && !expired && !http::is_transient(outcome)) session_.fail(call_, answer_);
    const Repeater& repeater = session_.network().repeater();
    const std::string host = url_ ? url_->origin.authority() : session_.source().registry;
    if (idle == 0)  // it moved: go on at once (Y5)
      return repeater.tell(host, reason_of(outcome), observer_.repeats);
    if (!session_.may_repeat(idle, answer_) ||
        !repeater.wait(idle, outcome, host, observer_.repeats, stop_))
      session_.fail(call_, answer_);
  }

  /// What the answer calls encoded is taken as it comes first, since many call a layer so that is
  /// compressed anyway. If those bytes are not the blob, it is asked for once more and decoded
  /// (N2).
  bool decodes_anew() {
    if (!encoded_ || decode_) return false;
    decode_ = true;
    offered_.reset();
    restart();
    return true;
  }

  bool continues(const http::ResponseHead& head) const {
    const std::string range = head.headers.find("content-range").value_or("");
    const std::string start = concat("bytes ", offset_, "-");
    const std::size_t slash = range.find('/');
    if (!range.starts_with(start) || slash == std::string::npos) return false;
    const std::string total = range.substr(slash + 1);
    return total == "*" || total == std::to_string(wanted_.size);
  }

  void remember(const http::ResponseHead& head) {
    for (std::size_t i = 0; i < identity_headers.size(); ++i)
      identity_[i] = head.headers.find(identity_headers[i]).value_or("");
  }

  /// False: what is there is not what the first bytes came from (P9.6).
  bool is_same_blob(const http::ResponseHead& head) const {
    for (std::size_t i = 0; i < identity_headers.size(); ++i) {
      const std::string now = head.headers.find(identity_headers[i]).value_or("");
      if (!now.empty() && !identity_[i].empty() && now != identity_[i]) return false;
    }
    return true;
  }

  void restart() {
    if (offset_ > 0) sink_.restart();
    offset_ = 0;
    hasher_.emplace(wanted_.digest.algorithm());
  }

  Error size_mismatch(std::uint64_t got) const {
    Error error(Errc::retry_later, "size-mismatch",
                concat(answer_.hosts.back(), " gives a blob of another size"));
    error.note(
        concat(wanted_.digest.str(), " has ", wanted_.size, " bytes, ", got, " are offered"));
    if (const std::string proxy = proxy_note(answer_); !proxy.empty()) error.note(proxy);
    return error;
  }

  Error corrupt() const { return corrupt_error(answer_, "a blob", wanted_.digest, *got_); }

  /// Compares the digest of all bytes. False: they are to come again; true: the blob is there.
  bool is_right() {
    got_ = hasher_->finish();
    if (*got_ == wanted_.digest) return true;
    const bool again = resumed_ && !repeated_;
    if (!decodes_anew()) {
      check_page();
      if (!again) throw corrupt();
      repeated_ = true;
      restart();
    }
    resumed_ = false;
    return false;
  }

  static constexpr std::array<std::string_view, 2> identity_headers{"etag",
                                                                    "docker-content-digest"};

  Session& session_;
  const Descriptor& wanted_;
  BlobSink& sink_;
  const TransferObserver& observer_;
  const std::stop_token stop_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::optional<http::Url> url_;  ///< instead of the registry's
  Call call_;
  Answer answer_;  ///< the last one
  std::uint64_t offset_ = 0;
  std::optional<oci::Hasher> hasher_;
  std::optional<Digest> got_;
  std::optional<std::uint64_t> offered_;  ///< bytes, when they are not the blob's
  std::array<std::string, identity_headers.size()> identity_;
  bool is_page_ = false;        ///< the answer calls itself HTML
  std::string page_;            ///< its beginning
  bool encoded_ = false;        ///< the answer has a Content-Encoding
  bool decode_ = false;         ///< and it is undone
  bool resumed_ = false;        ///< a range was asked for
  bool repeated_ = false;       ///< whole, after a wrong digest (P9.7)
  bool refused_range_ = false;  ///< a 416 was answered
};

/// A mirror that lies is told of although the next source is right (C3.1).
void tell(Session& liar, const Error& error) {
  const std::string& id = error.diagnostic().id;
  if (id != "blob-corrupt" && id != "size-mismatch") return;
  liar.network().warnings().add(
      {"mirror-skipped",
       concat(liar.source().registry, " was left for the next source: ", error.what()),
       {},
       error.diagnostic().notes,
       {}});
}

/// A foreign layer from where its manifest says it is (P6). Names of other schemes, and addresses
/// that the registry may not send us to, are passed over with a note in `error`. False: from none.
bool take_from_urls(Session& session, const Descriptor& layer, BlobSink& sink,
                    const TransferObserver& observer, const std::optional<std::stop_token>& stop,
                    Error& error) {
  for (const std::string& text : layer.urls) {
    const auto url = http::Url::parse(text);
    if (!url || is_too_near(url->origin, session.api(), true)) {
      error.note(url ? concat(url->redacted(), " is not asked: a local or private address")
                     : "one of the layer's addresses is not asked: it is neither http nor https");
      continue;
    }
    try {
      Download download(session, layer, sink, observer, stop);
      download.take_from(*url);
      download.run();
      session.network().count_downloaded(layer.size);
      return true;
    } catch (const Error& failure) {
      if (failure.code() == Errc::interrupted) throw;
      error.note(concat(url->redacted(), ": ", failure.what()));
      sink.restart();
    }
  }
  return false;
}

void download_from_registries(const std::vector<std::shared_ptr<Session>>& sources,
                              const Descriptor& descriptor, BlobSink& sink,
                              const TransferObserver& observer,
                              const std::optional<std::stop_token>& stop) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    try {
      Download(*sources[i], descriptor, sink, observer, stop).run();
      sources[i]->network().count_downloaded(descriptor.size);
      return;
    } catch (const Error& error) {
      if (error.code() == Errc::interrupted || i + 1 == sources.size()) throw;
      Session& failed = *sources[i];
      failed.network().repeater().tell(failed.source().registry, error.what(), observer.repeats);
      tell(failed, error);
      sink.restart();
    }
  }
}

}  // namespace

void download_blob(const std::vector<std::shared_ptr<Session>>& sources,
                   const Descriptor& descriptor, BlobSink& sink, const TransferObserver& observer,
                   const std::optional<std::stop_token>& stop) {
  try {
    download_from_registries(sources, descriptor, sink, observer, stop);
  } catch (Error& error) {
    if (error.code() == Errc::interrupted || !oci::stays_at_urls(descriptor)) throw;
    sink.restart();
    if (!take_from_urls(*sources.back(), descriptor, sink, observer, stop, error)) throw;
  }
}

}  // namespace ocibuild::registry
