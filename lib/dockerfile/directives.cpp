// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/directives.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "dockerfile/findings.hpp"
#include "dockerfile/words.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

std::optional<Directive> directive_in_comment(std::string_view comment) {
  const std::size_t equals = comment.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = support::trim(comment.substr(0, equals));
  const auto alnum = [](char c) { return support::is_alpha(c) || support::is_digit(c); };
  if (name.empty() || !support::is_alpha(name.front()) || !std::ranges::all_of(name, alnum)) {
    return std::nullopt;
  }
  const Slice value = trimmed(comment, {equals + 1, comment.size() - equals - 1});
  if (value.length == 0) return std::nullopt;
  return Directive{support::to_lower(name), value};
}

namespace {

/// `# name = value`, if the line is that.
std::optional<Directive> directive_in(std::string_view line) {
  const Slice text = trimmed(line, {0, line.size()});
  if (text.length == 0 || line[text.offset] != '#') return std::nullopt;
  const std::size_t behind = text.offset + 1;
  auto directive = directive_in_comment(line.substr(behind));
  if (directive) directive->value.offset += behind;
  return directive;
}

/// Whether `# syntax=value` asks for the language that is implemented here.
bool is_own_syntax(std::string_view value) {
  const std::string_view image = value.substr(0, value.find_first_of(" \t"));
  try {
    const Reference name = Reference::parse(image);
    return name.registry == "docker.io" && (name.repository == "docker/dockerfile" ||
                                            name.repository == "docker/dockerfile-upstream");
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Directives read_directives(const SourceText& source, support::Diagnostics& diagnostics) {
  Directives out;
  std::map<std::string, unsigned> seen;
  std::vector<std::pair<std::string, Span>> unknown_checks;
  std::optional<Span> other_syntax;
  Findings findings(source, out.checks, diagnostics);
  for (unsigned number = 1; number <= source.lines().size(); ++number) {
    const std::string& line = source.lines()[number - 1];
    const auto directive = directive_in(line);
    if (!directive) break;
    const auto& [name, value_at] = *directive;
    if (name != "syntax" && name != "escape" && name != "check") break;
    out.checks.directive_lines = number;
    const Span span{number, static_cast<unsigned>(value_at.offset + 1),
                    static_cast<unsigned>(value_at.length), number, number};
    if (const auto [at, first] = seen.emplace(name, number); !first) {
      findings.error("directive-repeated",
                     concat("the directive ", quote(name), " stands on line ", at->second,
                            " and again on line ", number),
                     span, {.helps = {"keep one of the two lines"}});
      continue;
    }
    const std::string_view value = value_at.of(line);
    if (name == "escape") {
      if (value == "\\" || value == "`") {
        out.escape = value.front();
      } else {
        findings.error("escape-invalid", concat(quote(value), " cannot be the escape character"),
                       span, {.helps = {"write # escape=\\ or # escape=`"}});
      }
    } else if (name == "syntax" && !is_own_syntax(value)) {
      other_syntax = span;
    } else if (name == "check") {
      out.checks = Checks::parse(value);
      out.checks.directive_lines = number;
      for (const std::string& option : out.checks.unknown)
        unknown_checks.emplace_back(option, span);
    }
  }
  // Said last, because # check may stand below and silence it.
  if (other_syntax) {
    findings.warning("syntax-ignored",
                     "this frontend is not fetched: the file is read as a Dockerfile",
                     *other_syntax, {.helps = {"write # syntax=docker/dockerfile:1, or nothing"}});
  }
  for (const auto& [option, span] : unknown_checks) {
    findings.warning("check-option-unknown", concat("# check does not know ", quote(option)), span,
                     {.helps = {"write # check=skip=NAME,NAME;error=true"}});
  }
  return out;
}

}  // namespace ocibuild::dockerfile
