// SPDX-License-Identifier: Apache-2.0
#include "context/ignore_rules.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <ocibuild/error.hpp>

#include "context/prefix_index.hpp"
#include "oci/pattern.hpp"
#include "support/diagnostics.hpp"
#include "support/text.hpp"

namespace ocibuild::context {

namespace {

struct Rule {
  bool exception;
  unsigned line;
  std::string written;
};

/// A pattern with the rules that have it, by their place in the file.
struct Use {
  oci::Pattern pattern;
  std::vector<std::size_t> exclusions{};  // ascending, as are the exceptions
  std::vector<std::size_t> exceptions{};
};

/// The rules of one kind that match a path: the last one, and the first behind some place.
class Matching {
public:
  void add(const std::vector<std::size_t>& rules) {
    if (rules.empty()) return;
    lists_.push_back(&rules);
    last_ = std::max(last_, rules.back() + 1);
  }
  /// Number of the last rule, counted from 1; 0 if there is none.
  std::size_t last() const { return last_; }
  /// Number of the first rule behind rule number `after`.
  std::size_t first_behind(std::size_t after) const {
    std::size_t first = last_;
    for (const auto* rules : lists_) {
      const auto at = std::ranges::lower_bound(*rules, after);
      if (at != rules->end()) first = std::min(first, *at + 1);
    }
    return first;
  }

private:
  std::vector<const std::vector<std::size_t>*> lists_;
  std::size_t last_ = 0;
};

/// One line of the file, before the pattern is compiled.
struct Line {
  std::string_view written;  // trimmed
  std::string pattern;       // clean, without the '!'
  bool exception = false;
};

/// Go's filepath.Clean, less one leading slash. Unlike a RootfsPath, ".." at the front stays and
/// makes a pattern that no path can match; so does "." for an empty rest.
std::string clean(std::string_view text) {
  const bool rooted = text.starts_with('/');
  std::vector<std::string> parts;
  for (std::string& part : support::split(text, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (parts.empty() && !rooted) || (!parts.empty() && parts.back() == "..")) {
      parts.push_back(std::move(part));
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts.empty() ? "." : support::join(parts, "/");
}

/// Nothing for a blank line.
std::optional<Line> read_pattern(std::string_view text) {
  Line line{.written = support::trim(text), .pattern = {}};
  if (line.written.empty()) return std::nullopt;
  std::string_view pattern = line.written;
  if (pattern.front() == '!') {
    line.exception = true;
    pattern = support::trim(pattern.substr(1));
  }
  if (!pattern.empty()) line.pattern = clean(pattern);
  return line;
}

std::optional<Line> read_line(std::string_view text) {
  auto line = text.starts_with('#') ? std::nullopt : read_pattern(text);
  // The engine looks for the mark again once the path is clean: "/!x" is an exception.
  if (line && !line->exception && line->pattern.starts_with('!')) {
    line->exception = true;
    line->pattern.erase(0, 1);
  }
  return line;
}

/// A line of a file.
struct Place {
  const std::string& file;
  const std::filesystem::path& path;
  unsigned number;
};

Diagnostic invalid(const Place& place, std::string_view text, std::string_view written,
                   std::string message) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  SourceRange where{.file = place.file,
                    .line = place.number,
                    .column = static_cast<unsigned>(written.data() - text.data()) + 1,
                    .length = static_cast<unsigned>(written.size()),
                    .label = {},
                    .first_line = place.number,
                    .excerpt = {std::string(text)},
                    .path = place.path};
  return {.id = "ignore-pattern-invalid", .message = std::move(message), .where = std::move(where)};
}

}  // namespace

struct IgnoreRules::Impl {
  std::string file;
  std::vector<Rule> rules;
  std::vector<Use> uses;
  std::unordered_map<std::string, std::size_t> use_of;  // by the text of the pattern

  // Which uses a path has to ask.
  std::unordered_map<std::string, std::size_t> literals;
  PrefixIndex by_front;
  PrefixIndex by_end;  // keys backwards
  // The same for what is below a directory; of exceptions only.
  PrefixIndex exceptions_by_front;  // those with wildcards
  PrefixIndex exception_fronts;     // all; values mean nothing

  void add_line(const Place& place, std::string_view text, support::Diagnostics& found) {
    const auto line = read_line(text);
    if (!line) return;
    if (line->pattern.empty()) {
      Diagnostic lone =
          invalid(place, text, line->written, "\"!\" stands alone: a pattern must follow");
      lone.helps.emplace_back("remove the line, or write the paths to keep after \"!\"");
      found.error(std::move(lone));
      return;
    }
    try {
      Use& use = uses[index_of(line->pattern)];
      (line->exception ? use.exceptions : use.exclusions).push_back(rules.size());
      rules.push_back({.exception = line->exception,
                       .line = place.number,
                       .written = std::string(line->written)});
    } catch (const Error& error) {
      Diagnostic malformed = invalid(place, text, line->written, error.what());
      malformed.helps = error.diagnostic().helps;
      found.error(std::move(malformed));
    }
  }

  void add(const std::string& pattern, Rule rule) {
    Use& use = uses[index_of(pattern)];
    (rule.exception ? use.exceptions : use.exclusions).push_back(rules.size());
    rules.push_back(std::move(rule));
  }

  std::size_t index_of(const std::string& pattern) {
    const auto known = use_of.find(pattern);
    if (known != use_of.end()) return known->second;
    uses.push_back({.pattern = oci::Pattern(pattern, oci::Pattern::Grammar::ignore)});
    return use_of.emplace(pattern, uses.size() - 1).first->second;
  }

  void build_indexes() {
    std::vector<PrefixIndex::Item> fronts, ends, below, below_fronts;
    for (std::size_t i = 0; i < uses.size(); ++i) {
      const oci::Pattern& pattern = uses[i].pattern;
      const std::string front(pattern.prefix());
      const bool exception = !uses[i].exceptions.empty();
      if (exception) below_fronts.push_back({front, i});
      if (pattern.is_literal()) {
        literals.emplace(front, i);  // "\\a" and "a" are two patterns for one path
        if (literals.at(front) != i) fronts.push_back({front, i});
        continue;
      }
      if (exception) below.push_back({front, i});
      const std::string_view end = pattern.suffix();
      if (front.size() >= end.size()) {
        fronts.push_back({front, i});
      } else {
        ends.push_back({std::string(end.rbegin(), end.rend()), i});
      }
    }
    by_front = PrefixIndex(std::move(fronts));
    by_end = PrefixIndex(std::move(ends));
    exceptions_by_front = PrefixIndex(std::move(below));
    exception_fronts = PrefixIndex(std::move(below_fronts));
  }

  /// Collects the rules that match `path`.
  void match(std::string_view path, Matching& exclusions, Matching& exceptions) const {
    const auto take = [&](std::size_t i) {
      exclusions.add(uses[i].exclusions);
      exceptions.add(uses[i].exceptions);
    };
    const auto ask = [&](std::size_t i) {
      if (uses[i].pattern.matches(path)) take(i);
      return false;
    };
    if (const auto at = literals.find(std::string(path)); at != literals.end()) take(at->second);
    by_front.any_prefix_of(path, ask);
    by_end.any_prefix_of(std::string(path.rbegin(), path.rend()), ask);
  }

  Hits hits_of(const IgnoreRules& self, std::string_view path) const {
    Hits hits = self.root();
    for (std::size_t end = 0; end != std::string_view::npos && !path.empty();) {
      end = path.find('/', end == 0 ? 0 : end + 1);
      hits = self.enter(hits, path.substr(0, end));
    }
    return hits;
  }
};

IgnoreRules::IgnoreRules() : impl_(std::make_unique<Impl>()) {}
IgnoreRules::~IgnoreRules() = default;
IgnoreRules::IgnoreRules(IgnoreRules&&) noexcept = default;
IgnoreRules& IgnoreRules::operator=(IgnoreRules&&) noexcept = default;

IgnoreRules IgnoreRules::parse(std::string file, std::string_view text,
                               const std::filesystem::path& path) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  IgnoreRules out;
  support::Diagnostics found;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.impl_->add_line({file, path, number}, text.substr(0, end), found);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  found.throw_errors();
  out.complete();
  out.impl_->file = std::move(file);
  return out;
}

void IgnoreRules::add(std::string_view pattern) {
  const auto line = read_pattern(pattern);
  if (!line) return;
  if (line->pattern.empty()) {
    throw Error(Errc::failed, "pattern-invalid", "\"!\" stands alone: a pattern must follow");
  }
  // Only the ignore file forgives a slash in front; in a list it matches no path, as in BuildKit.
  const std::string_view rest = support::trim(line->written.substr(line->exception ? 1 : 0));
  const std::string text = rest.starts_with('/') ? '/' + line->pattern : line->pattern;
  impl_->add(text,
             {.exception = line->exception, .line = 0, .written = std::string(line->written)});
}

void IgnoreRules::complete() {
  impl_->build_indexes();
}

// The rules are taken in order, and a rule counts when it turns the state: an exclusion what is
// included, an exception what is excluded. What a parent was turned by turns its children at the
// same place, so that only rules behind the last of those places (`decided`, counted from 1) can
// say anything new about a child. Among these the last one that matches gives the state, and it was
// turned by the first of its kind behind the last one of the other kind.
bool IgnoreRules::is_empty() const {
  return impl_->uses.empty();
}

IgnoreRules::Hits IgnoreRules::enter(const Hits& parent, std::string_view path) const {
  if (is_empty()) return parent;
  Matching exclusions;
  Matching exceptions;
  impl_->match(path, exclusions, exceptions);
  const bool excluded = exclusions.last() > exceptions.last();
  const Matching& winner = excluded ? exclusions : exceptions;
  const std::size_t other = (excluded ? exceptions : exclusions).last();
  if (winner.last() <= parent.decided) return parent;
  if (other <= parent.decided && parent.excluded == excluded) return parent;
  return {.decided = winner.first_behind(std::max(other, parent.decided)), .excluded = excluded};
}

bool IgnoreRules::excludes(std::string_view path) const {
  return impl_->hits_of(*this, path).excluded;
}

bool IgnoreRules::may_reinclude_below(std::string_view path) const {
  // Hits that the directory has are not enough: with them its children are excluded like itself.
  const std::string below = support::concat(path, '/');
  if (impl_->exception_fronts.has_key_below(below)) return true;
  std::size_t asked = 0;
  return impl_->exceptions_by_front.any_prefix_of(below, [&](std::size_t i) {
    // To look is cheaper than to ask on.
    constexpr std::size_t most_asked = 1000;
    return ++asked > most_asked || impl_->uses[i].pattern.may_match_below(path);
  });
}

std::optional<IgnoreRules::Culprit> IgnoreRules::culprit(std::string_view path) const {
  const Hits hits = impl_->hits_of(*this, path);
  if (!hits.excluded) return std::nullopt;
  const Rule& rule = impl_->rules[hits.decided - 1];
  return Culprit{impl_->file, rule.line, rule.written};
}

std::optional<IgnoreRules::Culprit> IgnoreRules::culprit_of_everything() const {
  for (const Rule& rule : impl_->rules) {
    const std::string pattern = clean(rule.written);
    const bool all = pattern == "*" || pattern == "**" || pattern == "**/*";
    if (all && !rule.exception) return Culprit{impl_->file, rule.line, rule.written};
  }
  return std::nullopt;
}

bool IgnoreRules::has_exceptions() const {
  return std::any_of(impl_->rules.begin(), impl_->rules.end(),
                     [](const Rule& rule) { return rule.exception; });
}

}  // namespace ocibuild::context
