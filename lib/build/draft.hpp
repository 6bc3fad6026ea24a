// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include <ocibuild/build.hpp>

#include "layer/file_set.hpp"
#include "oci/file_tree.hpp"
#include "rootfs/accounts.hpp"
#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// Something of the image stands where a file or directory should go. The step turns it into an
/// error with its place.
struct InTheWay {
  oci::Entry entry;    ///< what is there
  std::string wanted;  ///< what should be there: "a directory"
};

/// The layer of one instruction while it grows over the image below; looking up sees both.
///
/// Keeps the rule of docs/reference/image.md 2.6: with a file go all directories above it, with the
/// metadata they have in the image. Paths must be resolved before (rootfs/resolve).
class Draft final : public oci::FileLookup {
public:
  /// `below` must outlive the draft.
  Draft(const rootfs::View& below, const FileTimes& times) : below_(below), times_(times) {}

  std::optional<oci::TreeFile> lookup(const oci::RootfsPath& path) const override;

  /// Owner and mode of directories that are made. What is not given is 0:0 and 0755, except below a
  /// setgid directory, where the bit and the group are inherited, as every file system does.
  struct NewDirectory {
    std::optional<rootfs::Owner> owner{};
    std::optional<std::uint32_t> mode{};
  };
  /// Makes `path` and its missing parents. Existing directories keep their metadata and do not
  /// enter the layer.
  /// @throws InTheWay
  void make_directories(const oci::RootfsPath& path, const NewDirectory& metadata);

  /// Adds a file, or a directory with new metadata; its parents must exist. `entry.mtime`: of the
  /// source; the request's rule for times is applied here.
  /// @throws InTheWay when a directory would replace something else or something else a directory
  void put(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
           std::uint64_t link_group);

  layer::FileSet take() && { return std::move(files_); }

private:
  void add_parents(const oci::RootfsPath& path);
  oci::Entry new_directory(const oci::RootfsPath& path, const NewDirectory& metadata) const;
  std::int64_t file_time(std::int64_t of_source) const;

  const rootfs::View& below_;
  const FileTimes times_;
  layer::FileSet files_;
};

}  // namespace ocibuild::engine
