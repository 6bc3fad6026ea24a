// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace ocibuild::program {

/// Where text goes.
class TextSink {
public:
  virtual ~TextSink() = default;
  virtual void write(std::string_view text) = 0;
};

/// Thrown by a sink whose reader has gone: the program then ends quietly.
struct ClosedOutput {};

/// Writes to an open file descriptor, which stays the caller's.
class DescriptorSink final : public TextSink {
public:
  enum class OnFailure { report, ignore };
  DescriptorSink(int descriptor, OnFailure on_failure)
      : descriptor_(descriptor), on_failure_(on_failure) {}
  /// @throws ClosedOutput for a closed pipe, Error(Errc::failed, output-failed) for anything else,
  /// both only with OnFailure::report
  void write(std::string_view text) override;

private:
  int descriptor_;
  OnFailure on_failure_;
};

struct OutputStream {
  TextSink* sink;  ///< never null
  bool is_terminal = false;
  int descriptor = -1;       ///< for archives, which are written past the sink; -1: there is none
  std::size_t columns = 80;  ///< of a terminal that does not say itself how wide it is
  /// True while the cursor is hidden, so that whoever ends the process shows it; may be null.
  std::atomic<bool>* cursor_hidden = nullptr;
};

/// An open file that is gone with its last owner.
using UnnamedFile = std::shared_ptr<std::FILE>;

/// Everything the program knows of the process it runs in, so that a test can be that process.
struct Io {
  OutputStream out;
  OutputStream err;
  int in = 0;  ///< descriptor of standard input
  bool in_is_terminal = false;
  std::map<std::string, std::string> environment{};
  std::filesystem::path working_directory{};  ///< absolute; relative arguments start here
  std::filesystem::path system_config = "/etc/ocibuild/config.toml";  ///< may be missing
  std::filesystem::path run_directory = "/var/run";  ///< where sockets of the system's engines are
  std::int64_t now = 0;                              ///< seconds since 1970 UTC, for "3 days ago"
  std::stop_token stop{};

  /// Absent when unset or empty: both mean "not given" for every variable we read.
  std::optional<std::string> variable(const std::string& name) const;
  /// The path as this process must open it. Stays relative when it can, so that messages show it
  /// as the user wrote it.
  std::filesystem::path resolve(const std::filesystem::path& path) const;
  /// All of standard input. @throws Error(Errc::failed), or Error(Errc::interrupted) while waiting
  std::string read_input() const;
  /// All of standard input, however much, in a file without a name at its start. @throws the same
  UnnamedFile keep_input() const;
  /// The next line of it, without its end. @throws as read_input()
  std::string read_line() const;

private:
  /// At most `size` bytes; 0 at the end.
  std::size_t read_some(char* buffer, std::size_t size) const;
};

}  // namespace ocibuild::program
