// SPDX-License-Identifier: Apache-2.0
#include "rootfs/file_table.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "oci/entry_record.hpp"
#include "rootfs/sorted_paths.hpp"

namespace ocibuild::rootfs {

namespace {

using oci::RecordReader;
using oci::RecordWriter;

/// Files are read so many at a time. Paths lean on the path before them, but for the first.
constexpr std::size_t block_size = 64;
constexpr std::size_t offset_size = 8;

void write_file(RecordWriter& out, const IndexedFile& file, std::string& last) {
  oci::write_entry(out, file.entry, last);
  out.number(file.offset);
  out.number(file.digest ? 1 : 0);
  if (file.digest) out.digest(*file.digest);
}

std::optional<IndexedFile> read_file(RecordReader& in, std::string& last) {
  auto entry = oci::read_entry(in, last);
  if (!entry) return std::nullopt;
  IndexedFile file{.entry = std::move(*entry)};
  file.offset = in.number();
  if (in.number() != 0) file.digest = in.digest();
  return in.ok() ? std::optional(std::move(file)) : std::nullopt;
}

void append_offset(std::string& offsets, std::uint64_t offset) {
  for (std::size_t i = 0; i < offset_size; ++i)
    offsets += static_cast<char>(static_cast<unsigned char>(offset >> 8 * i));
}

}  // namespace

/// Where the blocks begin, and the blocks; those that were read.
struct FileTable::Record {
  std::size_t size = 0;
  std::string_view offsets;
  std::string_view entries;
  std::mutex mutex;
  std::vector<std::unique_ptr<const std::vector<IndexedFile>>> blocks;

  std::size_t offset(std::size_t block) const {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < offset_size; ++i) {
      const auto byte = static_cast<unsigned char>(offsets[block * offset_size + i]);
      out |= std::uint64_t{byte} << 8 * i;
    }
    return std::min<std::uint64_t>(out, entries.size());
  }

  std::string_view first_path(std::size_t block) const {
    RecordReader in = RecordReader::part(entries.substr(offset(block)));
    in.number();  // what it has in common with the path before it: nothing
    return in.text();
  }

  const std::vector<IndexedFile>& block(std::size_t number) {
    const std::lock_guard lock(mutex);
    auto& out = blocks[number];
    if (!out) out = std::make_unique<const std::vector<IndexedFile>>(read(number));
    return *out;
  }

  std::vector<IndexedFile> read(std::size_t number) const {
    std::vector<IndexedFile> out(std::min(block_size, size - number * block_size));
    RecordReader in = RecordReader::part(entries.substr(offset(number)));
    std::string last;
    for (IndexedFile& file : out) {
      auto found = read_file(in, last);
      if (!found) break;
      file = *std::move(found);
    }
    return out;
  }
};

/// What was asked for of a source.
struct FileTable::Taken {
  explicit Taken(std::shared_ptr<const FileSource> some) : source(std::move(some)) {}

  const std::shared_ptr<const FileSource> source;
  std::mutex mutex;
  std::unordered_map<std::size_t, IndexedFile> files{};

  const IndexedFile& at(std::size_t index) {
    const std::lock_guard lock(mutex);
    const auto known = files.find(index);
    return known != files.end() ? known->second
                                : files.emplace(index, source->file(index)).first->second;
  }

  std::size_t lower_bound(std::string_view path) const {
    std::size_t begin = 0;
    for (std::size_t end = source->size(); begin < end;) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (source->path(middle) < path) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  }
};

FileTable::FileTable(std::shared_ptr<const FileSource> source)
    : taken_(std::make_unique<Taken>(std::move(source))) {}

FileTable::FileTable(std::vector<IndexedFile> files) : files_(std::move(files)) {
  sort_by_path(files_);
}

FileTable::FileTable(FileTable&&) noexcept = default;
FileTable& FileTable::operator=(FileTable&&) noexcept = default;
FileTable::~FileTable() = default;

void FileTable::write(RecordWriter& out) const {
  RecordWriter entries({});
  std::string offsets;
  std::string last;
  for (std::size_t i = 0; i < size(); ++i) {
    if (i % block_size == 0) {
      append_offset(offsets, entries.size());
      last.clear();
    }
    write_file(entries, at(i), last);
  }
  out.number(size());
  out.text(offsets);
  out.text(std::move(entries).fields());
}

std::optional<FileTable> FileTable::read(RecordReader& in) {
  auto record = std::make_unique<Record>();
  const std::uint64_t size = in.number();
  record->offsets = in.text();
  record->entries = in.text();
  const std::size_t blocks = record->offsets.size() / offset_size;
  if (!in.ok() || size > record->entries.size() || (size + block_size - 1) / block_size != blocks ||
      record->offsets.size() % offset_size != 0) {
    return std::nullopt;
  }
  record->size = size;
  record->blocks.resize(blocks);
  FileTable out;
  out.record_ = std::move(record);
  return out;
}

std::size_t FileTable::size() const {
  if (taken_) return taken_->source->size();
  return record_ ? record_->size : files_.size();
}

const IndexedFile& FileTable::at(std::size_t index) const {
  if (taken_) return taken_->at(index);
  return record_ ? record_->block(index / block_size)[index % block_size] : files_[index];
}

std::string_view FileTable::path_at(std::size_t index) const {
  return taken_ ? taken_->source->path(index) : path_of(at(index));
}

std::size_t FileTable::lower_bound(std::string_view path) const {
  if (taken_) return taken_->lower_bound(path);
  if (!record_) {
    return static_cast<std::size_t>(lower_bound_of(files_, path) - files_.begin());
  }
  // The last block that begins before the path, if there is one, has the place or ends at it.
  std::size_t begin = 0;
  for (std::size_t end = record_->blocks.size(); begin < end;) {
    const std::size_t middle = begin + (end - begin) / 2;
    if (record_->first_path(middle) < path) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin == 0) return 0;
  const std::vector<IndexedFile>& files = record_->block(begin - 1);
  const auto at = lower_bound_of(files, path);
  return (begin - 1) * block_size + static_cast<std::size_t>(at - files.begin());
}

}  // namespace ocibuild::rootfs
