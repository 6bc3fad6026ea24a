// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_upload.hpp"

#include <algorithm>
#include <map>

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "registry/registry_error.hpp"
#include "registry/upload_location.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

constexpr unsigned most_sessions = 5;
constexpr unsigned most_from_one_place = 2;       // of pieces (U6.3)
constexpr std::uint64_t resume_from = 8 << 20;    // below that a fresh session is as quick (U6)
constexpr std::uint64_t chunk = 16 << 20;         // of PATCH in pieces (U5, C)
constexpr std::uint64_t ghcr_chunk = 3 << 20;     // ghcr.io takes less than 4 MiB
constexpr std::uint64_t careful_chunk = 8 << 20;  // after a 413

/// A part of the content as a body; tells how far the sending has come.
class Part final : public http::RequestBody {
public:
  Part(const BlobContent& content, std::uint64_t offset, std::uint64_t size,
       const TransferObserver& observer)
      : content_(content), offset_(offset), size_(size), observer_(observer) {}

  std::uint64_t size() const override { return size_; }
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<Source>(*this);
  }

private:
  class Source final : public support::ByteSource {
  public:
    explicit Source(const Part& part)
        : part_(part), inner_(part.content_.open(part.offset_)), left_(part.size_) {}
    std::size_t read(std::span<std::byte> buffer) override {
      if (left_ == 0) return 0;
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
      const std::size_t count = inner_->read(buffer.first(most));
      left_ -= count;
      if (part_.observer_.moved) part_.observer_.moved(part_.offset_ + part_.size_ - left_);
      return count;
    }

  private:
    const Part& part_;
    std::unique_ptr<support::ByteSource> inner_;
    std::uint64_t left_;
  };

  const BlobContent& content_;
  const std::uint64_t offset_;
  const std::uint64_t size_;
  const TransferObserver& observer_;
};

/// One blob on its way to one repository, over as many sessions as it takes.
class Upload {
public:
  Upload(Session& session, const Descriptor& descriptor, const BlobContent& content,
         const TransferObserver& observer)
      : session_(session), blob_(descriptor), content_(content), observer_(observer) {
    const std::lock_guard lock(session.state().mutex);
    if (session.state().refuses_whole_put) way_ = Way::patch;
  }
  /// Whatever ended it, also an interruption: a session that is not finished is given up (U8).
  ~Upload() { give_up(); }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void run(std::optional<OpenUpload> upload) {
    for (unsigned sessions = 1;; ++sessions) {
      give_up();
      if (!upload) upload = open_upload(session_);
      location_ = upload->location;
      least_piece_ = upload->least_piece;
      upload.reset();
      open_ = true;
      const std::optional<Answer> answer = send_once();
      if (done_) return;
      if (!answer) {
        if (sessions == most_sessions) throw_restarts();
        continue;
      }
      if (sessions == most_sessions) session_.fail(call_, *answer);
      prepare_next(*answer, sessions);
    }
  }

private:
  enum class Way { put, patch, pieces };

  /// Nothing when the content began anew meanwhile; this session is then worthless (Y4).
  std::optional<Answer> send_once() {
    try {
      return send();
    } catch (const ContentRestarted&) {
      session_.network().repeater().tell(session_.source().registry, "its source began anew",
                                         observer_.repeats);
      return std::nullopt;
    }
  }

  void give_up() noexcept {
    if (std::exchange(open_, false)) cancel_upload(session_, {location_});
  }

  [[noreturn]] void throw_restarts() const {
    throw Error(Errc::retry_later, "upload-broken",
                concat("the source of ", blob_.digest.str(), " keeps beginning anew"));
  }

  Answer send() {
    switch (way_) {
      case Way::put:
        return put_whole();
      case Way::patch:
        return patch_whole();
      default:
        return patch_pieces(0);
    }
  }

  Answer request(Method method, const http::Url& url, const http::RequestBody* body,
                 std::string range) {
    call_ = {.method = method,
             .url = url,
             .body = body,
             .scopes = Scopes::push(session_.source().repository),
             .doing = concat("pushing a blob to ", session_.source().registry, "/",
                             session_.source().repository)};
    call_.headers.add("Content-Type", "application/octet-stream");
    if (!range.empty()) call_.headers.add("Content-Range", std::move(range));
    return session_.attempt(call_);
  }

  http::Url with_digest() const {
    http::Url url = location_;
    url.add_query("digest", blob_.digest.str());
    return url;
  }

  /// A (U5).
  Answer put_whole() {
    const Part body(content_, 0, blob_.size, observer_);
    Answer answer = request(Method::put, with_digest(), &body, {});
    note_done(answer);
    return done_ ? answer : resumed(std::move(answer));
  }

  /// B (U5).
  Answer patch_whole() {
    const Part body(content_, 0, blob_.size, observer_);
    Answer answer = request(Method::patch, location_, &body, {});
    if (!answer.ok()) return resumed(std::move(answer));
    location_ = next_location(session_, answer);
    return finish();
  }

  /// C from `offset` on.
  Answer patch_pieces(std::uint64_t offset) {
    const bool ghcr = session_.source().registry == "ghcr.io";
    const std::uint64_t most =
        std::max(least_piece_, ghcr ? ghcr_chunk : (too_large_ ? careful_chunk : chunk));
    while (offset < blob_.size) {
      const std::uint64_t size = std::min(most, blob_.size - offset);
      const Part body(content_, offset, size, observer_);
      Answer answer =
          request(Method::patch, location_, &body, concat(offset, '-', offset + size - 1));
      if (answer.status == 416 && goes_on(answer, offset)) continue;
      if (!answer.ok()) return answer;
      location_ = next_location(session_, answer);
      offset += size;
    }
    return finish();
  }

  /// A piece came at a place where the registry is not: it says where it is (U6.3).
  bool goes_on(const Answer& answer, std::uint64_t& offset) {
    const auto have = range_end(answer);
    if (!have || *have > offset || ++sent_from_[*have] > most_from_one_place) return false;
    if (answer.headers.find("location")) location_ = next_location(session_, answer);
    offset = *have;
    return true;
  }

  Answer finish() {
    Answer answer = request(Method::put, with_digest(), nullptr, {});
    note_done(answer);
    return answer;
  }

  void note_done(const Answer& answer) {
    done_ = answer.ok();
    if (done_) open_ = false;
  }

  /// After a break asks the registry how far it came, and goes on there (U6). Gives back `broken`
  /// when it cannot.
  Answer resumed(Answer broken) {
    const bool worth = broken.failure && broken.failure->sent > resume_from;
    if (!worth) return broken;
    const Answer state = request_state();
    const std::uint64_t have = confirmed_bytes(state);
    if (have == 0 || have > broken.failure->sent || have > blob_.size) return broken;
    session_.network().repeater().tell(session_.source().registry, reason_of(to_outcome(broken)),
                                       observer_.repeats);
    if (state.headers.find("location")) location_ = next_location(session_, state);
    return patch_pieces(have);
  }

  Answer request_state() {
    Call call{.method = Method::get,
              .url = location_,
              .scopes = Scopes::push(session_.source().repository)};
    return session_.attempt(call);
  }

  /// From "Range: 0-N"; "0-0" is nothing, because a fresh session says so.
  static std::optional<std::uint64_t> range_end(const Answer& answer) {
    const std::string range = answer.headers.find("range").value_or("");
    std::uint64_t last = 0;
    if (answer.failure || !range.starts_with("0-")) return std::nullopt;
    if (!support::parse_number(std::string_view(range).substr(2), UINT64_MAX - 1, last))
      return std::nullopt;
    return last == 0 ? 0 : last + 1;
  }

  static std::uint64_t confirmed_bytes(const Answer& answer) {
    return answer.status == 204 ? range_end(answer).value_or(0) : 0;
  }

  /// Chooses what the next session does differently, or waits, or gives up.
  void prepare_next(const Answer& answer, unsigned sessions) {
    const ServerWords words = answer.failure ? ServerWords{} : read_words(answer);
    if (words.has_code("DIGEST_INVALID") || words.has_code("SIZE_INVALID")) {
      open_ = false;  // such a session is gone (U7)
      return check_source(answer);
    }
    if (!answer.failure && change_way(answer, words)) return;
    if (!http::is_transient(to_outcome(answer))) session_.fail(call_, answer);
    if (!session_.network().repeater().wait(sessions, to_outcome(answer),
                                            session_.source().registry, observer_.repeats))
      session_.fail(call_, answer);
  }

  /// True when another way may work: PUT, then PATCH, then PATCH in pieces.
  bool change_way(const Answer& answer, const ServerWords& words) {
    const int status = answer.status;
    const bool unsupported = status == 400 && words.has_code("UNSUPPORTED");
    const bool refused = status == 404 || status == 405 || status == 411 || status == 415 ||
                         status == 416 || status == 501 || unsupported;
    if (way_ == Way::put && refused) {
      way_ = Way::patch;
      const std::lock_guard lock(session_.state().mutex);
      session_.state().refuses_whole_put = true;
    } else if (way_ != Way::pieces && (status == 413 || status == 416)) {
      too_large_ = status == 413;
      way_ = Way::pieces;
    } else {
      return false;
    }
    return true;
  }

  /// The registry says the bytes are not those of the digest (U7).
  void check_source(const Answer& answer) {
    oci::Hasher hasher(blob_.digest.algorithm());
    try {
      support::copy(*content_.open(0), hasher);
    } catch (const ContentRestarted&) {
      return;  // it will be read once more
    }
    if (hasher.finish() != blob_.digest) {
      throw Error(Errc::failed, "source-changed",
                  concat("the stored blob ", blob_.digest.str(), " is not what it was"));
    }
    if (refused_digest_) {
      Error error(Errc::retry_later, "upload-corrupt",
                  concat("what arrives at ", session_.source().registry,
                         " is not what was sent: something in between changes it"));
      if (!answer.via_proxy.empty()) error.note(concat("through proxy ", answer.via_proxy));
      throw error;
    }
    refused_digest_ = true;
  }

  Session& session_;
  const Descriptor& blob_;
  const BlobContent& content_;
  const TransferObserver& observer_;
  Way way_ = Way::put;
  http::Url location_;
  bool open_ = false;  ///< a session is there, at location_
  std::uint64_t least_piece_ = 0;
  std::map<std::uint64_t, unsigned> sent_from_{};  ///< places that pieces were sent from anew
  Call call_;                                      ///< the last one, for its error
  bool done_ = false;
  bool too_large_ = false;
  bool refused_digest_ = false;
};

}  // namespace

void upload_blob(Session& session, const Descriptor& descriptor, const BlobContent& content,
                 std::optional<OpenUpload> upload, const TransferObserver& observer) {
  Upload(session, descriptor, content, observer).run(std::move(upload));
}

}  // namespace ocibuild::registry
