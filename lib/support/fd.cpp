// SPDX-License-Identifier: Apache-2.0
#include "support/fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::support {

namespace {

/// Linux moves at most this much in one call.
constexpr std::size_t largest_transfer = 0x7ffff000;

/// Runs a system call again when a signal cut it off.
template <typename Call>
auto retried(Call&& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void throw_errno(std::string_view what, const std::filesystem::path& path, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  if (error_number == ENOSPC || error_number == EDQUOT) {
    std::error_code ignored;
    const auto space =
        std::filesystem::space(path.parent_path().empty() ? "." : path.parent_path(), ignored);
    Error error(Errc::failed, "disk-full",
                concat("cannot ", what, " ", quote(path.native()), ": ", reason));
    if (!ignored) error.note(concat(space.available, " bytes are free there"));
    throw error.help("free space there, or choose another place with --root");
  }
  throw Error(Errc::failed, "io-error",
              concat("cannot ", what, " ", quote(path.native()), ": ", reason));
}

Fd open_read(const std::filesystem::path& path) {
  const int fd = retried([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  if (fd < 0) throw_errno("open", path, errno);
  return Fd(fd);
}

std::size_t FdSource::read(std::span<std::byte> buffer) {
  const ssize_t got = retried(
      [&] { return ::read(fd_, buffer.data(), std::min(buffer.size(), largest_transfer)); });
  if (got < 0) throw_errno("read", path_, errno);
  return static_cast<std::size_t>(got);
}

std::size_t FdRangeSource::read(std::span<std::byte> buffer) {
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>({buffer.size(), left_, largest_transfer}));
  if (wanted == 0) return 0;
  const ssize_t got =
      retried([&] { return ::pread(fd_, buffer.data(), wanted, static_cast<off_t>(offset_)); });
  if (got < 0) throw_errno("read", path_, errno);
  offset_ += static_cast<std::uint64_t>(got);
  left_ -= static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

void FdSink::write(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t put = retried(
        [&] { return ::write(fd_, bytes.data(), std::min(bytes.size(), largest_transfer)); });
    if (put < 0) throw_errno("write", path_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
  const Fd fd = open_read(path);
  struct stat file {};
  const bool has_size = ::fstat(fd.get(), &file) == 0 && S_ISREG(file.st_mode);
  FdSource source(fd.get(), path);
  return read_all(source, limit, path.native(),
                  has_size ? static_cast<std::size_t>(file.st_size) : 0);
}

void give_back_memory([[maybe_unused]] int fd, [[maybe_unused]] std::uint64_t offset,
                      [[maybe_unused]] std::uint64_t size) noexcept {
#ifdef POSIX_FADV_DONTNEED
  ::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_DONTNEED);
#endif
}

void touch(const std::filesystem::path& path) noexcept {
  ::utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

}  // namespace ocibuild::support
