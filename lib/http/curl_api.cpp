// SPDX-License-Identifier: Apache-2.0
#include "http/curl_api.hpp"

#include <dlfcn.h>

#include <string_view>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::http {

namespace {

template <typename Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) {
    throw Error(Errc::network_setup, "libcurl-unusable",
                support::concat("this machine's libcurl has no function ", name))
        .help("install libcurl 7.85 or later");
  }
}

void find_all(void* library, CurlApi& api) {
  find(library, "curl_global_init", api.global_init);
  find(library, "curl_version_info", api.version_info);
  find(library, "curl_easy_init", api.easy_init);
  find(library, "curl_easy_cleanup", api.easy_cleanup);
  find(library, "curl_easy_setopt", api.easy_setopt);
  find(library, "curl_easy_getinfo", api.easy_getinfo);
  find(library, "curl_easy_pause", api.easy_pause);
  find(library, "curl_easy_strerror", api.easy_strerror);
  find(library, "curl_slist_append", api.slist_append);
  find(library, "curl_slist_free_all", api.slist_free_all);
  find(library, "curl_multi_init", api.multi_init);
  find(library, "curl_multi_cleanup", api.multi_cleanup);
  find(library, "curl_multi_setopt", api.multi_setopt);
  find(library, "curl_multi_add_handle", api.multi_add_handle);
  find(library, "curl_multi_remove_handle", api.multi_remove_handle);
  find(library, "curl_multi_perform", api.multi_perform);
  find(library, "curl_multi_poll", api.multi_poll);
  find(library, "curl_multi_wakeup", api.multi_wakeup);
  find(library, "curl_multi_info_read", api.multi_info_read);
  find(library, "curl_share_init", api.share_init);
  find(library, "curl_share_setopt", api.share_setopt);
  find(library, "curl_share_cleanup", api.share_cleanup);
}

/// 7.85 brought CURLOPT_PROTOCOLS_STR. Certificates are checked by our OpenSSL inside libcurl's
/// handshake (trust.cpp), so both must be one library.
void check_version(const CurlApi& api) {
  const curl_version_info_data& info = *api.version_info(CURLVERSION_NOW);
  const std::string_view tls = info.ssl_version == nullptr ? "no TLS" : info.ssl_version;
  if (info.version_num < 0x075500 || !tls.starts_with("OpenSSL/3")) {
    throw Error(Errc::network_setup, "libcurl-unusable",
                support::concat("this machine's libcurl is ", info.version, " with ", tls))
        .help("install libcurl 7.85 or later built with OpenSSL 3 (Debian: libcurl4)");
  }
}

}  // namespace

CurlApi CurlApi::load(const char* file) {
  // Never closed: libcurl and OpenSSL leave handlers behind that must stay callable.
  void* library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* reason = ::dlerror();
    Error error(Errc::network_setup, "libcurl-missing",
                "registries are reached with libcurl, which is not on this machine");
    if (reason != nullptr) error.note(support::escape_controls(reason));
    throw error.help("install it (Debian and Ubuntu: libcurl4), or build with --network=none");
  }
  CurlApi api{};
  find_all(library, api);
  check_version(api);
  if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw Error(Errc::internal, "libcurl-unusable", "libcurl cannot be initialised");
  }
  return api;
}

const CurlApi& CurlApi::instance() {
  static const CurlApi api = load("libcurl.so.4");
  return api;
}

}  // namespace ocibuild::http
