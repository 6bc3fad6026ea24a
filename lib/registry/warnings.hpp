// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include <ocibuild/error.hpp>

#include "http/request.hpp"

namespace ocibuild::registry {

/// What the user should hear of although nothing failed: each text once
/// (docs/reference/registry.md, E4). Thread-safe.
class Warnings {
public:
  /// Told of each, on the thread that adds it. Set it before the first one.
  using Observer = std::function<void(const Diagnostic& warning)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  void add(const Diagnostic& warning);
  /// The "Warning" headers of an answer by `host`: code 299 only, 4 KiB in all.
  void add_said(const std::string& host, const http::Headers& headers);

private:
  Observer observer_;
  std::mutex mutex_;  // for what follows
  std::set<std::string> seen_;
  std::size_t said_ = 0;  ///< bytes of registries' words so far
};

/// The text of `299 - "text"`; empty for another code or form.
std::string warning_text(std::string_view header);

}  // namespace ocibuild::registry
