// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <type_traits>

#include <curl/curl.h>

namespace ocibuild::http {

/// libcurl's functions, found in the shared library when the first client is made: a build that
/// needs no network neither loads it nor what it depends on.
struct CurlApi {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_version_info) version_info;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_pause) easy_pause;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_cleanup) multi_cleanup;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_share_init) share_init;
  decltype(&::curl_share_setopt) share_setopt;
  decltype(&::curl_share_cleanup) share_cleanup;

  /// The system's libcurl.so.4, loaded and initialised once.
  /// @throws as load() does, at each call
  static const CurlApi& instance();
  /// @throws Error(Errc::network_setup, libcurl-missing), or libcurl-unusable for one that is too
  /// old or uses another TLS library than ours
  static CurlApi load(const char* file);
};

struct CurlEasyCleanup {
  void operator()(CURL* easy) const noexcept { CurlApi::instance().easy_cleanup(easy); }
};
using CurlEasyHandle = std::unique_ptr<CURL, CurlEasyCleanup>;
struct CurlListFree {
  void operator()(curl_slist* list) const noexcept { CurlApi::instance().slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, CurlListFree>;

/// curl_easy_setopt is variadic, and trusts that a number is exactly long or curl_off_t.
class EasyOptions {
public:
  explicit EasyOptions(CURL* easy) : api_(CurlApi::instance()), easy_(easy) {}
  void number(CURLoption option, long value) const { api_.easy_setopt(easy_, option, value); }
  void size(CURLoption option, curl_off_t value) const { api_.easy_setopt(easy_, option, value); }
  /// Strings are copied by libcurl, other objects are not.
  void pointer(CURLoption option, const void* value) const {
    api_.easy_setopt(easy_, option, value);
  }
  template <typename Function>
  requires std::is_function_v<Function>
  void function(CURLoption option, Function* value) const {
    api_.easy_setopt(easy_, option, value);
  }

private:
  const CurlApi& api_;
  CURL* easy_;
};

}  // namespace ocibuild::http
