// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

/// Collects findings, so that all mistakes of a text are reported at once. The same finding again,
/// as when a text is evaluated for several platforms, counts once.
class Diagnostics {
public:
  static constexpr std::size_t shown_errors = 10;

  void error(Diagnostic diagnostic) { add(errors_, std::move(diagnostic)); }
  void warning(Diagnostic diagnostic) { add(warnings_, std::move(diagnostic)); }

  const std::vector<Diagnostic>& errors() const { return errors_; }
  const std::vector<Diagnostic>& warnings() const { return warnings_; }

  /// Drops the errors behind the first `count`: of something that was only tried.
  void forget_errors(std::size_t count) { errors_.resize(std::min(count, errors_.size())); }

  /// The first `shown_errors` errors; the last of them says how many more there are.
  std::vector<Diagnostic> first_errors() const {
    std::vector<Diagnostic> shown(
        errors_.begin(),
        errors_.begin() + static_cast<std::ptrdiff_t>(std::min(errors_.size(), shown_errors)));
    if (errors_.size() > shown.size()) {
      shown.back().notes.push_back(std::to_string(errors_.size() - shown.size()) +
                                   " more errors are not shown");
    }
    return shown;
  }

  /// @throws Error(Errc::failed) with first_errors(), if there is any
  void throw_errors() const {
    if (!errors_.empty()) throw Error(Errc::failed, first_errors());
  }

private:
  static bool same(const Diagnostic& a, const Diagnostic& b) {
    const auto place = [](const Diagnostic& finding) {
      return finding.where ? std::tuple(finding.where->file, finding.where->line,
                                        finding.where->column, finding.where->label)
                           : std::tuple(std::string(), 0U, 0U, std::string());
    };
    return a.id == b.id && a.message == b.message && place(a) == place(b) && a.notes == b.notes &&
           a.helps == b.helps;
  }
  static void add(std::vector<Diagnostic>& to, Diagnostic diagnostic) {
    const bool known = std::any_of(
        to.begin(), to.end(), [&](const Diagnostic& other) { return same(other, diagnostic); });
    if (!known) to.push_back(std::move(diagnostic));
  }

  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
};

}  // namespace ocibuild::support
