// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>

#include "http/client.hpp"

namespace ocibuild::registry {

/// One exchange. The body of an answer 200 or 206 goes to `taker` when there is one; other bodies
/// are returned. What is more than the limit is not read (docs/reference/registry.md, P3, X5): of
/// an error text that is the rest after 64 KiB, of a document (`limit` > 0, a status below 300) a
/// failure.
http::Client::TextAnswer send_split(http::Client& client, const http::Request& request,
                                    http::ResponseTaker* taker, std::size_t limit,
                                    const std::stop_token& stop);

}  // namespace ocibuild::registry
