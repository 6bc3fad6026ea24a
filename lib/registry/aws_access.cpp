// SPDX-License-Identifier: Apache-2.0
#include "registry/aws_access.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <random>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

constexpr std::size_t shown_of_key = 4;
constexpr std::int64_t clock_tolerance = 300;  // seconds that Amazon allows as well

double random_fraction() {
  static thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

/// Seconds since 1970 of "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<std::int64_t> http_date(const std::string& text) {
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr) return std::nullopt;
  return ::timegm(&parts);
}

/// By how many seconds our clock is ahead of the answer's.
std::optional<std::int64_t> clock_error(const http::Outcome& outcome) {
  const auto date = outcome.head ? outcome.head->headers.find("Date") : std::nullopt;
  const auto theirs = date ? http_date(*date) : std::nullopt;
  if (!theirs) return std::nullopt;
  return std::time(nullptr) - *theirs;
}

bool is_throttled(const http::Client::TextAnswer& answer) {
  if (!answer.outcome.head || answer.outcome.head->status == 200) return false;
  const AwsFault fault = parse_aws_fault(answer.body);
  return fault.is("Throttl") || fault.is("TooManyRequests") || fault.is("RequestLimitExceeded");
}

[[noreturn]] void throw_transport(const http::Failure& failure, const http::Url& url,
                                  std::string_view action) {
  using Kind = http::Failure::Kind;
  const bool setup = failure.kind == Kind::dns || failure.kind == Kind::tls_untrusted ||
                     failure.kind == Kind::tls_name || failure.kind == Kind::tls_time ||
                     failure.kind == Kind::proxy_dns || failure.kind == Kind::proxy_connect ||
                     failure.kind == Kind::proxy_auth || failure.kind == Kind::proxy_refused;
  throw Error(setup ? Errc::network_setup : Errc::retry_later, "registry-unavailable",
              concat(action, ": no answer from ", url.origin.authority(), ": ", failure.text));
}

bool blames_clock(const AwsFault& fault) {
  return fault.is("InvalidSignature") || fault.is("SignatureDoesNotMatch") ||
         fault.is("RequestExpired");
}

bool blames_keys(const AwsFault& fault) {
  static constexpr std::array<std::string_view, 7> names{
      "ExpiredToken",         "UnrecognizedClient",    "InvalidSignature",    "IncompleteSignature",
      "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidIdentityToken"};
  for (const std::string_view name : names) {
    if (fault.is(name)) return true;
  }
  return false;
}

[[noreturn]] void refused(std::string message, const AwsFault& fault) {
  Error error(Errc::credentials, "auth-refused", std::move(message));
  if (!fault.message.empty()) error.note(concat("Amazon says: ", quote(fault.message)));
  throw error;
}

}  // namespace

std::string AwsAccess::variable(const std::string& name) const {
  const auto at = environment.find(name);
  return at == environment.end() ? std::string() : at->second;
}

http::Client::TextAnswer AwsAccess::send_repeating(const http::Request& request) const {
  for (unsigned n = 1;; ++n) {
    auto answer = send(request);
    if (!http::is_transient(answer.outcome) && !is_throttled(answer)) return answer;
    const auto wait =
        http::wait_before(n, retry, answer.outcome, random_fraction(), std::time(nullptr));
    if (!wait) return answer;
    http::sleep_for(*wait, stop);
  }
}

std::string AwsKeys::shown() const {
  if (access_key_id.empty()) return source;
  const std::size_t shown = access_key_id.size() > 2 * shown_of_key ? shown_of_key : 0;
  return concat("key …", access_key_id.substr(access_key_id.size() - shown), " of ", source);
}

void throw_aws_error(const http::Client::TextAnswer& answer, const http::Url& url,
                     std::string_view action, const AwsKeys* keys) {
  if (!answer.outcome.head)
    throw_transport(answer.outcome.failure.value_or(http::Failure{}), url, action);
  const int status = answer.outcome.head->status;
  const AwsFault fault = parse_aws_fault(answer.body);
  if (blames_clock(fault)) {
    const auto ahead = clock_error(answer.outcome);
    if (ahead && std::abs(*ahead) > clock_tolerance) {
      throw Error(Errc::network_setup, "tls-clock",
                  concat("this machine's clock is ", std::abs(*ahead) / 60, " minutes ",
                         *ahead > 0 ? "ahead" : "behind"))
          .note(concat(url.origin.authority(), " refuses what is signed with such a time"))
          .help("set the clock");
    }
  }
  const std::string who = keys == nullptr ? "" : concat(" with ", keys->shown());
  if (fault.is("AccessDenied")) refused(concat("Amazon does not allow ", action, who), fault);
  if (blames_keys(fault)) refused(concat("Amazon refuses ", action, who, ": ", fault.name), fault);
  const bool later = http::is_transient(answer.outcome) || is_throttled(answer);
  Error error(later ? Errc::retry_later : Errc::failed,
              later ? "registry-unavailable" : "registry-refused",
              concat(action, ": ", url.origin.authority(), " answers with status ", status,
                     fault.name.empty() ? "" : concat(", ", support::escape_controls(fault.name))));
  if (!fault.message.empty()) error.note(concat("Amazon says: ", quote(fault.message)));
  throw error;
}

}  // namespace ocibuild::registry
