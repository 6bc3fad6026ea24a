// SPDX-License-Identifier: Apache-2.0
#include "build/contexts.hpp"

#include "build/inputs.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

Contexts::Directory::Directory(const std::filesystem::path& path, context::IgnoreRules rules,
                               const store::BuildCache& cache)
    : known(cache.stat_index_file(std::filesystem::absolute(path))),
      tree(path, std::move(rules), &known) {}

Contexts::Contexts(const BuildRequest& request, context::IgnoreRules rules,
                   const store::BuildCache& cache)
    : main_(std::make_unique<Directory>(request.context, std::move(rules), cache)) {
  for (const auto& [name, path] : request.build_contexts) {
    named_.insert_or_assign(support::to_lower(name),
                            std::make_unique<Directory>(path, read_ignore_file(path), cache));
  }
}

std::set<std::string> Contexts::names_of(const BuildRequest& request) {
  std::set<std::string> names;
  for (const auto& [name, path] : request.build_contexts) names.insert(support::to_lower(name));
  return names;
}

std::vector<std::string> Contexts::sockets() const {
  std::vector<std::string> out = main_->tree.sockets();
  for (const auto& [name, directory] : named_) {
    for (const std::string& socket : directory->tree.sockets())
      out.push_back(support::concat(name, ':', socket));
  }
  return out;
}

void Contexts::save_known_contents() noexcept {
  main_->known.save();
  for (const auto& [name, directory] : named_) directory->known.save();
}

}  // namespace ocibuild::engine
