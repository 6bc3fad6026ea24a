// SPDX-License-Identifier: Apache-2.0
#include "build/contexts.hpp"

#include <algorithm>
#include <system_error>

#include <ocibuild/error.hpp>

#include "build/inputs.hpp"
#include "plan/context_key.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

Contexts::Directory::Directory(const std::filesystem::path& path, context::IgnoreRules rules,
                               const store::BuildCache& cache, unsigned readers)
    : known(cache.stat_index_file(std::filesystem::absolute(path)),
            context::StatIndex::system_clock(),
            cache.access().finds ? context::StatIndex::Earlier::used
                                 : context::StatIndex::Earlier::replaced),
      tree(path, std::move(rules), &known, readers) {}

namespace {

/// One thread reads what it walks; a few more are enough to keep the system busy.
unsigned readers_of(const BuildRequest& request) {
  constexpr unsigned most = 3;
  return std::min(jobs_of(request) - 1, most);
}

/// These two mean something already, and BuildKit lets nothing take their place.
void check_name(const std::string& name, const std::string& key) {
  if (key != "scratch" && key != "context") return;
  throw Error(Errc::usage, "context-name-invalid",
              support::concat("nothing can take the place of ", support::quote(name)))
      .help("give that --build-context another name");
}

void check_layout(const std::string& name, const LayoutImage& image) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(image.directory / "oci-layout", ignored)) return;
  throw Error(Errc::failed, "context-missing",
              support::concat("the build context ", support::quote(name), ": ",
                              support::quote(image.directory.string()), " is no OCI image layout"));
}

}  // namespace

Contexts::Contexts(const BuildRequest& request, context::IgnoreRules rules,
                   std::optional<rootfs::View> files, const store::BuildCache& cache)
    : files_(std::move(files)) {
  if (!files_) {
    main_ =
        std::make_unique<Directory>(request.context, std::move(rules), cache, readers_of(request));
  }
  for (const auto& [name, context] : request.build_contexts) {
    const std::string key = plan::context_key(name);
    check_name(name, key);
    named_[key] = &context;
    if (const auto* path = std::get_if<std::filesystem::path>(&context)) {
      directories_.insert_or_assign(key, std::make_unique<Directory>(*path, read_ignore_file(*path),
                                                                     cache, readers_of(request)));
    } else if (const auto* layout = std::get_if<LayoutImage>(&context)) {
      check_layout(name, *layout);
    }
  }
}

const oci::FileTree& Contexts::main() const {
  if (files_) return *files_;
  return main_->tree;
}

const context::ContextTree* Contexts::directory(const std::string& key) const {
  const auto at = directories_.find(key);
  return at == directories_.end() ? nullptr : &at->second->tree;
}

std::set<std::string> Contexts::keys_of(const BuildRequest& request) {
  std::set<std::string> keys;
  for (const auto& [name, context] : request.build_contexts) keys.insert(plan::context_key(name));
  return keys;
}

std::vector<std::string> Contexts::sockets() const {
  std::vector<std::string> out;
  if (main_) out = main_->tree.sockets();
  for (const auto& [name, directory] : directories_) {
    for (const std::string& socket : directory->tree.sockets())
      out.push_back(support::concat(name, ':', socket));
  }
  return out;
}

void Contexts::save_known_contents() noexcept {
  if (main_) main_->known.save();
  for (const auto& [name, directory] : directories_) directory->known.save();
}

}  // namespace ocibuild::engine
