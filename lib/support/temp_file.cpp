// SPDX-License-Identifier: Apache-2.0
#include "support/temp_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "support/text.hpp"

namespace ocibuild::support {

namespace {

constexpr std::string_view prefix = ".ocibuild-";

void make_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw_errno("create directory", directory, error.value());
}

/// Names differ between processes by the clock and the process id, within one by the counter;
/// O_EXCL decides.
std::filesystem::path temporary_name(const std::filesystem::path& directory) {
  static std::atomic<unsigned> counter{0};
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  return directory / concat(prefix, ::getpid(), '-', now, '-', counter++);
}

}  // namespace

TempFile::TempFile(std::filesystem::path directory) {
  make_directory(directory);
  do {
    path_ = temporary_name(directory);
    fd_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  } while (!fd_.is_open() && errno == EEXIST);
  if (!fd_.is_open()) {
    const int error = errno;
    const auto path = std::exchange(path_, {});
    throw_errno("create", path, error);
  }
}

TempFile::TempFile(TempFile&& other) noexcept
    : path_(std::exchange(other.path_, {})),
      fd_(std::move(other.fd_)),
      written_(other.written_),
      begun_(other.begun_) {}

TempFile::~TempFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void TempFile::write(Bytes bytes) {
  FdSink(fd_.get(), path_).write(bytes);
  written_ += bytes.size();
#ifdef SYNC_FILE_RANGE_WRITE
  // The disk begins with what is there while the rest is made, so that close() waits for little.
  constexpr std::uint64_t much = 4 << 20;
  if (written_ - begun_ < much) return;
  ::sync_file_range(fd_.get(), static_cast<off_t>(begun_), static_cast<off_t>(written_ - begun_),
                    SYNC_FILE_RANGE_WRITE);
  begun_ = written_;
#endif
}

void TempFile::close() {
  if (!fd_.is_open()) return;
  if (::fdatasync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS)
    throw_errno("flush", path_, errno);
  fd_.reset();
}

void TempFile::commit(const std::filesystem::path& target, Flush flush) {
  if (flush == Flush::yes) close();
  fd_.reset();
  if (::rename(path_.c_str(), target.c_str()) != 0) throw_errno("rename to", target, errno);
  path_.clear();
}

Fd open_unnamed(const std::filesystem::path& directory) {
  TempFile file(directory);
  Fd copy(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 0));
  if (!copy.is_open()) throw_errno("duplicate", file.path(), errno);
  return copy;  // the destructor takes the name away
}

void write_unflushed(const std::filesystem::path& target, std::string_view text) {
  TempFile file(target.parent_path().empty() ? "." : target.parent_path());
  file.write(as_bytes(text));
  file.commit(target, Flush::no);
}

std::vector<std::filesystem::path> stale_temp_files(const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> out;
  const auto limit = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24);
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(directory, error)) {
    if (!file.path().filename().native().starts_with(prefix)) continue;
    if (const auto time = file.last_write_time(error); !error && time < limit)
      out.push_back(file.path());
  }
  return out;
}

std::uint64_t size_below(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::symlink_status(path, error).type() == std::filesystem::file_type::regular) {
    const auto size = std::filesystem::file_size(path, error);
    return error ? 0 : size;
  }
  std::uint64_t sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path, error))
    sum += size_below(entry.path());
  return sum;
}

void remove_stale_temp_files(const std::filesystem::path& directory) noexcept {
  try {
    for (const auto& path : stale_temp_files(directory)) std::filesystem::remove_all(path);
  } catch (const std::filesystem::filesystem_error&) {
    // Someone else cleans too, or may not: left-over files cost space only.
  }
}

}  // namespace ocibuild::support
