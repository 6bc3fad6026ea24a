// SPDX-License-Identifier: Apache-2.0
#include "rootfs/tree_sink.hpp"

#include <map>
#include <optional>
#include <utility>

#include "oci/hasher.hpp"
#include "support/stop.hpp"

namespace ocibuild::rootfs {

namespace {

/// The content of a file, compared with its known digest on the way.
class CheckedContent final : public support::ByteSource {
public:
  CheckedContent(const oci::TreeFile& file, const std::stop_token& stop) : stop_(stop) {
    if (!file.content || file.entry.size == 0) return;
    content_ = file.content->open();
    if (const auto digest = file.content->known_digest())
      verified_.emplace(*content_, oci::to_digest(*digest), file.entry.size,
                        "the content of " + file.entry.path.absolute());
  }

  std::size_t read(std::span<std::byte> buffer) override {
    support::throw_if_stopped(stop_);
    if (verified_) return verified_->read(buffer);
    return content_ ? content_->read(buffer) : 0;
  }

private:
  const std::stop_token& stop_;
  std::unique_ptr<support::ByteSource> content_;
  std::optional<oci::VerifyingSource> verified_;
};

class TreeWalk {
public:
  TreeWalk(const oci::FileTree& tree, TreeSink& out, const std::stop_token& stop)
      : tree_(tree), out_(out), stop_(stop) {}

  void visit(const oci::RootfsPath& directory) {
    tree_.each_child(directory, [&](const oci::TreeFile& file) {
      support::throw_if_stopped(stop_);
      if (!file.entry.is_directory()) return add(file);
      out_.enter(file.entry);
      visit(file.entry.path);
      out_.leave(file.entry);
    });
  }

private:
  void add(const oci::TreeFile& file) {
    const bool first =
        file.inode == 0 || first_names_.try_emplace(file.inode, file.entry.path).second;
    if (first) {
      CheckedContent content(file, stop_);
      return out_.add(file.entry, content);
    }
    oci::Entry link = file.entry;
    link.type = oci::EntryType::hard_link;
    link.size = 0;
    link.link_target = first_names_.at(file.inode).str();
    support::MemorySource nothing{std::string_view()};
    out_.add(link, nothing);
  }

  const oci::FileTree& tree_;
  TreeSink& out_;
  const std::stop_token& stop_;
  std::map<std::uint64_t, oci::RootfsPath> first_names_;  // by inode
};

}  // namespace

void write_tree(const oci::FileTree& tree, TreeSink& out, const std::stop_token& stop) {
  TreeWalk(tree, out, stop).visit({});
}

void TarTree::enter(const oci::Entry& directory) {
  oci::Entry placed = directory;
  placed.path = top_ / directory.path.str();
  out_.begin(placed);
  out_.end();
}

void TarTree::add(const oci::Entry& entry, support::ByteSource& content) {
  oci::Entry placed = entry;
  placed.path = top_ / entry.path.str();
  if (entry.type == oci::EntryType::hard_link)
    placed.link_target = (top_ / entry.link_target).str();
  out_.add(placed, content);
}

}  // namespace ocibuild::rootfs
