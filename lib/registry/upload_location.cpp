// SPDX-License-Identifier: Apache-2.0
// Upload sessions: their addresses, opening, giving up, mounting (docs/reference/registry.md, U2 to
// U4, U8, U10, M1 to M3).
#include <ocibuild/error.hpp>

#include "registry/blob_upload.hpp"
#include "registry/upload_location.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

constexpr unsigned most_ignored_mounts = 2;
constexpr std::chrono::seconds for_giving_up{2};  // who interrupts does not wait longer for it

Call push_call(const Session& session, Method method, std::string target) {
  return {
      .method = method,
      .target = std::move(target),
      .scopes = Scopes::push(session.source().repository),
      .doing = concat("pushing to ", session.source().registry, "/", session.source().repository)};
}

/// As Amazon says that there is no such repository: sometimes by cutting the connection (W8).
bool lacks_repository(const Answer& answer) {
  if (answer.failure) return answer.failure->kind == http::Failure::Kind::reset;
  const ServerWords words = read_words(answer);
  return words.has_code("NAME_UNKNOWN") || words.mentions("RepositoryNotFound");
}

OpenUpload made_upload(const Session& session, const Answer& answer) {
  OpenUpload out{next_location(session, answer)};
  const auto least = answer.headers.find("oci-chunk-min-length");
  constexpr std::uint64_t most_piece = 1 << 30;
  if (least && !support::parse_number(*least, most_piece, out.least_piece)) out.least_piece = 0;
  return out;
}

}  // namespace

http::Url next_location(const Session& session, const Answer& answer) {
  const auto text = answer.headers.find("location");
  const auto refuse = [&](std::string_view why) {
    throw Error(Errc::failed, "upload-location",
                concat(session.source().registry, " opens an upload ", why));
  };
  if (!text) refuse("without saying where");
  auto location = answer.url.resolve(*text);
  if (!location) refuse("at something that is no address");
  const http::Origin& api = session.api();
  if (location->origin == api) return *location;
  // A registry behind a proxy that ends TLS names itself with http (U4.2).
  if (location->origin.host == api.host && api.scheme == "https" &&
      location->origin.scheme == "http" && location->origin.port == 80) {
    location->origin = api;
    return *location;
  }
  if (http::is_local_address(location->origin.host) && !http::is_loopback(api.host))
    refuse("at a local address");
  if (location->origin.scheme != "https" && !session.source().insecure)
    refuse("at an address that is not encrypted");
  return *location;
}

bool has_blob(Session& session, const Descriptor& descriptor) {
  Call call = push_call(session, Method::head, concat("blobs/", descriptor.digest.str()));
  // Who may only read is asked for no more.
  if (session.purpose() != Purpose::push) call.scopes = Scopes::pull(session.source().repository);
  const Answer answer = session.perform(call);
  if (answer.status == 404 || answer.status == 403 || answer.status == 405) return false;
  if (!answer.ok()) session.fail(call, answer);
  const auto length = answer.headers.find("content-length");
  if (length) return *length == std::to_string(descriptor.size);
  return !answer.headers.find("content-type").value_or("").starts_with("text/html");
}

OpenUpload open_upload(Session& session) {
  const Call call = push_call(session, Method::post, "blobs/uploads/");
  Answer answer = session.perform(call);
  if (lacks_repository(answer) && session.make_repository()) answer = session.perform(call);
  if (answer.failure || answer.status != 202) session.fail(call, answer);
  return made_upload(session, answer);
}

void cancel_upload(Session& session, const OpenUpload& upload) noexcept {
  try {
    Call call = push_call(session, Method::delete_, "");
    call.url = upload.location;
    // Some registries want the right to delete for it, which a push must not ask for.
    call.logs_in = false;
    // Most are given up because everything else was stopped.
    const support::TimeLimit limit(for_giving_up);
    call.stop = limit.token();
    session.attempt(call);
  } catch (const std::exception&) {
    // The registry forgets it by itself.
  }
}

bool may_mount(Session& session, const std::string& from_repository) {
  if (from_repository == session.source().repository) return false;
  OriginState& state = session.state();
  const std::lock_guard lock(state.mutex);
  return state.ignored_mounts < most_ignored_mounts &&
         !state.no_mounts_from.contains(from_repository);
}

namespace {

/// A mount was ignored: of two in a row the first counts only if the source does have the blob, for
/// else there was nothing to mount (M3).
void count_ignored(Session& session, Call mount, const Digest& digest,
                   const std::string& from_repository) {
  OriginState& state = session.state();
  {
    const std::lock_guard lock(state.mutex);
    if (state.ignored_mounts > 0) {
      ++state.ignored_mounts;
      return;
    }
  }
  mount.method = Method::head;
  mount.url = http::Url{.origin = session.api(),
                        .path = concat("/v2/", from_repository, "/blobs/", digest.str())};
  try {
    if (!session.attempt(mount).ok()) return;
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    return;
  }
  const std::lock_guard lock(state.mutex);
  ++state.ignored_mounts;
}

}  // namespace

std::optional<OpenUpload> mount_blob(Session& session, const Digest& digest,
                                     const std::string& from_repository) {
  Call call = push_call(session, Method::post,
                        concat("blobs/uploads/?mount=", http::percent_encode(digest.str()),
                               "&from=", http::percent_encode(from_repository)));
  const Scopes source = Scopes::pull(from_repository);
  call.scopes.add(source);
  Answer answer;
  try {
    answer = session.attempt(call);
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    answer.status = 0;
  }
  OriginState& state = session.state();
  if (answer.failure || (answer.status != 201 && answer.status != 202)) {
    {
      const std::lock_guard lock(state.mutex);
      state.no_mounts_from.insert(from_repository);
    }
    // A token with the scope that was refused is none for the destination either (M2).
    session.forget_tokens(source);
    return open_upload(session);
  }
  if (answer.status == 201) {
    const std::lock_guard lock(state.mutex);
    state.ignored_mounts = 0;
    return std::nullopt;
  }
  OpenUpload upload = made_upload(session, answer);
  count_ignored(session, std::move(call), digest, from_repository);
  return upload;
}

}  // namespace ocibuild::registry
