// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "http/request.hpp"

namespace ocibuild::http {

/// Puts the lines of an answer's head together. An answer may have several heads: "100 Continue",
/// and the 407 of a proxy whose challenge libcurl answers itself; the last one counts.
class HeadReader {
public:
  /// One line with its line end, as libcurl gives it. False: more than is allowed (X5: 64 KiB, 200
  /// lines).
  bool add_line(std::string_view line);
  /// The empty line after the last head has been seen and it is no interim answer.
  bool is_complete() const { return complete_ && head_.status >= 200; }
  const ResponseHead& head() const { return head_; }
  std::size_t bytes() const { return bytes_; }

private:
  ResponseHead head_;
  std::size_t bytes_ = 0;
  bool complete_ = false;
};

}  // namespace ocibuild::http
