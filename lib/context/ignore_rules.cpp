// SPDX-License-Identifier: Apache-2.0
#include "context/ignore_rules.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "oci/pattern.hpp"
#include "support/diagnostics.hpp"
#include "support/text.hpp"

namespace ocibuild::context {

namespace {

struct Rule {
  oci::Pattern pattern;
  bool exception;
  unsigned line;
  std::string written;
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
  return text.starts_with('#') ? std::nullopt : read_pattern(text);
}

Diagnostic invalid(const std::string& file, unsigned number, std::string_view text,
                   std::string_view written, std::string message) {
  if (text.ends_with('\r')) text.remove_suffix(1);
  SourceRange where{.file = file,
                    .line = number,
                    .column = static_cast<unsigned>(written.data() - text.data()) + 1,
                    .length = static_cast<unsigned>(written.size()),
                    .label = {},
                    .first_line = number,
                    .excerpt = {std::string(text)}};
  return {.id = "ignore-pattern-invalid", .message = std::move(message), .where = std::move(where)};
}

}  // namespace

struct IgnoreRules::Impl {
  std::string file;
  std::vector<Rule> rules;

  void add(const std::string& name, unsigned number, std::string_view text,
           support::Diagnostics& found) {
    const auto line = read_line(text);
    if (!line) return;
    if (line->pattern.empty()) {
      Diagnostic lone =
          invalid(name, number, text, line->written, "\"!\" stands alone: a pattern must follow");
      lone.helps.emplace_back("remove the line, or write the paths to keep after \"!\"");
      found.error(std::move(lone));
      return;
    }
    try {
      rules.push_back({.pattern = oci::Pattern(line->pattern, oci::Pattern::Grammar::ignore),
                       .exception = line->exception,
                       .line = number,
                       .written = std::string(line->written)});
    } catch (const Error& error) {
      Diagnostic malformed = invalid(name, number, text, line->written, error.what());
      malformed.helps = error.diagnostic().helps;
      found.error(std::move(malformed));
    }
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

IgnoreRules IgnoreRules::parse(std::string file, std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  IgnoreRules out;
  support::Diagnostics found;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.impl_->add(file, number, text.substr(0, end), found);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  found.throw_errors();
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
  impl_->rules.push_back({.pattern = oci::Pattern(text, oci::Pattern::Grammar::ignore),
                          .exception = line->exception,
                          .line = 0,
                          .written = std::string(line->written)});
}

IgnoreRules::Hits IgnoreRules::root() const {
  return {.hit = std::vector<bool>(impl_->rules.size(), false)};
}

IgnoreRules::Hits IgnoreRules::enter(const Hits& parent, std::string_view path) const {
  Hits out{.hit = parent.hit};
  for (std::size_t i = 0; i < impl_->rules.size(); ++i) {
    const Rule& rule = impl_->rules[i];
    // A pattern that would change nothing is not asked, and so leaves no hit to inherit.
    if (!out.hit[i] && rule.exception == out.excluded) out.hit[i] = rule.pattern.matches(path);
    if (out.hit[i]) out.excluded = !rule.exception;
  }
  return out;
}

bool IgnoreRules::excludes(std::string_view path) const {
  return impl_->hits_of(*this, path).excluded;
}

bool IgnoreRules::may_reinclude_below(std::string_view path) const {
  // Hits that the directory has are not enough: with them its children are excluded like itself.
  return std::any_of(impl_->rules.begin(), impl_->rules.end(), [&](const Rule& rule) {
    return rule.exception && rule.pattern.may_match_below(path);
  });
}

std::optional<IgnoreRules::Culprit> IgnoreRules::culprit(std::string_view path) const {
  const Hits hits = impl_->hits_of(*this, path);
  if (!hits.excluded) return std::nullopt;
  for (std::size_t i = hits.hit.size(); i-- > 0;) {
    const Rule& rule = impl_->rules[i];
    if (hits.hit[i]) return Culprit{impl_->file, rule.line, rule.written};
  }
  return std::nullopt;
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
