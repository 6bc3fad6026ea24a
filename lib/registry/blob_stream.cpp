// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_stream.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <stop_token>

#include <ocibuild/error.hpp>

#include "support/bounded_queue.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::registry {

namespace {

using Piece = std::vector<std::byte>;

constexpr std::size_t most_pieces = 8;  // of at most 64 KiB, as the wire gives them

/// How long a destination waits for more bytes (M4.2): no longer than others have patience, and a
/// third of ours when that is less.
std::chrono::milliseconds patience(const NetworkSettings& settings) {
  constexpr std::chrono::milliseconds most{20'000};
  return std::min(most, settings.idle_timeout / 3);
}

/// Ends a download whose bytes nobody wants any more.
struct Unwanted {};

}  // namespace

/// One download on a thread of its own, read from its first byte on.
class BlobStream::Fetch final : public BlobSink {
public:
  /// `failed`: how many sources are of no use; counted on here.
  Fetch(const std::vector<std::shared_ptr<Session>>& sources, const Descriptor& descriptor,
        std::size_t& failed)
      : sources_(sources),
        descriptor_(descriptor),
        failed_(failed),
        patience_(patience(sources.front()->network().settings())),
        outside_(sources.front()->network().stop(), [this] { stop_.request_stop(); }),
        worker_(1, [this] { run(); }) {}
  ~Fetch() override { give_up(); }  // and then the worker is joined

  std::uint64_t position() const { return position_; }

  /// Nobody waits for the first bytes but us: that takes as long as it takes.
  void begin() { take_piece(); }

  /// The download ended because it was slow.
  bool stalled() const { return stalled_; }

  std::size_t read(std::span<std::byte> buffer) {
    if (at_ == piece_.size()) {
      if (!pieces_.wait(patience_)) {
        stalled_ = true;
        give_up();
        throw ContentRestarted();
      }
      take_piece();
    }
    const std::size_t count = std::min(buffer.size(), piece_.size() - at_);
    std::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(at_), count, buffer.begin());
    at_ += count;
    position_ += count;
    return count;
  }

  void write(support::Bytes bytes) override {
    // Not in restart(): a source that gives wrong bytes is told by its own error.
    if (begins_anew_) throw ContentRestarted();
    give_held();
    held_.assign(bytes.begin(), bytes.end());
  }

  void restart() override {
    held_.clear();
    begins_anew_ = begins_anew_ || given_;
  }

private:
  void give_up() {
    stop_.request_stop();
    pieces_.close();
  }

  /// Leaves none at the end.
  void take_piece() {
    at_ = 0;
    piece_.clear();
    if (auto next = pieces_.pop()) {
      piece_ = std::move(*next);
    } else {
      worker_.join();
      if (failure_) std::rethrow_exception(failure_);
    }
  }

  void run() {
    try {
      fetch();
      give_held();
    } catch (const Unwanted&) {
      // The reader has gone.
    } catch (...) {
      failure_ = std::current_exception();
    }
    pieces_.close();
  }

  /// From the first source that gives it.
  void fetch() {
    for (;;) {
      try {
        return download_blob({sources_[failed_]}, descriptor_, *this, {}, stop_.get_token());
      } catch (const Error& error) {
        if (error.code() == Errc::interrupted || failed_ + 1 == sources_.size()) throw;
        ++failed_;
        restart();
      }
    }
  }

  /// A piece is kept back until there is another, so that the last waits for the digest.
  void give_held() {
    if (held_.empty()) return;
    given_ = true;
    if (!pieces_.push(std::exchange(held_, {}))) throw Unwanted();
  }

  const std::vector<std::shared_ptr<Session>>& sources_;
  const Descriptor& descriptor_;
  std::size_t& failed_;  // of the worker until it is joined
  const std::chrono::milliseconds patience_;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> outside_;
  bool stalled_ = false;
  support::BoundedQueue<Piece> pieces_{most_pieces};
  Piece held_;                  // of the worker
  bool given_ = false;          // of the worker
  bool begins_anew_ = false;    // of the worker
  std::exception_ptr failure_;  // of the worker until it is joined
  Piece piece_;
  std::size_t at_ = 0;
  std::uint64_t position_ = 0;
  support::WorkerGroup worker_;  // last: its thread uses all of the above
};

class BlobStream::Source final : public support::ByteSource {
public:
  explicit Source(std::shared_ptr<Fetch> fetch) : fetch_(std::move(fetch)) {}
  std::size_t read(std::span<std::byte> buffer) override { return fetch_->read(buffer); }

private:
  std::shared_ptr<Fetch> fetch_;
};

BlobStream::~BlobStream() = default;

/// One that was too slow is left for the next source, if there is one.
void BlobStream::end() const {
  const bool stalled = fetch_ && fetch_->stalled();
  fetch_.reset();
  if (stalled && failed_ + 1 < sources_.size()) ++failed_;
}

std::unique_ptr<support::ByteSource> BlobStream::open(std::uint64_t offset) const {
  if (offset == 0 || !fetch_ || fetch_->position() != offset) {
    end();
    fetch_ = std::make_shared<Fetch>(sources_, descriptor_, failed_);
    fetch_->begin();
    Piece skipped(64 * 1024);
    while (fetch_->position() < offset) {
      const std::uint64_t left = offset - fetch_->position();
      const std::size_t most =
          static_cast<std::size_t>(std::min<std::uint64_t>(skipped.size(), left));
      if (fetch_->read({skipped.data(), most}) == 0) break;
    }
  }
  return std::make_unique<Source>(fetch_);
}

}  // namespace ocibuild::registry
