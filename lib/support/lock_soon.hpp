// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

namespace ocibuild::support {

/// Locks a mutex that others hold for microseconds only: it is asked for some times before the
/// thread sleeps, since falling asleep and being woken takes longer than that.
inline std::unique_lock<std::mutex> lock_soon(std::mutex& mutex) {
  constexpr int tries = 400;
  for (int i = 0; i < tries; ++i) {
    if (std::unique_lock lock(mutex, std::try_to_lock); lock) return lock;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
  return std::unique_lock(mutex);
}

}  // namespace ocibuild::support
