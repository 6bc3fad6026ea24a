// SPDX-License-Identifier: Apache-2.0
#include "io.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <ocibuild/error.hpp>

namespace ocibuild::program {

namespace {

constexpr std::size_t longest_input = 64U * 1024 * 1024;  // no Dockerfile is larger
constexpr int stop_check_ms = 100;

std::string system_message(int code) {
  return std::generic_category().message(code);
}

}  // namespace

void DescriptorSink::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(descriptor_, text.data(), text.size());
    if (done >= 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
      continue;
    }
    const int code = errno;
    if (code == EINTR) continue;
    if (code == EAGAIN) {  // somebody left the terminal or pipe non-blocking
      pollfd wait{descriptor_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
      continue;
    }
    if (on_failure_ == OnFailure::ignore) return;
    if (code == EPIPE) throw ClosedOutput{};
    throw Error(Errc::failed, "output-failed",
                "standard output cannot be written: " + system_message(code));
  }
}

std::optional<std::string> Io::variable(const std::string& name) const {
  const auto at = environment.find(name);
  if (at == environment.end() || at->second.empty()) return std::nullopt;
  return at->second;
}

std::filesystem::path Io::resolve(const std::filesystem::path& path) const {
  std::error_code ignored;
  if (path.is_absolute() || working_directory == std::filesystem::current_path(ignored)) {
    return path;
  }
  const std::filesystem::path whole = (working_directory / path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();  // "." leaves a slash at the end
}

std::size_t Io::read_some(char* buffer, std::size_t size) const {
  for (;;) {
    pollfd wait{in, POLLIN, 0};
    const int ready = ::poll(&wait, 1, stop_check_ms);
    if (stop.stop_requested()) throw Error(Errc::interrupted, "interrupted", "interrupted");
    if (ready == 0) continue;
    const ssize_t got = ::read(in, buffer, size);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR || errno == EAGAIN) continue;
    throw Error(Errc::failed, "input-failed",
                "standard input cannot be read: " + system_message(errno));
  }
}

std::string Io::read_input() const {
  std::string text;
  std::array<char, 16384> buffer{};
  while (const std::size_t got = read_some(buffer.data(), buffer.size())) {
    text.append(buffer.data(), got);
    if (text.size() > longest_input) {
      throw Error(Errc::failed, "input-failed", "standard input is larger than 64 MiB");
    }
  }
  return text;
}

std::string Io::read_line() const {
  std::string line;
  for (char c = 0; line.size() < longest_input && read_some(&c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace ocibuild::program
