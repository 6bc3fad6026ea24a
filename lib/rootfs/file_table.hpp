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

/// The files of a layer, sorted by path: in memory, or as they lie in a record, of which only the
/// parts that somebody looks into are read (docs/reference/image.md, 5.2). Thread-safe once made.
class FileTable {
public:
  /// `files`: in any order; of equal paths the last one counts. What a file is made of
  /// (IndexedFile::content) is not written.
  explicit FileTable(std::vector<IndexedFile> files = {});
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
  /// Of the first file that is not before `path`; size() when there is none.
  std::size_t lower_bound(std::string_view path) const;

private:
  struct Record;

  std::vector<IndexedFile> files_;
  std::unique_ptr<Record> record_;  // then `files_` is empty
};

}  // namespace ocibuild::rootfs
