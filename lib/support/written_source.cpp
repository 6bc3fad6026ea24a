// SPDX-License-Identifier: Apache-2.0
#include "support/written_source.hpp"

#include <algorithm>
#include <utility>

namespace ocibuild::support {

namespace {

constexpr std::size_t piece_size = 256 * 1024;
constexpr std::size_t most_pieces = 3;  // besides the one that is filled

/// Nobody reads any more. Never leaves this file.
struct GivenUp {};

}  // namespace

/// Gathers what comes in small parts, as the headers of a tar do.
class WrittenSource::Sink final : public ByteSink {
public:
  explicit Sink(BoundedQueue<Piece>& pieces) : pieces_(pieces) {}

  void write(Bytes bytes) override {
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), piece_size - piece_.size());
      piece_.insert(piece_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(count));
      bytes = bytes.subspan(count);
      if (piece_.size() == piece_size) flush();
    }
  }
  void flush() {
    if (!piece_.empty() && !pieces_.push(std::exchange(piece_, {}))) throw GivenUp{};
  }

private:
  BoundedQueue<Piece>& pieces_;
  Piece piece_;
};

WrittenSource::WrittenSource(std::function<void(ByteSink&)> write)
    : write_(std::move(write)), pieces_(most_pieces), thread_(1, [this] { run(); }) {}

WrittenSource::~WrittenSource() {
  pieces_.close();
}

void WrittenSource::run() noexcept {
  Sink sink(pieces_);
  try {
    write_(sink);
    sink.flush();
  } catch (const GivenUp&) {
    // the destructor waits
  } catch (...) {
    failure_ = std::current_exception();
  }
  pieces_.close();
}

std::size_t WrittenSource::read(std::span<std::byte> buffer) {
  if (taken_ == piece_.size()) {
    auto next = pieces_.pop();
    if (!next && failure_) std::rethrow_exception(failure_);
    if (!next) return 0;
    piece_ = *std::move(next);
    taken_ = 0;
  }
  const std::size_t count = std::min(buffer.size(), piece_.size() - taken_);
  std::copy_n(piece_.begin() + static_cast<std::ptrdiff_t>(taken_), count, buffer.begin());
  taken_ += count;
  return count;
}

}  // namespace ocibuild::support
