// SPDX-License-Identifier: Apache-2.0
#include "commands/check_json.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base64.hpp"
#include "ci_log.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

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

Json finding_json(const Finding& finding, const fs::path& directory) {
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
    out["file"] = file_of(*diagnostic.where, directory);
    out["line"] = diagnostic.where->line;
    out["col"] = diagnostic.where->column;
    out["end"] = diagnostic.where->column + diagnostic.where->length;
    if (!diagnostic.where->label.empty()) out["label"] = diagnostic.where->label;
  }
  out["notes"] = diagnostic.notes;
  out["helps"] = diagnostic.helps;
  return out;
}

Json findings_json(const CheckResult& result, Severity severity, const fs::path& directory) {
  Json out = Json::array();
  for (const Finding& finding : result.findings) {
    if (finding.severity == severity) out.push_back(finding_json(finding, directory));
  }
  return out;
}

/// What BuildKit has in place of our "errors": the first, after which it stops.
Json build_error_json(const Diagnostic& diagnostic) {
  Json out{{"message", diagnostic.message}, {"location", Json::object()}};
  if (diagnostic.where) out["location"] = location_json(*diagnostic.where);
  return out;
}

}  // namespace

std::string check_json(const CheckResult& result, const fs::path& directory) {
  const std::string file =
      result.path.empty() ? result.file : path_from(directory, result.path).string();
  const Json source{
      {"filename", file}, {"data", base64(result.dockerfile)}, {"language", "Dockerfile"}};
  Json out{{"warnings", findings_json(result, Severity::warning, directory)},
           {"errors", findings_json(result, Severity::error, directory)},
           {"sources", Json::array({source})},
           {"counts", {{"errors", result.errors}, {"warnings", result.warnings}}}};
  const auto error = std::ranges::find(result.findings, Severity::error, &Finding::severity);
  if (error != result.findings.end()) out["buildError"] = build_error_json(error->diagnostic);
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string check_github(const CheckResult& result, const fs::path& directory) {
  std::string out;
  for (const Finding& finding : result.findings)
    out += github_annotation(finding.diagnostic, finding.severity, directory);
  return out;
}

}  // namespace ocibuild::program
