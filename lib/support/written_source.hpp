// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <vector>

#include "support/bounded_queue.hpp"
#include "support/bytes.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::support {

/// What a function writes, for somebody who reads: it runs on a thread of its own and is a megabyte
/// ahead at most.
class WrittenSource final : public ByteSource {
public:
  /// What `write` throws comes out of read(), perhaps in the place of the last bytes before it. Its
  /// sink throws once this source is being dropped. @throws Error(Errc::failed, no-threads)
  explicit WrittenSource(std::function<void(ByteSink&)> write);
  /// Waits for the end of `write`.
  ~WrittenSource() override;

  std::size_t read(std::span<std::byte> buffer) override;

private:
  using Piece = std::vector<std::byte>;
  class Sink;
  void run() noexcept;

  const std::function<void(ByteSink&)> write_;
  BoundedQueue<Piece> pieces_;
  std::exception_ptr failure_;  // before the queue is closed; read after its end
  Piece piece_;
  std::size_t taken_ = 0;  // of `piece_`
  WorkerGroup thread_;     // the last member: it uses the others
};

}  // namespace ocibuild::support
