// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include <ocibuild/error.hpp>

namespace ocibuild::support {

/// Collects findings, so that all mistakes of a text are reported at once. The same finding again,
/// as when a text is evaluated for several platforms, counts once.
class Diagnostics {
public:
  static constexpr std::size_t shown_errors = 10;

  void error(Diagnostic diagnostic) { errors_.add(std::move(diagnostic)); }
  void warning(Diagnostic diagnostic) { warnings_.add(std::move(diagnostic)); }

  const std::vector<Diagnostic>& errors() const { return errors_.list; }
  const std::vector<Diagnostic>& warnings() const { return warnings_.list; }

  /// Drops the errors behind the first `count`: of something that was only tried.
  void forget_errors(std::size_t count) {
    errors_.list.resize(std::min(count, errors_.list.size()));
  }

  /// The first `shown_errors` errors; the last of them says how many more there are.
  std::vector<Diagnostic> first_errors() const {
    const std::vector<Diagnostic>& all = errors_.list;
    std::vector<Diagnostic> shown(
        all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), shown_errors)));
    if (all.size() > shown.size()) {
      shown.back().notes.push_back(std::to_string(all.size() - shown.size()) +
                                   " more errors are not shown");
    }
    return shown;
  }

  /// @throws Error(Errc::failed) with first_errors(), if there is any
  void throw_errors() const {
    if (!errors_.list.empty()) throw Error(Errc::failed, first_errors());
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

  /// Each finding once, in order; finding out takes the same time for the millionth.
  struct Findings {
    std::vector<Diagnostic> list;
    std::unordered_multimap<std::size_t, std::size_t> by_hash;  ///< to places that may be gone

    void add(Diagnostic diagnostic) {
      const std::size_t hash = std::hash<std::string>()(diagnostic.id + diagnostic.message) +
                               (diagnostic.where ? diagnostic.where->line : 0);
      const auto [first, last] = by_hash.equal_range(hash);
      const bool known = std::any_of(first, last, [&](const auto& entry) {
        return entry.second < list.size() && same(list[entry.second], diagnostic);
      });
      if (known) return;
      by_hash.emplace(hash, list.size());
      list.push_back(std::move(diagnostic));
    }
  };

  Findings errors_;
  Findings warnings_;
};

}  // namespace ocibuild::support
