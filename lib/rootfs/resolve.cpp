// SPDX-License-Identifier: Apache-2.0
#include "rootfs/resolve.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::rootfs {

namespace {

constexpr unsigned most_links = 255;  // as the engine; Linux itself stops at 40

/// Puts the components of `text` in front of `pending`, whose next one is at the back.
void push_components(std::vector<std::string>& pending, std::string_view text) {
  std::vector<std::string> parts = support::split(text, '/');
  std::move(parts.rbegin(), parts.rend(), std::back_inserter(pending));
}

}  // namespace

oci::RootfsPath resolve(const oci::FileLookup& tree, const oci::RootfsPath& path) {
  oci::RootfsPath result;
  std::vector<std::string> pending;
  push_components(pending, path.str());
  unsigned links = 0;
  while (!pending.empty()) {
    const std::string component = std::move(pending.back());
    pending.pop_back();
    // Cleans: "" and "." change nothing, ".." is the parent of what is resolved already.
    oci::RootfsPath next = result / component;
    const bool goes_down = next.str().size() > result.str().size();
    const auto file = goes_down ? tree.lookup(next) : std::nullopt;
    if (!file || file->entry.type != oci::EntryType::symlink) {
      result = std::move(next);
      continue;
    }
    if (++links > most_links) {
      throw Error(Errc::failed, "symlink-loop",
                  support::concat(support::quote(path.absolute()), " leads through more than ",
                                  most_links, " symlinks"))
          .note(support::concat("the last one is ", support::quote(next.absolute()), " -> ",
                                support::quote(file->entry.link_target)));
    }
    const std::string& target = file->entry.link_target;
    if (target.starts_with('/')) result = {};
    push_components(pending, target);
  }
  return result;
}

oci::RootfsPath resolve_parents(const oci::FileLookup& tree, const oci::RootfsPath& path) {
  return path.is_root() ? path : resolve(tree, path.parent()) / path.name();
}

std::optional<oci::TreeFile> find(const oci::FileLookup& tree, const oci::RootfsPath& path) {
  return tree.lookup(resolve(tree, path));
}

}  // namespace ocibuild::rootfs
