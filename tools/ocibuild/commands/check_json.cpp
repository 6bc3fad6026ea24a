// SPDX-License-Identifier: Apache-2.0
#include "commands/check_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

/// "JSONArgsRecommended" -> "json-args-recommended", as BuildKit's manual names its pages.
std::string page_name(const std::string& rule) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::string out;
  for (std::size_t i = 0; i < rule.size(); ++i) {
    const bool starts_word = upper(rule[i]) && i > 0 &&
                             (!upper(rule[i - 1]) || (i + 1 < rule.size() && !upper(rule[i + 1])));
    if (starts_word) out += '-';
    out += upper(rule[i]) ? static_cast<char>(rule[i] - 'A' + 'a') : rule[i];
  }
  return out;
}

/// BuildKit's rules are written in CamelCase, ours in kebab-case.
bool is_buildkit_rule(const std::string& id) {
  return !id.empty() && id.front() >= 'A' && id.front() <= 'Z';
}

Json location_json(const SourceRange& where) {
  const unsigned start = where.column > 0 ? where.column - 1 : 0;
  const Json range{{"start", {{"line", where.line}, {"character", start}}},
                   {"end", {{"line", where.line}, {"character", start + where.length}}}};
  return {{"ranges", Json::array({range})}};
}

Json finding_json(const Finding& finding, const CheckResult& result) {
  const Diagnostic& diagnostic = finding.diagnostic;
  Json out;
  if (finding.severity == Severity::warning) {
    out["ruleName"] = diagnostic.id;
    if (is_buildkit_rule(diagnostic.id) && diagnostic.id != "InvalidBaseImagePlatform") {
      out["url"] = "https://docs.docker.com/go/dockerfile/rule/" + page_name(diagnostic.id) + '/';
    }
    out["detail"] = diagnostic.message;
  }
  if (diagnostic.where) out["location"] = location_json(*diagnostic.where);
  out["id"] = diagnostic.id;
  out["severity"] = finding.severity == Severity::error ? "error" : "warning";
  out["message"] = diagnostic.message;
  if (diagnostic.where) {
    out["file"] = file_of(diagnostic, result);
    out["line"] = diagnostic.where->line;
    out["col"] = diagnostic.where->column;
    out["end"] = diagnostic.where->column + diagnostic.where->length;
    if (!diagnostic.where->label.empty()) out["label"] = diagnostic.where->label;
  }
  out["notes"] = diagnostic.notes;
  out["helps"] = diagnostic.helps;
  return out;
}

Json findings_json(const CheckResult& result, Severity severity) {
  Json out = Json::array();
  for (const Finding& finding : result.findings) {
    if (finding.severity == severity) out.push_back(finding_json(finding, result));
  }
  return out;
}

/// `text` as GitHub's workflow commands want it; in a property ':' and ',' have a meaning too.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (!special) {
      out += c;
      continue;
    }
    static constexpr char digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

std::string github_line(const Finding& finding, const CheckResult& result) {
  const Diagnostic& diagnostic = finding.diagnostic;
  std::string out = finding.severity == Severity::error ? "::error " : "::warning ";
  if (diagnostic.where) {
    const SourceRange& where = *diagnostic.where;
    out += "file=" + escaped(terminal_text(file_of(diagnostic, result)), true) +
           ",line=" + std::to_string(where.line) + ",col=" + std::to_string(where.column) +
           ",endColumn=" + std::to_string(where.column + where.length) + ',';
  }
  std::string text = terminal_text(diagnostic.message);
  if (diagnostic.where && !diagnostic.where->label.empty()) {
    text += " (" + terminal_text(diagnostic.where->label) + ')';
  }
  for (const std::string& note : diagnostic.notes) text += "\nnote: " + terminal_text(note);
  for (const std::string& help : diagnostic.helps) text += "\nhelp: " + terminal_text(help);
  return out + "title=" + escaped(diagnostic.id, true) + "::" + escaped(text, false) + '\n';
}

}  // namespace

std::string file_of(const Diagnostic& diagnostic, const CheckResult& result) {
  const std::string& file = diagnostic.where->file;
  if (result.path.empty()) return file;
  if (file == result.file) return result.path.string();
  // The ignore file, which is called after the Dockerfile or stands in the context.
  return file;
}

std::string check_json(const CheckResult& result) {
  const Json out{
      {"warnings", findings_json(result, Severity::warning)},
      {"errors", findings_json(result, Severity::error)},
      {"sources",
       Json::array({{{"filename", result.path.empty() ? result.file : result.path.string()}}})},
      {"counts", {{"errors", result.errors}, {"warnings", result.warnings}}}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string check_github(const CheckResult& result) {
  std::string out;
  for (const Finding& finding : result.findings) out += github_line(finding, result);
  return out;
}

}  // namespace ocibuild::program
