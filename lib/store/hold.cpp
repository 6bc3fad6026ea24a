// SPDX-License-Identifier: Apache-2.0
#include "store/hold.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "support/stop.hpp"

namespace ocibuild::store {

namespace {

std::filesystem::path lock_file(const OciLayout& layout) {
  return layout.root() / ".ocibuild" / "in-use";
}

/// Of somebody else's store reading is enough for a lock.
support::Fd open_lock(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  support::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.is_open()) fd = support::Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return fd;
}

bool try_lock(const support::Fd& fd, int how, const std::filesystem::path& file) {
  while (::flock(fd.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) support::throw_errno("lock", file, errno);
  }
  return true;
}

}  // namespace

Hold Hold::shared(const OciLayout& layout, const std::stop_token& stop) {
  const auto file = lock_file(layout);
  return take(open_lock(file), file, stop);
}

Hold Hold::without_trace(const OciLayout& layout, const std::stop_token& stop) {
  const auto file = lock_file(layout);
  return take(support::Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC)), file, stop);
}

Hold Hold::take(support::Fd fd, const std::filesystem::path& file, const std::stop_token& stop) {
  if (!fd.is_open()) return Hold({});
  // Removing takes a moment. Asking again, unlike waiting, can be interrupted.
  while (!try_lock(fd, LOCK_SH, file)) {
    support::throw_if_stopped(stop);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return Hold(std::move(fd));
}

std::optional<Hold> Hold::alone(const OciLayout& layout) {
  const auto file = lock_file(layout);
  support::Fd fd = open_lock(file);
  if (!fd.is_open()) support::throw_errno("open", file, errno);
  if (!try_lock(fd, LOCK_EX, file)) return std::nullopt;
  return Hold(std::move(fd));
}

}  // namespace ocibuild::store
