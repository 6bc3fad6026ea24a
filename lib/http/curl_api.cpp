// SPDX-License-Identifier: Apache-2.0
#include "http/curl_api.hpp"

#include <string_view>

#include <ocibuild/error.hpp>

#include "support/shared_library.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

namespace {

void find_all(const support::SharedLibrary& library, CurlApi& api) {
  const auto find = [&](const char* name, auto& function) {
    if (library.find(name, function)) return;
    throw Error(Errc::network_setup, "libcurl-unusable",
                support::concat("this machine's libcurl has no function ", name))
        .help("install libcurl 7.85 or later");
  };
  find("curl_global_init", api.global_init);
  find("curl_version_info", api.version_info);
  find("curl_easy_init", api.easy_init);
  find("curl_easy_cleanup", api.easy_cleanup);
  find("curl_easy_setopt", api.easy_setopt);
  find("curl_easy_getinfo", api.easy_getinfo);
  find("curl_easy_pause", api.easy_pause);
  find("curl_easy_strerror", api.easy_strerror);
  find("curl_slist_append", api.slist_append);
  find("curl_slist_free_all", api.slist_free_all);
  find("curl_multi_init", api.multi_init);
  find("curl_multi_cleanup", api.multi_cleanup);
  find("curl_multi_setopt", api.multi_setopt);
  find("curl_multi_add_handle", api.multi_add_handle);
  find("curl_multi_remove_handle", api.multi_remove_handle);
  find("curl_multi_perform", api.multi_perform);
  find("curl_multi_poll", api.multi_poll);
  find("curl_multi_wakeup", api.multi_wakeup);
  find("curl_multi_info_read", api.multi_info_read);
  find("curl_share_init", api.share_init);
  find("curl_share_setopt", api.share_setopt);
  find("curl_share_cleanup", api.share_cleanup);
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
  const support::SharedLibrary library(file);
  if (!library.is_open()) {
    throw Error(Errc::network_setup, "libcurl-missing",
                "registries are reached with libcurl, which is not on this machine")
        .note(library.failure())
        .help("install it (Debian and Ubuntu: libcurl4), or build with --network=none");
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
