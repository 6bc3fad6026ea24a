// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <ocibuild/version.hpp>

#include "commands/doctor.hpp"

namespace ocibuild::program {

namespace {

using Json = nlohmann::ordered_json;

// Ahead of list_of(), which calls them.
Json json_of(const DoctorProxy& proxy);
Json json_of(const DoctorCheck& check);
Json json_of(const DoctorSource& source);
Json json_of(const DoctorSubject& subject);
Json json_of(const DoctorRule& rule);

template <typename Value>
Json list_of(const std::vector<Value>& values) {
  Json out = Json::array();
  for (const Value& value : values) out.push_back(json_of(value));
  return out;
}

Json json_of(const std::optional<Error>& problem) {
  if (!problem) return nullptr;
  const Diagnostic& diagnostic = problem->diagnostic();
  return {{"id", diagnostic.id},
          {"message", diagnostic.message},
          {"exit", static_cast<int>(problem->code())},
          {"notes", diagnostic.notes},
          {"helps", diagnostic.helps}};
}

Json json_of(const DoctorProxy& proxy) {
  return {{"url", proxy.url}, {"setting", proxy.setting}};
}

Json json_of(const DoctorCheck& check) {
  return {{"name", check.name},
          {"ms", static_cast<double>(check.time.count()) / 1000},
          {"problem", json_of(check.problem)}};
}

Json json_of(const std::optional<DoctorCertificate>& shown) {
  if (!shown) return nullptr;
  return {{"subject", shown->subject},
          {"issuer", shown->issuer},
          {"root", shown->root},
          {"notAfter", shown->not_after}};
}

Json json_of(const DoctorSource& source) {
  Json out{{"registry", source.registry},
           {"repository", source.repository},
           {"host", source.host},
           {"mirror", source.mirror},
           {"setting", source.setting},
           {"pushOnly", source.push_only},
           {"insecure", source.insecure},
           {"proxy", source.proxy ? json_of(*source.proxy) : Json()},
           {"works", source.works()},
           {"plainHttp", source.plain_http},
           {"address", source.address},
           {"certificate", json_of(source.certificate)},
           {"user", source.user},
           {"credentials", source.credentials},
           {"tokenHost", source.token_host},
           {"scopes", source.scopes},
           {"digest", source.digest},
           {"missing", source.missing},
           {"blobHost", source.blob_host},
           {"rateLimit", source.rate_limit},
           {"rateLeft", source.rate_left},
           {"clockSeconds", nullptr},
           {"checks", list_of(source.checks)}};
  if (source.clock) out["clockSeconds"] = static_cast<double>(source.clock->count()) / 1000;
  return out;
}

Json json_of(const DoctorSubject& subject) {
  constexpr const char* kinds[] = {"base", "image", "host", "file"};
  return {{"name", subject.name},
          {"kind", kinds[static_cast<int>(subject.kind)]},
          {"push", subject.push},
          {"inStore", subject.in_store},
          {"known", !subject.unknown},
          {"works", subject.works()},
          {"problem", json_of(subject.problem)},
          {"sources", list_of(subject.sources)}};
}

Json json_of(const DoctorRule& rule) {
  return {{"setting", rule.setting}, {"registry", rule.registry}, {"instead", rule.instead}};
}

}  // namespace

std::string doctor_json(const DoctorResult& result, const DoctorMachine& machine) {
  Json problems = Json::array();
  for (const Error& problem : result.problems) problems.push_back(json_of(std::optional(problem)));
  const auto worst = result.worst();
  const Json out{
      {"version", version},
      {"platform", Platform::host().str()},
      {"cpus", machine.cpus},
      {"store",
       {{"path", machine.store}, {"bytes", machine.store_bytes}, {"free", machine.free_bytes}}},
      {"settings", list_of(result.rules)},
      {"proxies", list_of(result.proxies)},
      {"noProxy", result.no_proxy},
      {"trust", {{"authorities", result.authorities}, {"files", result.trust_files}}},
      {"offline", machine.offline},
      {"problems", problems},
      {"subjects", list_of(result.subjects)},
      {"warnings", result.warnings},
      {"hosts", result.hosts},
      {"problemCount", result.problem_count()},
      {"exit", worst ? static_cast<int>(*worst) : 0}};
  // ASCII only: what a registry says reaches no terminal as control characters.
  return out.dump(2, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace ocibuild::program
