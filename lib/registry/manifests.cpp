// SPDX-License-Identifier: Apache-2.0
#include "registry/manifests.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "oci/image_json.hpp"
#include "registry/registry_error.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using http::Method;
using support::concat;

namespace {

/// All four types in one line; without the right one registries answer 404 or convert (P1).
std::string accepted_types() {
  return concat(media_types::oci_index, ", ", media_types::docker_index, ", ",
                media_types::oci_manifest, ", ", media_types::docker_manifest);
}

Call manifest_call(const Session& session, Method method, const std::string& reference) {
  Call call{.method = method,
            .target = concat("manifests/", reference),
            .scopes = Scopes::pull(session.source().repository)};
  call.headers.add("Accept", accepted_types());
  return call;
}

/// Nothing when it is no digest of a kind we know.
std::optional<Digest> digest_in(std::string_view text) {
  try {
    return Digest::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string content_type(const Answer& answer) {
  const std::string type = answer.headers.find("content-type").value_or("");
  return support::to_lower(support::trim(std::string_view(type).substr(0, type.find(';'))));
}

/// The digest header, when it is well-formed; others mean nothing (P5).
std::optional<Digest> digest_header(const Answer& answer) {
  const auto text = answer.headers.find("docker-content-digest");
  return text ? digest_in(*text) : std::nullopt;
}

void verify(const std::string& reference, const Answer& answer, const Digest& digest) {
  const auto same = [&](const Digest& other) {
    oci::Hasher hasher(other.algorithm());
    hasher.write(support::as_bytes(answer.body));
    const Digest ours = hasher.finish();
    if (ours != other) throw corrupt_error(answer, "the manifest", other, ours);
  };
  if (const auto wanted = digest_in(reference)) same(*wanted);
  const auto header = digest_header(answer);
  if (header && header->algorithm() == digest.algorithm()) same(*header);
}

constexpr std::uint64_t most_of_a_layer = std::uint64_t{1} << 40;  // 1 TiB
constexpr std::size_t longest_media_type = 255;

/// What a stranger's document says of others, before any of it is asked for (P6); the numbers of
/// layers and entries and the digests are checked where they are read.
void check_descriptors(const Document& document, const std::string& host) {
  const auto check = [&](const Descriptor& named, std::string_view what, std::uint64_t most) {
    if (named.size > most) {
      throw Error(Errc::failed, "manifest-invalid",
                  concat(host, " gave a manifest with ", what, " of ", named.size,
                         " bytes; at most ", most, " are taken"));
    }
    if (named.media_type.size() > longest_media_type) {
      throw Error(Errc::failed, "manifest-invalid",
                  concat(host, " gave a manifest with a media type of ", named.media_type.size(),
                         " characters"));
    }
  };
  const auto check_all = [&] {
    if (oci::is_index(document.descriptor.media_type)) {
      for (const Descriptor& child : oci::parse_index(document.bytes).manifests)
        check(child, "a manifest", oci::manifest_limit);
      return;
    }
    const Manifest manifest = oci::parse_manifest(document.bytes);
    check(manifest.config, "a config", oci::config_limit);
    for (const Descriptor& layer : manifest.layers) check(layer, "a layer", most_of_a_layer);
  };
  try {
    check_all();
  } catch (const Error& error) {
    if (error.diagnostic().id == "manifest-invalid") throw;
    // A digest or a JSON type: the user did not write it.
    throw Error(Errc::failed, "manifest-invalid",
                concat(host, " gave a manifest that cannot be used: ", error.what()));
  }
}

bool is_immutable_refusal(const Answer& answer, const ServerWords& words) {
  return answer.status == 409 || answer.status == 412 || words.has_code("TAG_INVALID") ||
         words.mentions("immutable") || words.mentions("ImageTagAlreadyExists");
}

}  // namespace

Document fetch_manifest(Session& session, const std::string& reference, http::Headers* headers) {
  Call call = manifest_call(session, Method::get, reference);
  call.doing = concat("pulling ", session.source().repository, " from ", session.source().registry);
  call.body_limit = oci::manifest_limit;
  const Answer answer = session.perform(call);
  if (headers != nullptr) *headers = answer.headers;
  const std::string& host = session.source().registry;
  if (answer.failure && answer.failure->kind == http::Failure::Kind::body_too_large) {
    throw Error(Errc::failed, "manifest-too-large",
                concat(host, " gave a manifest of more than ", oci::manifest_limit, " bytes"));
  }
  if (!answer.ok()) session.fail(call, answer);
  const std::string type = content_type(answer);
  if (read_words(answer).is_html) session.fail(call, answer);
  Document out;
  out.descriptor.media_type = manifest_type(answer.body, type, host);
  out.descriptor.digest = oci::sha256(answer.body);
  out.descriptor.size = answer.body.size();
  verify(reference, answer, out.descriptor.digest);
  if (const auto wanted = digest_in(reference)) out.descriptor.digest = *wanted;
  out.bytes = answer.body;
  check_descriptors(out, host);
  session.network().count_downloaded(out.bytes.size());
  return out;
}

std::optional<Digest> head_manifest(Session& session, const std::string& reference) {
  Call call = manifest_call(session, Method::head, reference);
  // Only pushes ask so: with the scope that they need anyway one token serves all of them (T8).
  call.scopes = Scopes::push(session.source().repository);
  call.doing = concat("asking ", session.source().registry, " for ", session.source().repository,
                      ':', reference);
  const Answer answer = session.perform(call);
  if (answer.status == 401) session.fail(call, answer);
  return answer.ok() ? digest_header(answer) : std::nullopt;
}

std::optional<Digest> find_digest(Session& session, const std::string& reference) {
  Call call = manifest_call(session, Method::head, reference);
  call.doing = concat("asking ", session.source().registry, " for ", session.source().repository,
                      ':', reference);
  const Answer answer = session.perform(call);
  if (answer.failure) session.fail(call, answer);
  return answer.ok() ? digest_header(answer) : std::nullopt;
}

namespace {

[[noreturn]] void throw_immutable(const Session& session, const std::string& tag,
                                  const ServerWords& words) {
  Error error(Errc::failed, "tag-immutable",
              concat(session.source().registry, " does not let the tag ", tag,
                     " be moved to another image"));
  if (const std::string said = words.line(); !said.empty())
    error.note(concat("the registry says: ", said));
  throw error.help("push under a new tag");
}

/// Whether a tag that refuses to be moved is where it should be, although a HEAD did not say so.
bool names_already(Session& session, const std::string& tag, const Digest& digest) {
  try {
    return fetch_manifest(session, tag).descriptor.digest == digest;
  } catch (const Error& error) {
    if (error.code() == Errc::interrupted) throw;
    return false;
  }
}

/// What may be changed so that the registry takes such documents (U9.2).
void add_hints(Error& error, const Document& document, const ServerWords& words, int status) {
  const bool refused = status == 415 || words.has_code("UNSUPPORTED") ||
                       (status == 400 && words.has_code("MANIFEST_INVALID"));
  if (!refused) return;
  if (document.descriptor.media_type.starts_with("application/vnd.oci."))
    error.help("perhaps it takes docker's media types only:  ocibuild build --format docker …");
  if (document.bytes.find("+zstd\"") != std::string::npos)
    error.help("perhaps it takes no zstd layers:  ocibuild build --compression gzip …");
}

/// @throws Error that explains why a manifest was not taken
[[noreturn]] void refuse(Session& session, const Call& call, const Answer& answer,
                         const Document& document, const ServerWords& words) {
  const bool too_large =
      answer.status == 413 || (answer.status == 400 && words.mentions("request body too large"));
  if (!answer.failure && too_large) {
    throw Error(Errc::failed, "manifest-too-large",
                concat(session.source().registry, " does not take a manifest of ",
                       document.bytes.size(), " bytes"));
  }
  try {
    session.fail(call, answer);
  } catch (Error& error) {
    if (!answer.failure) add_hints(error, document, words, answer.status);
    throw;
  }
}

}  // namespace

PutResult put_manifest(Session& session, const Document& document, const std::string& reference,
                       const std::optional<Digest>& named) {
  using enum PutResult::State;
  const Digest& digest = document.descriptor.digest;
  const bool tag = reference != digest.str();
  const http::TextBody body(document.bytes);
  Call call{.method = Method::put,
            .target = concat("manifests/", reference),
            .body = &body,
            .scopes = Scopes::push(session.source().repository),
            .doing = concat("pushing ", session.source().repository, tag ? ":" : "@", reference)};
  call.headers.add("Content-Type", document.descriptor.media_type);
  const Answer answer = session.perform(call);
  if (answer.ok()) {
    const auto header = digest_header(answer);
    if (header && header->algorithm() == digest.algorithm() && *header != digest)
      throw corrupt_error(answer, "the manifest", digest, *header);
    return {sent, answer.headers.find("oci-subject").has_value()};
  }
  const ServerWords words = answer.failure ? ServerWords{} : read_words(answer);
  if (words.has_code("MANIFEST_BLOB_UNKNOWN")) return {.state = incomplete, .words = words.line()};
  if (tag && !answer.failure && is_immutable_refusal(answer, words)) {
    if (!named && names_already(session, reference, digest)) return {was_there};
    throw_immutable(session, reference, words);
  }
  refuse(session, call, answer, document, words);
}

}  // namespace ocibuild::registry
