// SPDX-License-Identifier: Apache-2.0
#include "http/head_reader.hpp"

#include <string>

#include "support/text.hpp"

namespace ocibuild::http {

namespace {
constexpr std::size_t most_bytes = 64 * 1024;
constexpr std::size_t most_lines = 200;

/// "HTTP/1.1 404 Not Found"; 0 when there is no number.
int status_of(std::string_view line) {
  const std::size_t blank = line.find(' ');
  std::uint64_t status = 0;
  if (blank == std::string_view::npos ||
      !support::parse_number(line.substr(blank + 1, 3), 999, status)) {
    return 0;
  }
  return static_cast<int>(status);
}
}  // namespace

bool HeadReader::add_line(std::string_view line) {
  bytes_ += line.size();
  if (bytes_ > most_bytes || head_.headers.fields().size() >= most_lines) return false;
  const bool folded = line.starts_with(' ') || line.starts_with('\t');
  const std::string_view text = support::trim(line);
  if (text.starts_with("HTTP/")) {
    *this = HeadReader();
    bytes_ = line.size();
    head_.status = status_of(text);
  } else if (text.empty()) {
    complete_ = true;
  } else if (const std::size_t colon = text.find(':');
             !complete_ && !folded && colon != std::string_view::npos) {
    // Lines after the head are trailers: nobody has asked for them.
    head_.headers.add(std::string(support::trim(text.substr(0, colon))),
                      std::string(support::trim(text.substr(colon + 1))));
  }
  return true;
}

}  // namespace ocibuild::http
