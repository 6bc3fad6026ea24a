// SPDX-License-Identifier: Apache-2.0
#include "build/blob_sources.hpp"

#include <algorithm>
#include <map>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::engine {

using registry::Session;

namespace {

constexpr std::size_t most_repositories = 8;  // of one blob

}  // namespace

void BlobSources::note(const Digest& blob, const registry::Source& source) const noexcept {
  try {
    const std::string name = support::concat(source.registry, '/', source.repository);
    std::vector<std::string> names = cache_.find_repositories(blob);
    if (std::ranges::find(names, name) != names.end()) return;  // a warm push writes nothing
    names.insert(names.begin(), name);
    if (names.size() > most_repositories) names.resize(most_repositories);
    cache_.put_repositories(blob, names);
  } catch (const std::exception&) {
    // The next push sends what it could have mounted.
  }
}

void BlobSources::note(const std::vector<Descriptor>& blobs,
                       const RemoteImage& remote) const noexcept {
  for (const Descriptor& blob : blobs) {
    for (auto session = remote.sessions.rbegin(); session != remote.sessions.rend(); ++session)
      note(blob.digest, (*session)->source());
  }
}

/// Only what is a name reaches an address: the cache may be anybody's (X6).
std::vector<Reference> BlobSources::find(const Digest& blob) const {
  std::vector<Reference> out;
  for (const std::string& name : cache_.find_repositories(blob)) {
    try {
      out.push_back(Reference::parse(name));
    } catch (const Error&) {
      continue;
    }
  }
  return out;
}

std::vector<std::string> BlobSources::repositories(const Digest& blob,
                                                   const std::string& registry) const {
  std::vector<std::string> out;
  for (Reference& name : find(blob)) {
    if (registry::is_same_registry(name.registry, registry))
      out.push_back(std::move(name.repository));
  }
  return out;
}

std::vector<std::shared_ptr<Session>> BlobSources::open(const Digest& blob,
                                                        registry::Network& network) const {
  std::vector<std::shared_ptr<Session>> out;
  for (const Reference& name : find(blob)) {
    registry::Source source{.registry = name.registry,
                            .repository = name.repository,
                            .insecure = network.configuration().is_insecure(name.registry)};
    out.push_back(std::make_shared<Session>(network, std::move(source), registry::Purpose::pull));
  }
  return out;
}

void BlobSources::fetch(const std::vector<Descriptor>& wanted, const store::BlobStore& blobs,
                        RegistryWork& work) const {
  std::map<std::vector<std::string>, std::vector<Descriptor>> by_sources;  // those of a base: one
  for (const Descriptor& blob : wanted) {
    if (!blobs.has(blob)) by_sources[cache_.find_repositories(blob.digest)].push_back(blob);
  }
  for (const auto& [sources, missing] : by_sources) {
    const RemoteImage remote{.document = {},
                             .sessions = open(missing.front().digest, work.network())};
    if (!remote.sessions.empty()) fetch_blobs(remote, missing, blobs, work);
  }
}

}  // namespace ocibuild::engine
