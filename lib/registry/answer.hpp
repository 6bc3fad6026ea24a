// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http/request.hpp"

namespace ocibuild::registry {

/// What came back for one request after redirects and authentication.
struct Answer {
  int status = 0;  ///< 0: no answer
  http::Headers headers{};
  std::string body{};  ///< of answers that are not streamed: at most the limit given
  std::optional<http::Failure> failure{};
  http::Url url{};                   ///< that gave this answer, the last of the redirects
  std::vector<std::string> hosts{};  ///< authorities asked, in order; more than one: redirected
  std::string via_proxy{};           ///< host:port, empty: direct
  std::string proxy_setting{};       ///< where that proxy is set: "HTTPS_PROXY"
  http::Connection connection{};     ///< to who gave this answer
  unsigned attempts = 1;
  std::chrono::milliseconds elapsed{};  ///< over all attempts and the waits between them

  bool ok() const { return !failure && status >= 200 && status < 300; }
  bool redirected() const { return hosts.size() > 1; }
};

/// What a registry says about its failure (docs/reference/registry.md, E1).
struct ServerWords {
  struct Item {
    std::string code;  ///< upper case: "MANIFEST_UNKNOWN"; empty if it has none
    std::string message;
  };
  std::vector<Item> items{};
  std::string title{};  ///< of a web page; then `items` is empty
  bool is_html = false;

  bool has_code(std::string_view code) const;
  /// True when a message or code holds `words`, ignoring case.
  bool mentions(std::string_view words) const;
  /// One line, control characters escaped, at most 200 characters; empty if nothing was said.
  std::string line() const;
};

/// A page for people where an answer of a registry should be: called HTML and looking like it.
bool is_web_page(const Answer& answer);

/// Reads the body of a failed answer, whatever it is: never fails.
ServerWords read_words(const Answer& answer);

}  // namespace ocibuild::registry
