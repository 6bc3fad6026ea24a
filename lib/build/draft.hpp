// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <ocibuild/build.hpp>

#include "layer/file_set.hpp"
#include "oci/file_tree.hpp"
#include "rootfs/accounts.hpp"
#include "rootfs/view.hpp"

namespace ocibuild::engine {

/// Something of the image stands where a file or directory should go. The step turns it into an
/// error with its place.
struct InTheWay {
  oci::Entry entry;     ///< what is there
  std::string wanted;   ///< what should be there: "a directory"
  bool is_new = false;  ///< the step itself put it there
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

  /// The same, but takes away whatever else is at entry.path, with everything below it; only a
  /// directory over a directory keeps what is in it.
  void replace(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
               std::uint64_t link_group);

  /// A number for files that become hard links of each other.
  std::uint64_t new_link_group() { return next_group_++; }
  /// The link group of the file at `path`, which exists and is no directory. A file of the image
  /// below enters the layer, since its new name is in that.
  std::uint64_t share(const oci::RootfsPath& path);

  layer::FileSet take() &&;

private:
  void place(oci::Entry entry, std::shared_ptr<const oci::FileContent> content,
             std::uint64_t link_group);
  void remove(const oci::RootfsPath& path);
  [[noreturn]] void throw_in_the_way(const oci::Entry& entry, std::string wanted) const;
  bool is_gone(const oci::RootfsPath& path) const;
  void add_parents(const oci::RootfsPath& path);
  std::optional<oci::TreeFile> existing(const oci::RootfsPath& path) const;
  oci::Entry new_directory(const oci::RootfsPath& path, const NewDirectory& metadata) const;
  std::int64_t file_time(std::int64_t of_source) const;

  const rootfs::View& below_;
  const FileTimes times_;
  layer::FileSet files_;
  std::set<oci::RootfsPath> gone_;  // directories of the image that were replaced in this layer
  std::uint64_t next_group_ = 1;
  struct KnownDirectory {
    oci::RootfsPath path;
    bool in_image;  // of the image below, too, where names in it may exist
  };
  /// The last of those that hold `path`, itself included; null when there is none.
  const KnownDirectory* nearest(const oci::RootfsPath& path) const;

  /// Where the last file went, as the next files do or come back to: directories within each other,
  /// outermost first, in the layer with all their parents.
  std::vector<KnownDirectory> way_{};
};

}  // namespace ocibuild::engine
