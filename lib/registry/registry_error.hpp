// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/digest.hpp>
#include <ocibuild/error.hpp>

#include "http/client.hpp"
#include "registry/answer.hpp"
#include "registry/tokens.hpp"

/// From an answer to the error that explains it (docs/reference/registry.md, 12). Texts hold no
/// secret: no query of an address, no user information, no header.
namespace ocibuild::registry {

/// What was being done, for the first sentence and the next step.
struct Doing {
  std::string what{};      ///< "pulling alpine:3.20"
  std::string registry{};  ///< name as in the reference
  std::string repository{};
  std::string image{};  ///< "library/alpine:3.20"; empty: not one image
  bool push = false;
  std::string credential_source{};  ///< empty: none was found
  std::string user{};
  std::vector<std::string> looked_at{};  ///< for credentials, without success
  std::string scope{};                   ///< asked for
  http::Client::Trust trust{};
};

/// An answer without success, or no answer.
Error answer_error(const Doing& doing, const Answer& answer);
/// No answer, or a broken one: DNS, connection, TLS, proxy, time-out.
Error failure_error(const Doing& doing, const Answer& answer);
/// A token server that gave no token.
Error token_error(const Tokens::Asker& asker, const Answer& answer, const Scopes& scopes);

/// "through proxy proxy.corp:3128 (HTTPS_PROXY)"; empty: none was used.
std::string proxy_note(const Answer& answer);
/// "tried 6 times in 12 s"; empty after one attempt.
std::string tried_note(const Answer& answer);
/// A body that is not what its digest says: who gave it, what was wanted and got.
Error corrupt_error(const Answer& answer, std::string_view what, const Digest& wanted,
                    const Digest& got);

Answer to_answer(http::Client::TextAnswer got, const http::Url& url);
http::Outcome to_outcome(const Answer& answer);

}  // namespace ocibuild::registry
