// SPDX-License-Identifier: Apache-2.0
// The options of one exchange (docs/reference/registry.md, 6 N1).
#include <algorithm>
#include <new>

#include <ocibuild/error.hpp>
#include <ocibuild/version.hpp>

#include "http/exchange.hpp"
#include "http/exchange_callbacks.hpp"
#include "support/text.hpp"

namespace ocibuild::http {

using support::concat;

namespace {

constexpr std::uint64_t expect_above = 1 << 20;
constexpr std::size_t largest_signed_body = 1 << 20;

void append(CurlList& list, const std::string& line) {
  curl_slist* longer = CurlApi::instance().slist_append(list.get(), line.c_str());
  if (longer == nullptr) throw std::bad_alloc();
  static_cast<void>(list.release());
  list.reset(longer);
}

void append_header(CurlList& list, std::string_view name, std::string_view value) {
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  };
  if (std::any_of(name.begin(), name.end(), is_control) ||
      std::any_of(value.begin(), value.end(), is_control)) {
    throw Error(Errc::internal, "header-invalid",
                concat("the header ", support::quote(name), " has a control character"));
  }
  // libcurl's way to say "with an empty value".
  append(list, value.empty() ? concat(name, ';') : concat(name, ": ", value));
}

bool sends_body(Method method) {
  return method == Method::post || method == Method::put || method == Method::patch;
}

}  // namespace

Exchange::Exchange(const Request& request, const Route& route, const NetworkSettings& settings,
                   Trust& trust)
    : request_(request),
      route_(route),
      idle_timeout_(settings.idle_timeout),
      easy_(CurlApi::instance().easy_init()),
      body_size_(request.body == nullptr ? 0 : request.body->size()),
      incoming_(256 * 1024),
      outgoing_(256 * 1024) {
  if (!easy_) throw std::bad_alloc();
  if (route_.url.origin.scheme == "https") trust_ = &trust.for_origin(route_.url.origin);
  if (route_.proxy && route_.proxy->url.starts_with("https:")) proxy_trust_ = &trust.base();
  set_up(settings);
  set_up_method();
  set_up_headers();
  set_up_proxy();
  set_up_tls();
}

void Exchange::set_up(const NetworkSettings& settings) {
  const EasyOptions options(easy_.get());
  options.pointer(CURLOPT_URL, route_.url.str().c_str());
  options.number(CURLOPT_PATH_AS_IS, 1);
  options.pointer(CURLOPT_PROTOCOLS_STR, "http,https");
  options.number(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  options.number(CURLOPT_FOLLOWLOCATION, 0);
  options.number(CURLOPT_NOSIGNAL, 1);
  options.number(CURLOPT_QUICK_EXIT, 1);  // a cancelled exchange does not wait for DNS
  if (!request_.unix_socket.empty())
    options.pointer(CURLOPT_UNIX_SOCKET_PATH, request_.unix_socket.c_str());
  options.number(CURLOPT_TCP_KEEPALIVE, 1);
  options.number(
      CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(request_.connect_timeout.value_or(settings.connect_timeout).count()));
  options.number(CURLOPT_BUFFERSIZE, 128 * 1024);
  options.pointer(CURLOPT_USERAGENT, concat("ocibuild/", version).c_str());
  options.pointer(CURLOPT_ERRORBUFFER, error_text_.data());
  using Addresses = NetworkSettings::Addresses;
  options.number(CURLOPT_IPRESOLVE, settings.addresses == Addresses::ipv4 ? CURL_IPRESOLVE_V4
                                    : settings.addresses == Addresses::ipv6
                                        ? CURL_IPRESOLVE_V6
                                        : CURL_IPRESOLVE_WHATEVER);
  for (const auto& line : settings.resolve) append(resolve_, line);
  if (resolve_) options.pointer(CURLOPT_RESOLVE, resolve_.get());
  options.pointer(CURLOPT_HEADERDATA, this);
  options.function(CURLOPT_HEADERFUNCTION, ExchangeCallbacks::on_header);
  options.pointer(CURLOPT_WRITEDATA, this);
  options.function(CURLOPT_WRITEFUNCTION, ExchangeCallbacks::on_body);
}

void Exchange::set_up_method() {
  const EasyOptions options(easy_.get());
  if (request_.signature) {
    // Only a body in memory is hashed for the signature.
    if (request_.body != nullptr) {
      const auto source = request_.body->open();
      signed_body_ =
          support::read_all(*source, largest_signed_body, "the body of a signed request");
    }
    const auto& signature = *request_.signature;
    options.pointer(CURLOPT_AWS_SIGV4,
                    concat("aws:amz:", signature.region, ':', signature.service).c_str());
    options.pointer(CURLOPT_USERNAME, signature.access_key_id.c_str());
    options.pointer(CURLOPT_PASSWORD, signature.secret_access_key.c_str());
  }
  if (request_.method == Method::get) {
    options.number(CURLOPT_HTTPGET, 1);
  } else if (request_.method == Method::head) {
    options.number(CURLOPT_NOBODY, 1);
  } else if (request_.signature && sends_body(request_.method)) {
    options.size(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(signed_body_.size()));
    options.pointer(CURLOPT_POSTFIELDS, signed_body_.c_str());
    options.pointer(CURLOPT_CUSTOMREQUEST, std::string(name_of(request_.method)).c_str());
  } else {
    options.pointer(CURLOPT_CUSTOMREQUEST, std::string(name_of(request_.method)).c_str());
  }
  if (!sends_body(request_.method) || request_.signature) return;
  options.number(CURLOPT_UPLOAD, 1);
  const bool is_known = body_size_ != RequestBody::unknown_size;
  options.size(CURLOPT_INFILESIZE_LARGE, is_known ? static_cast<curl_off_t>(body_size_) : -1);
  options.number(CURLOPT_UPLOAD_BUFFERSIZE, 128 * 1024);
  options.pointer(CURLOPT_READDATA, this);
  options.function(CURLOPT_READFUNCTION, ExchangeCallbacks::on_read);
  options.pointer(CURLOPT_SEEKDATA, this);
  options.function(CURLOPT_SEEKFUNCTION, ExchangeCallbacks::on_seek);
}

void Exchange::set_up_headers() {
  for (const auto& [name, value] : request_.headers.fields()) append_header(headers_, name, value);
  // libcurl adds these where the caller has nothing to say; "Name:" takes them out.
  if (request_.signature) {
    // libcurl signs every line of the list, in an order of its own and even "Name:"; so only what
    // W4 names may be in it.
    if (!request_.headers.find("Content-Type")) append(headers_, "Content-Type:");
  } else {
    append(headers_, "Accept-Encoding: identity");
    if (!request_.headers.find("Accept")) append(headers_, "Accept:");
    const bool asks_first = body_size_ > expect_above && request_.unix_socket.empty();
    if (!asks_first || !route_.expect_continue) append(headers_, "Expect:");
  }
  const EasyOptions options(easy_.get());
  options.pointer(CURLOPT_HTTPHEADER, headers_.get());
  // What libcurl decodes by; the line that is sent is the one above.
  if (request_.signature || request_.decode) options.pointer(CURLOPT_ACCEPT_ENCODING, "identity");
  options.number(CURLOPT_HEADEROPT, CURLHEADER_SEPARATE);
}

void Exchange::set_up_proxy() {
  const EasyOptions options(easy_.get());
  // Both always set: otherwise libcurl reads the environment (C4).
  options.pointer(CURLOPT_NOPROXY, "");
  options.pointer(CURLOPT_PROXY, route_.proxy ? route_.proxy->url.c_str() : "");
  if (!route_.proxy) return;
  options.number(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1);
  options.pointer(CURLOPT_PROXYUSERNAME, route_.proxy->user.c_str());
  options.pointer(CURLOPT_PROXYPASSWORD, route_.proxy->password.c_str());
  options.number(CURLOPT_PROXYAUTH, static_cast<long>(route_.proxy_auth));
}

void Exchange::set_up_tls() {
  const EasyOptions options(easy_.get());
  options.number(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  options.number(CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  options.number(CURLOPT_SSL_VERIFYPEER, route_.verify ? 1 : 0);
  options.number(CURLOPT_SSL_VERIFYHOST, route_.verify ? 2 : 0);
  // What is trusted comes from trust.cpp alone, not from where libcurl was compiled.
  for (const CURLoption option :
       {CURLOPT_CAINFO, CURLOPT_CAPATH, CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH}) {
    options.pointer(option, nullptr);
  }
  options.number(CURLOPT_CA_CACHE_TIMEOUT, 0);
  proxy_handshake_next_ = proxy_trust_ != nullptr;
  options.pointer(CURLOPT_SSL_CTX_DATA, this);
  options.function(CURLOPT_SSL_CTX_FUNCTION, ExchangeCallbacks::on_ssl_context);
}

}  // namespace ocibuild::http
