// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include "support/bytes.hpp"

namespace ocibuild::support {

/// Owns a file descriptor.
class Fd {
public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset();

private:
  int fd_ = -1;
};

/// @throws Error(Errc::failed, io-error) "WHAT PATH: reason of errno"; ENOSPC and EDQUOT become
/// disk-full with the free space of that file system
[[noreturn]] void throw_errno(std::string_view what, const std::filesystem::path& path,
                              int error_number);

/// Opens for reading, close-on-exec.
Fd open_read(const std::filesystem::path& path);

/// Reads a descriptor to its end. Does not own it.
class FdSource final : public ByteSource {
public:
  /// `path` is for messages only.
  FdSource(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  std::size_t read(std::span<std::byte> buffer) override;

private:
  int fd_;
  std::filesystem::path path_;
};

/// Reads `size` bytes from `offset`, without moving the descriptor's position. Does not own it;
/// thread-safe.
class FdRangeSource final : public ByteSource {
public:
  FdRangeSource(int fd, std::filesystem::path path, std::uint64_t offset, std::uint64_t size)
      : fd_(fd), path_(std::move(path)), offset_(offset), left_(size) {}
  std::size_t read(std::span<std::byte> buffer) override;

private:
  int fd_;
  std::filesystem::path path_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

/// Writes to a descriptor. Does not own it.
class FdSink final : public ByteSink {
public:
  FdSink(int fd, std::filesystem::path path) : fd_(fd), path_(std::move(path)) {}
  void write(Bytes bytes) override;

private:
  int fd_;
  std::filesystem::path path_;
};

/// A file of its own, read to its end.
class FileSource final : public ByteSource {
public:
  explicit FileSource(const std::filesystem::path& path) : FileSource(open_read(path), path) {}
  /// `path`: of the open file, for messages.
  FileSource(Fd fd, const std::filesystem::path& path)
      : fd_(std::move(fd)), source_(fd_.get(), path) {}
  std::size_t read(std::span<std::byte> buffer) override { return source_.read(buffer); }

private:
  Fd fd_;
  FdSource source_;
};

/// The whole file. @throws Error(Errc::failed, io-error, too-large)
std::string read_file(const std::filesystem::path& path, std::size_t limit);

/// Says that `size` bytes of a file from `offset`, at least one, are not read again soon: the
/// system gives their memory to what is read or written next. Those that are not on the disk yet
/// stay where they are; nothing is done about a failure. Thread-safe.
void give_back_memory(int fd, std::uint64_t offset, std::uint64_t size) noexcept;

/// Sets the file's times to now; nothing is done about a failure.
void touch(const std::filesystem::path& path) noexcept;

}  // namespace ocibuild::support
