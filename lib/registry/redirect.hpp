// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/answer.hpp"
#include "registry/warnings.hpp"

namespace ocibuild::registry {

/// The way of one request through redirects (docs/reference/registry.md, N4, X5, X9, X10): which
/// are followed, and how many.
class Redirects {
public:
  struct Rules {
    std::string name;       ///< who was asked, for messages
    http::Origin home;      ///< who sends us; local addresses are only for those who are there
    bool insecure = false;  ///< encryption does not matter
    bool verified = false;  ///< a digest decides about the bytes: they may lose encryption
    bool far = false;       ///< private addresses count as local ones
  };

  /// `warnings` is told of lost encryption (N4.5).
  Redirects(const http::Url& first, Rules rules, Warnings& warnings);

  /// Where `answer` sends the request next; nothing if it does not, or must not be followed for
  /// this method. @throws Error(Errc::network_setup, redirect-refused, too-many-redirects)
  std::optional<http::Url> next(http::Method method, const Answer& answer);
  /// Authorities asked so far, in order.
  const std::vector<std::string>& hosts() const { return hosts_; }

private:
  void check(const Answer& answer, const http::Url& target) const;
  [[noreturn]] void refuse(std::string id, std::string message) const;

  const Rules rules_;
  Warnings& warnings_;
  std::vector<http::Url> asked_;
  std::vector<std::string> hosts_;
};

/// An address that `home` may not send us to (X10): on this machine or its link, with `far` also in
/// a private network, unless `home` is there itself.
bool is_too_near(const http::Origin& target, const http::Origin& home, bool far);

}  // namespace ocibuild::registry
