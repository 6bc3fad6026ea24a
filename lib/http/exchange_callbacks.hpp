// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <curl/curl.h>

namespace ocibuild::http {

/// What libcurl calls, on the event thread; the last pointer is the Exchange.
struct ExchangeCallbacks {
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static std::size_t on_read(char* data, std::size_t, std::size_t size, void* self) noexcept;
  static int on_seek(void* self, curl_off_t offset, int origin) noexcept;
  static CURLcode on_ssl_context(CURL* easy, void* ssl_ctx, void* self) noexcept;
};

}  // namespace ocibuild::http
