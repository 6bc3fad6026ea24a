// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

/// @throws Error(Errc::interrupted) once `stop` was triggered. Called between pieces of work of at
/// most a megabyte.
inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(Errc::interrupted, "interrupted", "interrupted");
}

/// Stops what is given its token after a while, if it is still alive then.
class TimeLimit {
public:
  explicit TimeLimit(std::chrono::milliseconds limit)
      : timer_([this, limit](const std::stop_token& ended) {
          std::mutex mutex;
          std::condition_variable_any never;
          std::unique_lock lock(mutex);
          never.wait_for(lock, ended, limit, [] { return false; });
          if (!ended.stop_requested()) over_.request_stop();
        }) {}

  std::stop_token token() const { return over_.get_token(); }

private:
  std::stop_source over_;
  std::jthread timer_;  // last: it uses the other
};

}  // namespace ocibuild::support
