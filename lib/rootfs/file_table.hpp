// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "oci/record.hpp"
#include "rootfs/indexed_file.hpp"

namespace ocibuild::rootfs {

/// Files that somebody else keeps: sorted by path, each path once, not changed any more.
/// Thread-safe.
class FileSource {
public:
  virtual ~FileSource() = default;
  virtual std::size_t size() const = 0;
  virtual std::string_view path(std::size_t index) const = 0;
  virtual IndexedFile file(std::size_t index) const = 0;
};

/// The files of a layer, sorted by path: in memory, as somebody else keeps them, or as they lie in
/// a record, of which only the parts that somebody looks into are read
/// (docs/reference/image.md, 5.2). Thread-safe once made.
class FileTable {
public:
  /// `files`: in any order; of equal paths the last one counts. What a file is made of
  /// (IndexedFile::content) is not written.
  explicit FileTable(std::vector<IndexedFile> files = {});
  /// Takes a file of `source` when it is asked for.
  explicit FileTable(std::shared_ptr<const FileSource> source);
  FileTable(FileTable&&) noexcept;
  FileTable& operator=(FileTable&&) noexcept;
  ~FileTable();

  void write(oci::RecordWriter& out) const;
  /// The table that comes next in `in`, whose bytes must outlive it. Nothing if there is none.
  static std::optional<FileTable> read(oci::RecordReader& in);

  std::size_t size() const;
  /// Lives as long as the table. A file that cannot be read, which a record that was not damaged
  /// does not have, has the path of the root.
  const IndexedFile& at(std::size_t index) const;
  /// at(index).entry.path, at less cost.
  std::string_view path_at(std::size_t index) const;
  /// Of the first file that is not before `path`; size() when there is none.
  std::size_t lower_bound(std::string_view path) const;

private:
  struct Record;
  struct Taken;

  std::vector<IndexedFile> files_;
  std::unique_ptr<Taken> taken_;  // of a source: then `files_` is empty, as with the next
  std::unique_ptr<Record> record_;
};

}  // namespace ocibuild::rootfs
