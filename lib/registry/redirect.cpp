// SPDX-License-Identifier: Apache-2.0
#include "registry/redirect.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

constexpr std::size_t most_redirects = 8;

/// True when this method may be repeated at another address after this status.
bool may_follow(Method method, int status) {
  if (status == 307 || status == 308) return true;
  const bool reads = method == Method::get || method == Method::head;
  return reads && (status == 301 || status == 302 || status == 303);
}

}  // namespace

bool is_too_near(const http::Origin& target, const http::Origin& home, bool far) {
  if (http::is_loopback(home.host)) return false;
  if (http::is_local_address(target.host)) return true;
  return far && http::is_private_address(target.host) && !http::is_private_address(home.host);
}

Redirects::Redirects(const http::Url& first, Rules rules, Warnings& warnings)
    : rules_(std::move(rules)),
      warnings_(warnings),
      asked_{first},
      hosts_{first.origin.authority()} {}

std::optional<http::Url> Redirects::next(Method method, const Answer& answer) {
  const auto location = answer.headers.find("location");
  if (answer.failure || !location || !may_follow(method, answer.status)) return std::nullopt;
  const std::string from = answer.url.origin.authority();
  const auto target = answer.url.resolve(*location);
  if (!target)
    refuse("redirect-refused", concat(from, " redirects to something that is no address"));
  check(answer, *target);
  if (asked_.size() > most_redirects || std::ranges::find(asked_, *target) != asked_.end())
    refuse("too-many-redirects", concat(rules_.name, " redirects in circles"));
  asked_.push_back(*target);
  if (target->origin != answer.url.origin) hosts_.push_back(target->origin.authority());
  return target;
}

void Redirects::check(const Answer& answer, const http::Url& target) const {
  const std::string way =
      concat(answer.url.origin.authority(), " redirects to ", target.redacted(), ", ");
  if (is_too_near(target.origin, rules_.home, rules_.far)) {
    refuse("redirect-refused",
           concat(way, http::is_local_address(target.origin.host) ? "a local address"
                                                                  : "a private address"));
  }
  if (answer.url.origin.scheme != "https" || target.origin.scheme != "http") return;
  if (!rules_.verified && !rules_.insecure)
    refuse("redirect-refused", concat(way, "which is not encrypted"));
  if (rules_.verified) {
    warnings_.add({"redirect-unencrypted",
                   concat(rules_.name, " serves blobs from ", target.origin.authority(),
                          " without encryption; their digests are checked"),
                   {},
                   {},
                   {}});
  }
}

void Redirects::refuse(std::string id, std::string message) const {
  throw Error(Errc::network_setup, {std::move(id),
                                    std::move(message),
                                    {},
                                    {concat("hosts asked: ", support::join(hosts_, ", "))},
                                    {}});
}

}  // namespace ocibuild::registry
