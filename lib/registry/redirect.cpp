// SPDX-License-Identifier: Apache-2.0
// Which redirects are followed (docs/reference/registry.md, N4, X9 and X10).
#include <ocibuild/error.hpp>

#include "registry/session.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

[[noreturn]] void refuse(const Answer& answer, const http::Url& target, std::string_view why) {
  throw Error(Errc::network_setup, {"redirect-refused",
                                    concat(answer.url.origin.authority(), " redirects to ",
                                           target.redacted(), ", ", why),
                                    {},
                                    {concat("hosts asked: ", support::join(answer.hosts, ", "))},
                                    {}});
}

/// True when this method may be repeated at another address after this status.
bool may_follow(Method method, int status) {
  if (status == 307 || status == 308) return true;
  const bool reads = method == Method::get || method == Method::head;
  return reads && (status == 301 || status == 302 || status == 303);
}

}  // namespace

std::optional<http::Url> redirect_of(const Call& call, const Answer& answer,
                                     const http::Origin& api, bool insecure) {
  const auto location = answer.headers.find("location");
  if (answer.failure || !location || !may_follow(call.method, answer.status)) return std::nullopt;
  const auto target = answer.url.resolve(*location);
  if (!target) {
    throw Error(Errc::network_setup, {"redirect-refused",
                                      concat(answer.url.origin.authority(),
                                             " redirects to something that is no address"),
                                      {},
                                      {},
                                      {}});
  }
  if (http::is_local_address(target->origin.host) && !http::is_loopback(api.host))
    refuse(answer, *target, "a local address");
  const bool downgrade =
      answer.url.origin.scheme == "https" && target->origin.scheme == "http" && !insecure;
  const bool blob = call.method == Method::get && call.target.starts_with("blobs/");
  if (downgrade && !blob) refuse(answer, *target, "which is not encrypted");
  return target;
}

}  // namespace ocibuild::registry
