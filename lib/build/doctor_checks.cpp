// SPDX-License-Identifier: Apache-2.0
#include "build/doctor_checks.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <ocibuild/error.hpp>

#include "build/url_download.hpp"
#include "http/retry.hpp"
#include "oci/image_json.hpp"
#include "oci/platform_choice.hpp"
#include "registry/blob_upload.hpp"
#include "registry/manifests.hpp"
#include "registry/registry_error.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using registry::Answer;
using registry::Call;
using registry::Session;
using support::concat;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr std::chrono::minutes clock_tolerance{5};
constexpr std::uint64_t largest_first_byte = 64 * 1024;

microseconds since(Clock::time_point began) {
  return std::chrono::duration_cast<microseconds>(Clock::now() - began);
}

/// Without "while …", which the check says already.
Error plain(const Error& error) {
  Diagnostic diagnostic = error.diagnostic();
  std::erase_if(diagnostic.notes,
                [](const std::string& note) { return note.starts_with("while "); });
  return {error.code(), std::move(diagnostic)};
}

/// Runs `work` as the check `name`; what it throws is the problem, unless it is nobody's.
template <typename Work>
bool attempt(DoctorSource& found, const char* name, Work work) {
  const auto began = Clock::now();
  DoctorCheck check{.name = name};
  try {
    work();
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted || error.code() == Errc::internal) throw;
    check.problem = plain(error);
  }
  check.time = since(began);
  found.checks.push_back(std::move(check));
  return !found.checks.back().problem;
}

/// The step of a connection at which it failed.
std::string_view step_of(http::Failure::Kind kind) {
  using enum http::Failure::Kind;
  switch (kind) {
    case dns:
    case proxy_dns:
      return "dns";
    case connect:
    case connect_timeout:
    case proxy_connect:
    case proxy_auth:
    case proxy_refused:
      return "connect";
    case tls_handshake:
    case tls_untrusted:
    case tls_name:
    case tls_time:
    case certificate_file:
      return "tls";
    default:
      return "api";
  }
}

/// A page instead of a registry. Some registries answer 401 and 404 to a bare /v2/ with one.
bool is_foreign(const Answer& answer) {
  const bool usual = answer.status == 401 || answer.status == 404 || answer.status >= 500;
  return !usual && read_words(answer).is_html;
}

/// Elsewhere the next step is to ask the doctor.
Error with_own_help(const Error& error, http::Failure::Kind kind, const http::Origin& origin,
                    std::string_view instead) {
  const std::string_view step = step_of(kind);
  if (step != "dns" && step != "connect") return error;
  Diagnostic diagnostic = error.diagnostic();
  diagnostic.helps = {concat("let this machine reach ", host_and_port(origin),
                             instead.empty() ? ", or" : ",",
                             " name a proxy that does (HTTPS_PROXY)", instead)};
  return {error.code(), std::move(diagnostic)};
}

Error problem_of(Session& session, const Answer& answer) {
  const Error error = answer_error({.registry = session.source().registry,
                                    .repository = session.source().repository,
                                    .trust = session.network().client().trust()},
                                   answer);
  if (!answer.failure || !answer.via_proxy.empty()) return error;
  return with_own_help(error, answer.failure->kind, answer.url.origin,
                       ", or use --registry-mirror");
}

void take_facts(const http::Connection& connection, DoctorSource& found) {
  found.address = connection.address;
  const http::PeerCertificate& shown = connection.certificate;
  if (!shown.subject.empty())
    found.certificate = {shown.subject, shown.issuer, shown.root, shown.not_after};
}

void take_facts(const Answer& answer, DoctorSource& found) {
  take_facts(answer.connection, found);
  if (answer.failure) return;
  found.plain_http = answer.url.origin.scheme == "http";
  const auto date = http::parse_date(answer.headers.find("date").value_or(""));
  if (!date) return;
  // A date has whole seconds, cut off.
  const auto theirs = std::chrono::milliseconds(*date * 1000 + 500);
  found.clock = std::chrono::duration_cast<std::chrono::milliseconds>(
                    std::chrono::system_clock::now().time_since_epoch()) -
                theirs;
}

/// GET /v2/, or what it gave before: of a failure the whole, of a success the connection.
Answer first_answer(Session& session, FirstAnswers& first) {
  const auto known = first.find(session.source().registry);
  if (known != first.end() && known->second.failure) return known->second;
  Answer answer = session.ping();
  if (known == first.end()) {
    first.emplace(session.source().registry, answer);
  } else if (!answer.connection.opened) {
    answer.connection = known->second.connection;
  }
  return answer;
}

/// Takes the beginning of a blob: all of a short answer, of a long one the head.
class FirstByte final : public http::ResponseTaker {
public:
  bool head(const http::ResponseHead& head) override {
    std::uint64_t size = 0;
    const auto length = head.headers.find("content-length");
    return length && support::parse_number(*length, largest_first_byte, size);
  }
  void body(support::Bytes) override {}
};

/// Of an index the image for this machine, else the first that there is.
Manifest image_manifest(Session& session, const registry::Document& document) {
  if (!oci::is_index(document.descriptor.media_type)) return oci::parse_manifest(document.bytes);
  const Index index = oci::parse_index(document.bytes);
  const Descriptor* chosen = oci::choose_platform(index, Platform::host());
  if (chosen == nullptr && !index.manifests.empty()) chosen = &index.manifests.front();
  if (chosen == nullptr) throw Error(Errc::failed, "manifest-invalid", "the index names no image");
  return oci::parse_manifest(fetch_manifest(session, chosen->digest.str()).bytes);
}

}  // namespace

std::string host_and_port(const http::Origin& origin) {
  const bool v6 = origin.host.find(':') != std::string::npos;
  return concat(v6 ? concat('[', origin.host, ']') : origin.host, ':', origin.port);
}

namespace {

/// The steps of making a connection, and `last`, which was done by it in what is left of `time`; up
/// to the one that failed (empty: none).
void add_steps(const http::Connection& connection, const char* last, microseconds time,
               std::string_view failed, DoctorSource& found) {
  const std::array<std::pair<const char*, microseconds>, 4> steps{
      {{"dns", connection.dns},
       {"connect", connection.connect},
       {"tls", connection.tls},
       {last, time - connection.dns - connection.connect - connection.tls}}};
  for (const auto& [name, took] : steps) {
    const bool no_tls = std::string_view(name) == "tls" && took == microseconds() && failed != name;
    if (no_tls) continue;
    found.checks.push_back({.name = name, .time = std::max(took, microseconds())});
    if (failed == name) return;
  }
}

}  // namespace

bool check_connection(Session& session, FirstAnswers& first, DoctorSource& found) {
  const auto began = Clock::now();
  Answer answer;
  const auto ask = [&] { answer = first_answer(session, first); };
  if (!attempt(found, "settings", ask)) return false;
  found.checks.pop_back();
  take_facts(answer, found);
  const bool foreign = !answer.failure && is_foreign(answer);
  const std::string_view failed = answer.failure ? step_of(answer.failure->kind)
                                  : foreign      ? "api"
                                                 : "";
  add_steps(answer.connection, "api", since(began), failed, found);
  if (!failed.empty()) found.checks.back().problem = problem_of(session, answer);
  return failed.empty();
}

void check_clock(DoctorSource& found) {
  if (!found.clock) return;
  attempt(found, "clock", [&] {
    if (std::chrono::abs(*found.clock) <= clock_tolerance) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*found.clock).count();
    throw Error(Errc::network_setup, "tls-clock",
                concat("the clock of this machine is ", std::abs(seconds), " s ",
                       seconds > 0 ? "ahead of" : "behind", " that of ", found.registry))
        .help("set the clock: certificates, tokens and signatures depend on it");
  });
}

bool check_credentials(Session& session, DoctorSource& found) {
  {
    const std::lock_guard lock(session.state().mutex);
    if (!session.state().challenge) return true;
  }
  return attempt(found, "credentials", [&] {
    const auto known = session.credential();
    if (!known) return;
    found.user = known->user;
    found.credentials = known->source;
  });
}

bool check_token(Session& session, const registry::Scopes& scopes, DoctorSource& found) {
  {
    const std::lock_guard lock(session.state().mutex);
    const auto& challenge = session.state().challenge;
    if (!challenge || challenge->scheme != "bearer") return true;
    const auto realm = http::Url::parse(challenge->parameter("realm"));
    if (realm) found.token_host = host_and_port(realm->origin);
  }
  return attempt(found, "token", [&] {
    if (const auto token = session.token(scopes)) found.scopes = token->scopes.str();
  });
}

bool check_login(Session& session, DoctorSource& found) {
  // A token for nothing in particular is all that nobody can show.
  if (found.credentials.empty() && !found.token_host.empty()) return true;
  return attempt(found, "login", [&] {
    const Call call{.url = http::Url{.origin = session.api(), .path = "/v2/"},
                    .doing = concat("asking ", session.source().registry, " for /v2/")};
    const Answer answer = session.perform(call);
    const bool open = !answer.failure && (answer.status == 403 || answer.status == 404);
    if (!answer.ok() && !open) session.fail(call, answer);
  });
}

std::optional<Descriptor> check_manifest(Session& session, const std::string& reference,
                                         DoctorSource& found) {
  std::optional<Descriptor> blob;
  http::Headers headers;
  attempt(found, "manifest", [&] {
    const registry::Document document = fetch_manifest(session, reference, &headers);
    found.digest = document.descriptor.digest.str();
    const Manifest manifest = image_manifest(session, document);
    // What layers are served from is what a firewall must let through; foreign ones come from
    // elsewhere.
    const bool layer = !manifest.layers.empty() && manifest.layers.front().urls.empty();
    blob = layer ? manifest.layers.front() : manifest.config;
  });
  found.rate_limit = headers.find("ratelimit-limit").value_or("");
  found.rate_left = headers.find("ratelimit-remaining").value_or("");
  return blob;
}

bool check_blob(Session& session, const Descriptor& blob, DoctorSource& found) {
  return attempt(found, "blob", [&] {
    Call call{.target = concat("blobs/", blob.digest.str()),
              .scopes = registry::Scopes::pull(session.source().repository),
              .doing = concat("asking ", session.source().registry, " for a blob")};
    call.headers.add("Range", "bytes=0-0");
    FirstByte taker;
    const Answer answer = session.attempt(call, &taker);
    found.blob_host = host_and_port(answer.url.origin);
    if (!answer.ok()) session.fail(call, answer);
  });
}

bool check_file(registry::Network& network, const http::Url& url, DoctorSource& found) {
  const auto began = Clock::now();
  UrlProbe probe;
  if (!attempt(found, "settings", [&] { probe = probe_url(network, url); })) return false;
  found.checks.pop_back();
  take_facts(probe.connection, found);
  std::string_view failed = probe.problem ? "file" : "";
  if (probe.failure && step_of(*probe.failure) != "api") failed = step_of(*probe.failure);
  add_steps(probe.connection, "file", since(began), failed, found);
  if (probe.problem) {
    const Error error = plain(*probe.problem);
    found.checks.back().problem = probe.failure && !found.proxy
                                      ? with_own_help(error, *probe.failure, url.origin, "")
                                      : error;
  }
  found.blob_host = host_and_port(probe.answered);
  return !probe.problem;
}

bool check_push(Session& session, DoctorSource& found) {
  return attempt(found, "push", [&] { cancel_upload(session, open_upload(session)); });
}

}  // namespace ocibuild::engine
