// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace ocibuild::support {

/// CPUs this process may use: its affinity mask and its cgroup's CPU limit (v1 and v2), at least 1.
unsigned available_cpus();

/// Threads that share one job and are joined by scope.
class WorkerGroup {
public:
  /// Starts `count` threads that each run `work`, which must return by itself (a closed queue) and
  /// must not throw. Where the system grants fewer threads, at least one.
  /// @throws Error(Errc::failed, no-threads)
  WorkerGroup(unsigned count, const std::function<void()>& work);
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  void join();

private:
  std::vector<std::thread> threads_;
};

}  // namespace ocibuild::support
