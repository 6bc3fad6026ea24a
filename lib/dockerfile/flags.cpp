// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>
#include <utility>

#include "dockerfile/statement.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

enum class FlagKind { text, boolean, list };
using FlagTable = std::map<std::string, FlagKind, std::less<>>;

/// What an instruction allows; the only list of flags there is.
const FlagTable& flags_of(std::string_view keyword) {
  using enum FlagKind;
  static const std::map<std::string, FlagTable, std::less<>> tables = {
      {"FROM", {{"platform", text}}},
      {"COPY",
       {{"from", text},
        {"chown", text},
        {"chmod", text},
        {"link", boolean},
        {"parents", boolean},
        {"exclude", list}}},
      {"ADD",
       {{"chown", text},
        {"chmod", text},
        {"link", boolean},
        {"exclude", list},
        {"checksum", text},
        {"keep-git-dir", boolean},
        {"unpack", boolean}}},
      {"RUN", {{"mount", list}, {"network", text}, {"security", text}, {"device", list}}},
      {"HEALTHCHECK",
       {{"interval", text},
        {"timeout", text},
        {"start-period", text},
        {"start-interval", text},
        {"retries", text}}},
  };
  static const FlagTable none;
  const auto at = tables.find(keyword);
  return at == tables.end() ? none : at->second;
}

std::vector<std::string> names_of(const FlagTable& table) {
  std::vector<std::string> out;
  for (const auto& [name, kind] : table) out.push_back("--" + name);
  return out;
}

void report_unknown(const Statement& statement, const FlagTable& table, const FlagWord& word,
                    const Span& span) {
  const auto nearest = statement.findings.nearest(word.name, [&] { return names_of(table); });
  std::vector<std::string> helps = did_you_mean(nearest);
  if (table.empty()) {
    helps = {concat(statement.keyword, " has no flags at all")};
    if (statement.keyword == "CMD" || statement.keyword == "ENTRYPOINT") {
      helps.push_back(concat("a command that begins with \"--\" needs the JSON form: ",
                             statement.keyword, " [", quote(word.name), "]"));
    }
  } else if (!nearest) {
    helps = {concat(statement.keyword, " has ", support::join(names_of(table), ", "))};
  }
  statement.findings.error("unknown-flag",
                           concat(statement.keyword, " has no flag ", quote(word.name)), span,
                           {.helps = std::move(helps)});
}

/// False, and an error, when the value does not fit the kind.
bool check_value(const Statement& statement, FlagKind kind, const FlagWord& word,
                 const Span& name_span, const Span& value_span) {
  if (kind != FlagKind::boolean) {
    if (word.value) return true;
    statement.findings.error("flag-value-missing",
                             concat(statement.keyword, " ", word.name, " has no value"), name_span,
                             {.helps = {concat("write ", word.name, "=VALUE, without blanks")}});
    return false;
  }
  if (!word.value || support::equal_ignoring_case(*word.value, "true") ||
      support::equal_ignoring_case(*word.value, "false")) {
    return true;
  }
  statement.findings.error(
      "flag-value-invalid",
      concat(statement.keyword, " ", word.name, " cannot be ", quote(*word.value)), value_span,
      {.helps = {concat("write ", word.name, ", ", word.name, "=true or ", word.name, "=false")}});
  return false;
}

}  // namespace

bool take_flags(Statement& statement, Slice args) {
  const LogicalLine& line = statement.line;
  const FlagWords words = split_flags(args.of(line.text), statement.escape);
  statement.text = trimmed(line.text, {args.offset + words.rest, args.length - words.rest});
  const FlagTable& table = flags_of(statement.keyword);
  const auto moved = [&](Slice slice) { return Slice{slice.offset + args.offset, slice.length}; };
  bool good = true;
  std::set<std::string, std::less<>> seen;
  for (const FlagWord& word : words.flags) {
    const Span name_span = line.span(moved(word.name_at));
    const Span value_span = line.span(moved(word.value_at));
    const std::string name = word.name.substr(2);
    const auto rule = table.find(name);
    if (rule == table.end()) {
      report_unknown(statement, table, word, name_span);
      good = false;
      continue;
    }
    if (!seen.insert(name).second && rule->second != FlagKind::list) {
      statement.findings.error("flag-repeated",
                               concat(statement.keyword, " has ", word.name, " twice"), name_span,
                               {.helps = {"keep one of the two"}});
      good = false;
    }
    good = check_value(statement, rule->second, word, name_span, value_span) && good;
    statement.flags.push_back({name, {word.value.value_or("true"), value_span}, name_span});
  }
  return good;
}

}  // namespace ocibuild::dockerfile
