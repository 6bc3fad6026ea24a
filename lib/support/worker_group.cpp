// SPDX-License-Identifier: Apache-2.0
#include "support/worker_group.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::support {

namespace {

/// Whole CPUs granted by cgroup v2 ("max 100000" or "150000 100000"); 0 when unlimited or not
/// readable.
unsigned cgroup_cpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (file >> quota >> period && quota != "max" && period > 0) {
    return static_cast<unsigned>(std::max(1.0, std::stod(quota) / period + 0.5));
  }
  std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double limit = 0;
  if (quota_file >> limit && period_file >> period && limit > 0 && period > 0) {
    return static_cast<unsigned>(std::max(1.0, limit / period + 0.5));
  }
  return 0;
}

}  // namespace

unsigned available_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  unsigned count = std::thread::hardware_concurrency();
  if (::sched_getaffinity(0, sizeof(set), &set) == 0)
    count = static_cast<unsigned>(CPU_COUNT(&set));
  const unsigned limit = cgroup_cpus();
  if (limit > 0) count = std::min(count, limit);
  return std::max(1U, count);
}

WorkerGroup::WorkerGroup(unsigned count, const std::function<void()>& work) {
  threads_.reserve(count);
  try {
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back(work);
  } catch (const std::system_error& error) {
    // A limit of threads is no reason to fail as long as one does the work.
    if (threads_.empty()) {
      throw Error(Errc::failed, "no-threads", concat("cannot start a thread: ", error.what()))
          .help("raise the limit of processes, or build with --jobs 1");
    }
  }
}

WorkerGroup::~WorkerGroup() {
  join();
}

void WorkerGroup::join() {
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace ocibuild::support
