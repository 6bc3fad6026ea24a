// SPDX-License-Identifier: Apache-2.0
#include "registry/registry_error.hpp"

#include <algorithm>

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

std::string tried_note(const Answer& answer) {
  return answer.attempts > 1 ? concat("tried ", answer.attempts, " times") : std::string();
}

std::string credential_note(const Doing& doing) {
  if (doing.credential_source.empty()) return {};
  return doing.user.empty() ? concat("credentials: ", doing.credential_source)
                            : concat("credentials: ", doing.credential_source, ", user ",
                                     support::escape_controls(doing.user));
}

Draft auth_needed(const Doing& doing) {
  Draft out = draft(Errc::credentials, "auth-needed",
                    concat(doing.registry, " wants a login for ", doing.repository));
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
  out.note(credential_note(doing));
  if (!doing.scope.empty()) out.note(concat("asked for scope ", doing.scope));
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

Draft rate_limited(const Doing& doing, const Answer& answer) {
  Draft out = draft(Errc::retry_later, "rate-limited",
                    concat(doing.registry, " refuses ", doing.repository, ": too many requests"));
  const auto limit = answer.headers.find("ratelimit-limit");
  const auto left = answer.headers.find("ratelimit-remaining");
  if (limit || left) {
    out.note(concat("limit ", support::escape_controls(limit.value_or("unknown")), ", left ",
                    support::escape_controls(left.value_or("unknown"))));
  }
  if (const auto wait = answer.headers.find("retry-after"))
    out.note(concat("it asks to wait: ", support::escape_controls(*wait)));
  return std::move(out.help(concat("ocibuild login ", doing.registry,
                                   ", or --registry-mirror HOST, or pin a digest: a cached one "
                                   "asks nothing")));
}

Draft web_page(const Doing& doing, const Answer& answer, const ServerWords& words) {
  std::string message = concat(who(doing, answer), " answered with a web page (", answer.status);
  if (const auto type = answer.headers.find("content-type"))
    message += concat(' ', support::escape_controls(type->substr(0, type->find(';'))));
  message += ')';
  if (!words.title.empty()) message += concat(": \"", words.title, '"');
  Draft out = draft(Errc::network_setup, "not-a-registry", std::move(message));
  if (!answer.via_proxy.empty()) out.note(concat("through proxy ", answer.via_proxy));
  return std::move(out.help("is the host right, does it need a port or a path?"));
}

Draft not_found(const Doing& doing) {
  if (doing.push) {
    return std::move(draft(Errc::not_found, "repository-missing",
                           concat(doing.registry, " has no repository ", doing.repository))
                         .help("create the repository, or its project, first"));
  }
  return std::move(draft(Errc::not_found, "base-not-found",
                         concat(doing.registry, " has no ", doing.repository, " as asked for"))
                       .note("a private image looks like a missing one to who is not logged in"));
}

Draft too_large(const Doing& doing, const Answer& answer) {
  return std::move(
      draft(Errc::network_setup, "too-large",
            concat("a proxy in front of ", who(doing, answer), " limits uploads (413)"))
          .help("ask for that limit to be raised (nginx: client_max_body_size)"));
}

bool is_not_found(const Answer& answer, const ServerWords& words) {
  return answer.status == 404 || words.has_code("NAME_UNKNOWN") ||
         words.has_code("MANIFEST_UNKNOWN");
}

Draft by_status(const Doing& doing, const Answer& answer, const ServerWords& words) {
  const bool limited = words.has_code("TOOMANYREQUESTS") || words.mentions("rate limit");
  if (answer.status == 429 || (answer.status >= 400 && limited)) return rate_limited(doing, answer);
  if (answer.status == 413) return too_large(doing, answer);
  if (words.is_html && answer.status < 500) return web_page(doing, answer, words);
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
  if (!words.is_html) out.note(words_note(answer, words));
  out.note(tried_note(answer));
  if (!doing.what.empty()) out.note(concat("while ", doing.what));
  return made(std::move(out));
}

Error token_error(const Tokens::Asker& asker, const Answer& answer, const Scopes& scopes) {
  Doing doing{.what = concat("asking ", answer.url.origin.authority(), " for a token"),
              .registry = asker.registry,
              .repository = scopes.str()};
  if (asker.credential) {
    doing.credential_source = asker.credential->source;
    doing.user = asker.credential->user;
  }
  if (answer.failure) return failure_error(doing, answer);
  const ServerWords words = read_words(answer);
  if (answer.status == 401 || answer.status == 403) {
    Draft out = asker.credential ? auth_refused(doing) : auth_needed(doing);
    out.note(words_note(answer, words)).note(concat("while ", doing.what));
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
