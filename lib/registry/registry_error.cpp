// SPDX-License-Identifier: Apache-2.0
#include "registry/registry_error.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include "http/retry.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {

/// The error while it is put together; most rows of the table need only some of this.
struct Draft {
  Errc code = Errc::failed;
  Diagnostic diagnostic{};

  Draft& note(std::string text) {
    if (!text.empty()) diagnostic.notes.push_back(std::move(text));
    return *this;
  }
  Draft& first_note(std::string text) {
    if (!text.empty()) diagnostic.notes.insert(diagnostic.notes.begin(), std::move(text));
    return *this;
  }
  Draft& help(std::string text) {
    diagnostic.helps.push_back(std::move(text));
    return *this;
  }
};

Draft draft(Errc code, std::string id, std::string message) {
  return {code, {std::move(id), std::move(message), {}, {}, {}}};
}

Error made(Draft built) {
  return {built.code, std::move(built.diagnostic)};
}

/// Whoever answered: the registry, or the host it redirected to.
std::string who(const Doing& doing, const Answer& answer) {
  return answer.redirected() ? answer.hosts.back() : doing.registry;
}

std::string words_note(const Answer& answer, const ServerWords& words) {
  const std::string line = words.line();
  if (line.empty()) return {};
  return concat(answer.redirected() ? answer.hosts.back() : "the registry", " says: ", line);
}

/// What is asked for, or where.
const std::string& subject_of(const Doing& doing) {
  static const std::string whole = "/v2/";  // of a login, which is for no repository
  if (!doing.image.empty()) return doing.image;
  return doing.repository.empty() ? whole : doing.repository;
}

/// "100 per 6h" of "100;w=21600" (the way docker.io writes it); else what is there.
std::string readable_limit(const std::string& text) {
  const std::string number = text.substr(0, text.find(';'));
  const std::size_t window = text.find(";w=");
  std::uint64_t seconds = 0;
  if (window == std::string::npos ||
      !support::parse_number(text.substr(window + 3), 1 << 30, seconds) || seconds == 0) {
    return support::escape_controls(number);
  }
  const std::string time = seconds % 3600 == 0 ? concat(seconds / 3600, 'h')
                           : seconds % 60 == 0 ? concat(seconds / 60, "min")
                                               : concat(seconds, 's');
  return concat(support::escape_controls(number), " per ", time);
}

/// "in 20 min, at 14:05 UTC": the time of day, since the reader sees this later than it was said.
std::string come_back(std::chrono::seconds wait, std::time_t now) {
  const std::time_t then = now + static_cast<std::time_t>(wait.count());
  std::tm parts{};
  ::gmtime_r(&then, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%H:%M:%S UTC", &parts);
  return concat("in ",
                wait.count() < 120 ? concat(wait.count(), " s") : concat(wait.count() / 60, " min"),
                ", at ", text.data());
}

/// With what goes before the source that was used and had nothing: somebody may have expected it.
std::string credential_note(const Doing& doing) {
  const std::string before = support::join(doing.looked_at, "; ");
  if (doing.credential_source.empty())
    return before.empty() ? std::string() : concat("no credentials: ", before);
  const std::string user =
      doing.user.empty() ? "" : concat(", user ", support::escape_controls(doing.user));
  return concat("credentials: ", doing.credential_source, user,
                before.empty() ? "" : concat(" (", before, ')'));
}

Draft auth_needed(const Doing& doing) {
  Draft out = draft(Errc::credentials, "auth-needed",
                    concat(doing.registry, " wants a login for ", subject_of(doing)));
  for (const std::string& place : doing.looked_at) out.note(concat("looked at: ", place));
  return std::move(out.help(concat("ocibuild login ", doing.registry)));
}

Draft auth_refused(const Doing& doing) {
  Draft out = draft(Errc::credentials, "auth-refused",
                    concat(doing.registry, " does not accept the credentials"));
  out.note(credential_note(doing));
  if (doing.registry == "docker.io")
    out.help("docker.io takes a personal access token in place of the password");
  if (doing.registry == "ghcr.io")
    out.help("ghcr.io takes a classic personal access token with read:packages");
  return std::move(out.help(concat("ocibuild login ", doing.registry)));
}

Draft push_denied(const Doing& doing, const Answer& answer) {
  const std::string user = doing.user.empty() ? "this user" : support::escape_controls(doing.user);
  Draft out = draft(Errc::credentials, "push-denied",
                    concat(doing.registry, " does not let ", user, " push to ", doing.repository,
                           " (", answer.status, ')'));
  if (!doing.scope.empty()) out.note(concat("asked for scope ", doing.scope));
  out.note(credential_note(doing));
  if (doing.registry == "ghcr.io") {
    out.help(
        "give the workflow job 'permissions: packages: write', or use a classic token with "
        "write:packages");
  } else if (doing.registry == "docker.io") {
    out.help("on docker.io the first part of the name is your user or organisation");
  } else if (doing.registry.find(".ecr.") != std::string::npos ||
             doing.registry.find(".dkr") != std::string::npos) {
    out.help(concat("aws ecr create-repository --repository-name ", doing.repository));
  } else {
    out.help(
        "Harbor: the project must exist and not be a proxy cache; GitLab: a deploy token needs "
        "write_registry");
  }
  return out;
}

/// "anonymous, 100 per 6h, 0 left", as far as the registry tells.
std::string asker_and_limit(const Doing& doing, const Answer& answer) {
  std::string text = "anonymous";
  if (!doing.credential_source.empty())
    text = doing.user.empty() ? "with a token" : support::escape_controls(doing.user);
  if (const auto limit = answer.headers.find("ratelimit-limit"))
    text += concat(", ", readable_limit(*limit));
  if (const auto left = answer.headers.find("ratelimit-remaining")) {
    text += concat(", ", support::escape_controls(left->substr(0, left->find(';'))), " left");
  }
  return text;
}

Draft rate_limited(const Doing& doing, const Answer& answer) {
  // docker.io counts pulls, and says how many are left.
  const std::string left = answer.headers.find("ratelimit-remaining").value_or("");
  const bool used_up = !doing.push && left.substr(0, left.find(';')) == "0";
  Draft out = draft(Errc::retry_later, "rate-limited",
                    concat(doing.registry, " refuses ", subject_of(doing), ", ",
                           used_up ? "pull limit reached" : "too many requests", " (",
                           asker_and_limit(doing, answer), ')'));
  const std::time_t now = std::time(nullptr);
  if (const auto wait = http::retry_after({answer.status, answer.headers}, now))
    out.note(concat("it asks to come back ", come_back(*wait, now)));
  if (doing.credential_source.empty()) {
    out.help(concat("ocibuild login ", doing.registry, ": users may ask more often"));
  } else {
    out.note(credential_note(doing));
  }
  if (!doing.push) {
    out.help("--registry-mirror HOST asks another registry first");
    out.help("pin a digest (FROM NAME@sha256:...): what the store has is not asked for");
  }
  return out;
}

Draft web_page(const Doing& doing, const Answer& answer, const ServerWords& words) {
  std::string message = concat(who(doing, answer), " answered with a web page (", answer.status);
  if (const auto type = answer.headers.find("content-type"))
    message += concat(' ', support::escape_controls(type->substr(0, type->find(';'))));
  message += ')';
  if (!words.title.empty()) message += concat(": \"", words.title, '"');
  Draft out = draft(Errc::network_setup, "not-a-registry", std::move(message));
  out.note(proxy_note(answer));
  out.note(concat("the address was ", answer.url.redacted()));
  if (!answer.via_proxy.empty())
    out.help(concat("ask for ", answer.url.origin.host,
                    " to be opened in the proxy, or use a mirror:  --registry-mirror HOST"));
  return std::move(
      out.help(concat("is ", doing.registry, " right, does it need a port or a path?")));
}

Draft not_found(const Doing& doing) {
  if (doing.push) {
    return std::move(draft(Errc::not_found, "repository-missing",
                           concat(doing.registry, " has no repository ", doing.repository))
                         .help("create the repository, or its project, first"));
  }
  return std::move(
      draft(Errc::not_found, "base-not-found",
            concat(doing.registry, " has no ", subject_of(doing)))
          .note(doing.credential_source.empty()
                    ? "a private image looks like a missing one to who is not logged in"
                    : credential_note(doing)));
}

Draft too_large(const Doing& doing, const Answer& answer) {
  return std::move(
      draft(Errc::network_setup, "too-large",
            concat("a proxy in front of ", who(doing, answer), " limits uploads (413)"))
          .help("ask for that limit to be raised (nginx: client_max_body_size)"));
}

bool is_not_found(const Answer& answer, const ServerWords& words) {
  if (answer.status == 404 || words.has_code("NAME_UNKNOWN") || words.has_code("MANIFEST_UNKNOWN"))
    return true;
  // Harbor's ways to say it.
  return words.has_code("NOT_FOUND") || (words.has_code("UNKNOWN") && words.mentions("not found"));
}

/// As servers say that a port is for TLS only: Go's, nginx, Apache.
bool asks_for_tls(const Answer& answer, const ServerWords& words) {
  return answer.status == 400 && answer.url.origin.scheme == "http" &&
         (words.mentions("HTTP request to an HTTPS server") ||
          words.mentions("plain HTTP request was sent to HTTPS port") ||
          words.title.find("plain HTTP request was sent to HTTPS port") != std::string::npos);
}

Draft wrong_scheme(const Doing& doing, const Answer& answer) {
  Draft out = draft(Errc::network_setup, "tls-failed",
                    concat(who(doing, answer), " speaks TLS and was asked over plain HTTP"));
  out.note(concat("the address was ", answer.url.redacted()));
  return std::move(out.help("the address that sent us there should begin with https://"));
}

Draft by_status(const Doing& doing, const Answer& answer, const ServerWords& words) {
  const bool limited = words.has_code("TOOMANYREQUESTS") || words.mentions("rate limit");
  if (answer.status == 429 || (answer.status >= 400 && limited)) return rate_limited(doing, answer);
  if (answer.status == 413) return too_large(doing, answer);
  if (asks_for_tls(answer, words)) return wrong_scheme(doing, answer);
  if (words.is_html && answer.status < 500) return web_page(doing, answer, words);
  if ((answer.status == 401 || answer.status == 403) && answer.redirected()) {
    return draft(Errc::retry_later, "registry-unavailable",
                 concat(who(doing, answer), ", where ", doing.registry,
                        " keeps its layers, refuses to give them (", answer.status, ')'));
  }
  if (answer.status == 401) {
    return doing.credential_source.empty() ? auth_needed(doing) : auth_refused(doing);
  }
  if (answer.status == 403) {
    if (doing.push) return push_denied(doing, answer);
    return doing.credential_source.empty() ? auth_needed(doing) : auth_refused(doing);
  }
  if (is_not_found(answer, words)) return not_found(doing);
  if (answer.status >= 500) {
    return draft(Errc::retry_later, "registry-unavailable",
                 concat(who(doing, answer), " is not available (", answer.status, ')'));
  }
  return draft(Errc::failed, "registry-refused",
               concat(who(doing, answer), " refused the request (", answer.status, ')'));
}

}  // namespace

Error answer_error(const Doing& doing, const Answer& answer) {
  if (answer.failure) return failure_error(doing, answer);
  const ServerWords words = read_words(answer);
  Draft out = by_status(doing, answer, words);
  if (!words.is_html) out.first_note(words_note(answer, words));
  out.note(tried_note(answer));
  if (answer.status >= 500) out.note(proxy_note(answer));
  if (!doing.what.empty()) out.note(concat("while ", doing.what));
  return made(std::move(out));
}

std::string tried_note(const Answer& answer) {
  if (answer.attempts <= 1) return {};
  return concat("tried ", answer.attempts, " times in ", answer.elapsed.count() / 1000, " s");
}

std::string proxy_note(const Answer& answer) {
  if (answer.via_proxy.empty()) return {};
  const std::string set =
      answer.proxy_setting.empty() ? "" : concat(" (", answer.proxy_setting, ')');
  return concat("through proxy ", answer.via_proxy, set);
}

Error corrupt_error(const Answer& answer, std::string_view what, const Digest& wanted,
                    const Digest& got) {
  const std::string host =
      answer.hosts.empty() ? answer.url.origin.authority() : answer.hosts.back();
  Draft out = draft(Errc::retry_later, "blob-corrupt",
                    concat(host, " or a proxy changed ", what, " on its way"));
  out.note(concat("wanted ", wanted.str())).note(concat("got ", got.str()));
  return made(std::move(out.note(proxy_note(answer))));
}

Error token_error(const Tokens::Asker& asker, const Answer& answer, const Scopes& scopes) {
  Doing doing{.what = concat("asking ", answer.url.origin.authority(), " for a token"),
              .registry = asker.registry,
              .repository = asker.repository,
              .looked_at = asker.looked_at,
              .scope = scopes.str()};
  if (asker.credential) {
    doing.credential_source = asker.credential->source;
    doing.user = asker.credential->user;
  }
  if (answer.failure) return failure_error(doing, answer);
  const ServerWords words = read_words(answer);
  if (answer.status == 401 || answer.status == 403) {
    Draft out = asker.credential ? auth_refused(doing) : auth_needed(doing);
    out.first_note(words_note(answer, words)).note(concat("while ", doing.what));
    return made(std::move(out));
  }
  if (answer.status == 429 || answer.status >= 500) return answer_error(doing, answer);
  return made(std::move(
      draft(Errc::network_setup, "not-a-registry",
            concat(answer.url.origin.authority(), ", the token server of ", asker.registry,
                   ", gave no token (", answer.status, ')'))
          .note(words.is_html ? concat("page title: ", words.title) : words_note(answer, words))));
}

Answer to_answer(http::Client::TextAnswer got, const http::Url& url) {
  Answer out;
  if (got.outcome.head) {
    out.status = got.outcome.head->status;
    out.headers = std::move(got.outcome.head->headers);
  }
  out.body = std::move(got.body);
  out.failure = std::move(got.outcome.failure);
  out.url = got.outcome.url.origin.host.empty() ? url : got.outcome.url;
  out.hosts = {url.origin.authority()};
  out.via_proxy = std::move(got.outcome.via_proxy);
  out.proxy_setting = std::move(got.outcome.proxy_setting);
  out.connection = std::move(got.outcome.connection);
  return out;
}

http::Outcome to_outcome(const Answer& answer) {
  http::Outcome out;
  if (answer.status != 0) out.head = http::ResponseHead{answer.status, answer.headers};
  out.failure = answer.failure;
  out.via_proxy = answer.via_proxy;
  return out;
}

}  // namespace ocibuild::registry
