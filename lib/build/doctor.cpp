// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/doctor.hpp>

#include "build/doctor_checks.hpp"
#include "build/doctor_subjects.hpp"
#include "http/proxy.hpp"
#include "http/trust.hpp"
#include "support/text.hpp"

namespace ocibuild {
namespace engine {
namespace {

using registry::Purpose;
using registry::Scopes;
using registry::Session;
using support::concat;

/// A question is asked once: who waits in front of a doctor has no use for repetitions.
NetworkSettings asking_once(NetworkSettings settings) {
  settings.retries = 0;
  return settings;
}

class Doctor {
public:
  Doctor(const DoctorRequest& request, std::stop_token stop)
      : request_(request),
        settings_(asking_once(request.network)),
        network_(settings_, std::move(stop)) {}

  DoctorResult run() {
    std::vector<Examination> examinations = find_subjects(request_, network_.configuration());
    read_proxies();
    read_trust();
    for (const Examination& examination : examinations) examine(examination);
    for (const DoctorSubject& subject : out_.subjects) add_hosts(subject);
    out_.warnings = network_.credentials().warnings();
    return std::move(out_);
  }

private:
  void read_proxies() {
    try {
      for (const http::Proxy& proxy : http::all_proxies(network_.proxies()))
        out_.proxies.push_back({proxy.url, proxy.setting});
      out_.no_proxy = network_.proxies().no_proxy;
    } catch (const Error& error) {
      out_.problems.push_back(error);
    }
  }

  void read_trust() {
    const TrustSettings& trust = settings_.trust;
    try {
      const http::Trust::Summary summary = http::Trust(trust).summary();
      out_.authorities = summary.authorities;
      if (!summary.file.empty()) out_.trust_files.push_back(summary.file);
    } catch (const Error& error) {
      out_.problems.push_back(error);
    }
    if (!trust.directory.empty()) out_.trust_files.push_back(trust.directory.string());
    for (const auto& file : trust.extra) out_.trust_files.push_back(file.string());
  }

  void examine(const Examination& examination) {
    DoctorSubject subject = examination.subject;
    if (examination.url && !subject.in_store)
      subject.sources.push_back(examine_file(*examination.url, !subject.unknown));
    for (const registry::Source& source : examination.sources) {
      add_rule(examination, source);
      const bool last = &source == &examination.sources.back();
      const bool destination = last && examination.last_is_destination;
      Session session(network_, source, destination ? Purpose::push : Purpose::pull);
      DoctorSource found = introduce(session);
      found.push_only = last && examination.last_is_push_only;
      if (has_proxy(session.api(), found) && !settings_.offline) {
        if (request_.asking) request_.asking(source.registry);
        ask(session, examination, destination, found);
      }
      subject.sources.push_back(std::move(found));
    }
    out_.subjects.push_back(std::move(subject));
  }

  static DoctorSource introduce(const Session& session) {
    const registry::Source& source = session.source();
    return {.registry = source.registry,
            .repository = source.repository,
            .host = host_and_port(session.api()),
            .mirror = source.mirror,
            .setting = source.setting,
            .insecure = source.insecure};
  }

  DoctorSource examine_file(const http::Url& url, bool asks) {
    DoctorSource found{.registry = url.origin.authority(),
                       .repository = {},
                       .host = host_and_port(url.origin),
                       .plain_http = url.origin.scheme == "http"};
    if (has_proxy(url.origin, found) && asks && !settings_.offline) {
      if (request_.asking) request_.asking(found.registry);
      check_file(network_, url, found);
    }
    return found;
  }

  /// False: the setting for it cannot be used.
  bool has_proxy(const http::Origin& origin, DoctorSource& found) {
    try {
      const http::Url url{.origin = origin, .path = "/v2/"};
      if (const auto proxy = http::proxy_for(url, network_.proxies()))
        found.proxy = {proxy->url, proxy->setting};
      return true;
    } catch (const Error& error) {
      found.checks.push_back({.name = "settings", .problem = error});
      return false;
    }
  }

  void ask(Session& session, const Examination& examination, bool destination,
           DoctorSource& found) {
    if (!check_connection(session, first_answers_, found)) return;
    check_clock(found);
    if (!check_credentials(session, found)) return;
    const std::string& repository = found.repository;
    const Scopes scopes = !examination.image ? Scopes()
                          : destination      ? Scopes::push(repository)
                                             : Scopes::pull(repository);
    if (!check_token(session, scopes, found)) return;
    if (!examination.image) {
      check_login(session, found);
      return;
    }
    if (!found.push_only) ask_for_image(session, *examination.image, found);
    if (destination && check_push(session, found)) forgive_missing_image(found);
  }

  static void ask_for_image(Session& session, const Reference& image, DoctorSource& found) {
    const std::string reference = image.digest ? image.digest->str() : image.tag;
    if (const auto blob = check_manifest(session, reference, found))
      check_blob(session, *blob, found);
  }

  /// A destination needs no image; registries also say 401 and 403 of repositories that are not
  /// there.
  static void forgive_missing_image(DoctorSource& found) {
    const auto check = std::ranges::find(found.checks, "manifest", &DoctorCheck::name);
    if (check == found.checks.end() || !check->problem) return;
    const Errc code = check->problem->code();
    if (code != Errc::not_found && code != Errc::credentials) return;
    check->problem.reset();
    found.missing = true;
  }

  void add_rule(const Examination& examination, const registry::Source& source) {
    if (source.setting.empty()) return;
    const auto& image = examination.image;
    const std::string& registry = image ? image->registry : examination.subject.name;
    std::string instead = concat(source.registry, '/', source.repository);
    const std::string own = image ? '/' + image->repository : "/";
    if (instead.ends_with(own)) instead.resize(instead.size() - own.size());
    const bool known = std::ranges::any_of(out_.rules, [&](const DoctorRule& rule) {
      return rule.setting == source.setting && rule.registry == registry && rule.instead == instead;
    });
    if (!known) out_.rules.push_back({source.setting, registry, instead});
  }

  /// Those of the source that a pull ends at, or of all while there is none; and of a destination.
  void add_hosts(const DoctorSubject& subject) {
    const auto works = [](const DoctorSource& source) {
      return !source.push_only && source.works();
    };
    const auto first = std::ranges::find_if(subject.sources, works);
    for (const DoctorSource& source : subject.sources) {
      const bool is_destination = subject.push && &source == &subject.sources.back();
      const bool wanted = first == subject.sources.end() || &source == &*first;
      if (!wanted && !is_destination) continue;
      for (const std::string& host : {source.host, source.token_host, source.blob_host}) {
        if (!host.empty() && std::ranges::find(out_.hosts, host) == out_.hosts.end())
          out_.hosts.push_back(host);
      }
    }
  }

  const DoctorRequest& request_;
  const NetworkSettings settings_;
  registry::Network network_;
  FirstAnswers first_answers_;
  DoctorResult out_;
};

}  // namespace
}  // namespace engine

bool DoctorSource::works() const {
  const auto is_wrong = [](const DoctorCheck& check) {
    return check.problem && check.name != "clock";
  };
  return !checks.empty() && std::ranges::none_of(checks, is_wrong);
}

bool DoctorSubject::works() const {
  if (in_store || unknown) return true;
  if (problem || sources.empty()) return false;
  if (push && !sources.back().works()) return false;
  return std::ranges::any_of(sources, [](const DoctorSource& source) { return source.works(); });
}

namespace {

template <typename Function>
void each_problem(const DoctorResult& result, Function function) {
  for (const Error& problem : result.problems) function(problem);
  for (const DoctorSubject& subject : result.subjects) {
    if (subject.problem) function(*subject.problem);
    for (const DoctorSource& source : subject.sources) {
      for (const DoctorCheck& check : source.checks) {
        if (check.problem) function(*check.problem);
      }
    }
  }
}

}  // namespace

std::size_t DoctorResult::problem_count() const {
  std::size_t count = 0;
  each_problem(*this, [&](const Error&) { ++count; });
  return count;
}

std::optional<Errc> DoctorResult::worst() const {
  std::optional<Errc> out;
  each_problem(*this, [&](const Error& problem) {
    if (!out || problem.code() > *out) out = problem.code();
  });
  return out;
}

DoctorResult doctor(const DoctorRequest& request, std::stop_token stop) {
  return engine::Doctor(request, std::move(stop)).run();
}

}  // namespace ocibuild
