// SPDX-License-Identifier: Apache-2.0
#include "build/doctor_subjects.hpp"

#include <algorithm>

#include "build/downloads.hpp"
#include "build/image_names.hpp"
#include "build/needed_images.hpp"
#include "oci/host_name.hpp"
#include "store/oci_layout.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

namespace {

using support::concat;

/// HOST[:PORT] alone. "alpine:3" is an image all the same: a host has a dot or is localhost.
bool is_host_alone(const std::string& word) {
  if (!oci::is_host(word)) return false;
  const std::string host = word.substr(0, word.find(':'));
  return word.starts_with('[') || host == "localhost" || host.find('.') != std::string::npos;
}

/// With the mirrors that stand in for all of it: those that any image of it would be asked of.
Examination of_host(const std::string& word, const registry::Configuration& configuration) {
  const Reference any = Reference::parse(word + "/any");
  Examination out{.subject = {.kind = DoctorSubject::Kind::host, .name = any.registry}};
  try {
    out.sources = configuration.pull_sources(any);
  } catch (const Error& error) {
    if (error.code() == Errc::usage) throw;
    out.subject.problem = error;
  }
  for (registry::Source& source : out.sources) {
    std::string& path = source.repository;
    if (path.ends_with(any.repository)) path.resize(path.size() - any.repository.size());
    if (path.ends_with('/')) path.pop_back();
  }
  return out;
}

void add_once(Examination next, std::vector<Examination>& out) {
  const bool known = std::ranges::any_of(out, [&](const Examination& other) {
    return other.subject.kind == next.subject.kind && other.subject.name == next.subject.name;
  });
  if (!known) out.push_back(std::move(next));
}

Examination of_image(const Reference& image, DoctorSubject::Kind kind, bool push,
                     const registry::Configuration& configuration) {
  Examination out{.subject = {.kind = kind, .name = image.familiar(), .push = push},
                  .image = image,
                  .last_is_destination = push};
  try {
    out.sources = configuration.pull_sources(image);
    if (!push) return out;
    const registry::Source target = configuration.push_target(image);
    const registry::Source& last = out.sources.back();
    if (last.mirror || last.registry != target.registry || last.repository != target.repository) {
      out.sources.push_back(target);
      out.last_is_push_only = true;
    }
  } catch (const Error& error) {
    if (error.code() == Errc::usage) throw;
    out.subject.problem = error;
  }
  return out;
}

/// @throws Error for a registries.conf with a mistake, as a pull would
Reference meant_by(const std::string& word, bool push,
                   const registry::Configuration& configuration) {
  return push ? Reference::parse(word) : configuration.resolve_short_name(word);
}

Examination of_base(const BuildRequest& build, const Reference& name,
                    const store::OciLayout& layout, const registry::Configuration& configuration) {
  const bool asked = build.pull == PullPolicy::always || build.pull == PullPolicy::newer;
  if (asked || !is_local(layout, name))
    return of_image(name, DoctorSubject::Kind::base, false, configuration);
  return {
      .subject = {.kind = DoctorSubject::Kind::base, .name = name.familiar(), .in_store = true}};
}

Examination of_file(const http::Url& url, const plan::Download& download,
                    const store::OciLayout& layout, const store::BuildCache& cache) {
  return {.subject = {.kind = DoctorSubject::Kind::file,
                      .name = url.redacted(),
                      .in_store = Downloads::is_kept(download, layout.blobs(), cache)},
          .url = url};
}

/// A text that is no URL as it stands, without what may be a secret in it.
std::string shown(std::string text) {
  if (const std::size_t query = text.find('?'); query != std::string::npos)
    text.replace(query, std::string::npos, "?…");
  if (const std::size_t user = text.rfind('@'); user != std::string::npos)
    text.replace(0, user, "…");
  return text;
}

/// Its server is known when no variable is part of that.
Examination of_unknown_file(const std::string& text) {
  const auto url = http::Url::parse(text);
  return {.subject = {.kind = DoctorSubject::Kind::file,
                      .name = url ? url->redacted() : shown(text),
                      .unknown = true},
          .url = url};
}

/// What a build would ask for, bases first.
void add_needs(const BuildRequest& build, const registry::Configuration& configuration,
               std::vector<Examination>& out) {
  const store::OciLayout layout(build.store);
  const store::BuildCache cache(build.cache.empty() ? build.store / "cache" : build.cache);
  const Needs needs = find_needs(build, Mistakes::ignored);
  for (const NeededImage& image : needs.images)
    add_once(of_base(build, image.name, layout, configuration), out);
  for (const plan::Download& download : needs.downloads) {
    if (!download.known)
      add_once(of_unknown_file(download.url.text), out);
    else if (const auto url = http::Url::parse(download.url.text))
      add_once(of_file(*url, download, layout, cache), out);
  }
}

}  // namespace

std::vector<Examination> find_subjects(const DoctorRequest& request,
                                       const registry::Configuration& configuration) {
  std::vector<Examination> out;
  if (request.build) add_needs(*request.build, configuration, out);
  for (const std::string& word : request.names) {
    add_once(is_host_alone(word)
                 ? of_host(word, configuration)
                 : of_image(meant_by(word, request.push, configuration), DoctorSubject::Kind::image,
                            request.push, configuration),
             out);
  }
  if (out.empty()) out.push_back(of_host("docker.io", configuration));
  return out;
}

}  // namespace ocibuild::engine
