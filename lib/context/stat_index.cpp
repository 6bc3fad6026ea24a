// SPDX-License-Identifier: Apache-2.0
#include "context/stat_index.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <future>
#include <map>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <string>
#include <vector>

#include <ocibuild/error.hpp>

#include "oci/record.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"

namespace ocibuild::context {

namespace {

/// Numbers are kept as this machine has them: a home directory may serve others too.
constexpr std::string_view magic = std::endian::native == std::endian::little
                                       ? "ocibuild stat index 2 little\n"
                                       : "ocibuild stat index 2 big\n";
constexpr std::size_t file_limit = std::size_t{1} << 30;
constexpr std::size_t entry_limit = 1'000'000;
/// FAT keeps times to two seconds; everything else is finer.
constexpr std::int64_t coarsest_clock_ns = 2'000'000'000;

/// True if a write at `moment` or later must give the file another stamp. ctime alone would do,
/// were it kept by every file system.
bool is_settled(const FileStamp& stamp, std::int64_t moment) {
  return std::max(stamp.mtime_ns, stamp.ctime_ns) < moment - coarsest_clock_ns;
}

struct Known {
  FileStamp stamp;
  oci::RawSha256 digest;
};

/// A Known as the file has it; its path lies in front of `path_end` in the pool of all paths.
struct Row {
  std::uint64_t device, inode, size;
  std::int64_t mtime_ns, ctime_ns;
  std::uint32_t mode;
  std::uint32_t path_end;
  oci::RawSha256 digest;

  FileStamp stamp() const {
    return {.device = device,
            .inode = inode,
            .size = size,
            .mtime_ns = mtime_ns,
            .ctime_ns = ctime_ns,
            .mode = mode};
  }
};
static_assert(sizeof(Row) == 80 && std::has_unique_object_representations_v<Row>);

/// The rows of an index file, sorted by path, in the bytes of that file. Thread-safe.
class Table {
public:
  /// Empty for bytes that are no index.
  explicit Table(std::string bytes) : bytes_(std::move(bytes)) {
    auto in = oci::RecordReader::open(bytes_, magic);
    if (!in) return;
    written_ = static_cast<std::int64_t>(in->number());
    rows_ = in->text();
    paths_ = in->text();
    if (!in->ok() || !in->at_end() || rows_.size() % sizeof(Row) != 0) rows_ = {};
    used_ = std::vector<std::atomic<bool>>(size());
  }
  Table(Table&&) = delete;

  std::size_t size() const { return rows_.size() / sizeof(Row); }
  Row row(std::size_t index) const {
    Row out;
    std::memcpy(&out, rows_.data() + index * sizeof(Row), sizeof(Row));
    return out;
  }
  std::string_view path(std::size_t index) const {
    const std::size_t end = row(index).path_end;
    const std::size_t begin = index == 0 ? 0 : row(index - 1).path_end;
    // A foreign file may say anything.
    return begin <= end && end <= paths_.size() ? paths_.substr(begin, end - begin)
                                                : std::string_view();
  }
  /// In this run.
  bool was_asked_for(std::size_t index) const { return used_[index]; }

  std::optional<Known> find(std::string_view wanted) {
    // Behind what this thread found last, in whichever table: whoever asks in order finds it there.
    thread_local std::size_t next = 0;
    if (next >= size() || path(next) != wanted) next = lower_bound(wanted);
    if (next >= size() || path(next) != wanted) return std::nullopt;
    const Row found = row(next);
    if (!is_settled(found.stamp(), written_)) return std::nullopt;
    used_[next++] = true;
    return Known{found.stamp(), found.digest};
  }

private:
  std::size_t lower_bound(std::string_view wanted) const {
    std::size_t begin = 0;
    for (std::size_t end = size(); begin < end;) {
      const std::size_t middle = begin + (end - begin) / 2;
      if (path(middle) < wanted) {
        begin = middle + 1;
      } else {
        end = middle;
      }
    }
    return begin;
  }

  const std::string bytes_;
  std::string_view rows_;
  std::string_view paths_;
  std::int64_t written_ = 0;
  std::vector<std::atomic<bool>> used_;
};

std::string read_if_there(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return {};
  try {
    std::string bytes = support::read_file(file, file_limit);
    support::touch(file);  // what is used is cleaned away last (image.md 6.5)
    return bytes;
  } catch (const Error&) {
    // An index that cannot be read is an empty one: it only costs reading the files again.
    return {};
  }
}

/// A large one is read while its context is walked.
std::future<std::unique_ptr<Table>> begin_to_read(const std::filesystem::path& file) {
  constexpr std::uintmax_t large = 1 << 20;
  std::error_code ignored;
  const std::uintmax_t size = std::filesystem::file_size(file, ignored);
  // Both: without a thread to have, it is read when somebody asks.
  constexpr auto beside = std::launch::async | std::launch::deferred;
  return std::async(!ignored && size > large ? beside : std::launch::deferred,
                    [file] { return std::make_unique<Table>(read_if_there(file)); });
}

/// Collects rows in the order of their paths, at most entry_limit of them.
class TableWriter {
public:
  explicit TableWriter(std::size_t rows) { rows_.reserve(rows * sizeof(Row)); }
  void add(std::string_view path, const FileStamp& stamp, const oci::RawSha256& digest) {
    if (rows_.size() == entry_limit * sizeof(Row)) return;
    paths_ += path;
    const Row row{stamp.device,
                  stamp.inode,
                  stamp.size,
                  stamp.mtime_ns,
                  stamp.ctime_ns,
                  stamp.mode,
                  static_cast<std::uint32_t>(paths_.size()),
                  digest};
    std::array<char, sizeof(Row)> bytes{};
    std::memcpy(bytes.data(), &row, sizeof(Row));
    rows_.append(bytes.data(), bytes.size());
  }
  std::string finish(std::int64_t now) {
    constexpr std::size_t frame = 256;
    oci::RecordWriter out(magic, rows_.size() + paths_.size() + frame);
    out.number(static_cast<std::uint64_t>(now));
    out.text(std::exchange(rows_, {}));
    out.text(std::exchange(paths_, {}));
    return out.finish();
  }

private:
  std::string rows_;
  std::string paths_;
};

}  // namespace

struct StatIndex::Impl {
  Impl(std::filesystem::path path, Clock some_clock, Earlier earlier)
      : file(std::move(path)), clock(std::move(some_clock)) {
    if (earlier == Earlier::used) {
      reading = begin_to_read(file);
    } else {
      std::promise<std::unique_ptr<Table>> nothing;
      nothing.set_value(std::make_unique<Table>(std::string()));
      reading = nothing.get_future();
    }
  }

  const std::filesystem::path file;
  const Clock clock;
  std::shared_future<std::unique_ptr<Table>> reading;
  std::mutex mutex;                            ///< of what follows
  std::atomic<bool> has_learnt = false;        ///< and written to with it only
  std::pmr::monotonic_buffer_resource memory;  ///< of `learnt`, which only grows
  std::pmr::map<std::pmr::string, Known, std::less<>> learnt{&memory};
  bool changed = false;

  std::optional<Known> find(std::string_view path) {
    if (has_learnt) {
      const std::lock_guard lock(mutex);
      if (const auto at = learnt.find(path); at != learnt.end()) return at->second;
    }
    return reading.get()->find(path);
  }

  /// Files of other targets are kept for their next build, but never at the cost of this one's.
  std::string encode() {
    const Table& read = *reading.get();
    std::size_t own = learnt.size();
    for (std::size_t i = 0; i < read.size(); ++i) own += read.was_asked_for(i) ? 1 : 0;
    std::size_t room = entry_limit - std::min(entry_limit, own);
    TableWriter out(std::min(entry_limit, learnt.size() + read.size()));
    auto next = learnt.begin();
    const auto add_learnt = [&] {
      out.add(next->first, next->second.stamp, next->second.digest);
      ++next;
    };
    for (std::size_t i = 0; i < read.size(); ++i) {
      const std::string_view path = read.path(i);
      while (next != learnt.end() && next->first < path) add_learnt();
      if (next != learnt.end() && next->first == path) continue;  // replaced
      if (!read.was_asked_for(i) && room == 0) continue;
      if (!read.was_asked_for(i)) --room;
      const Row row = read.row(i);
      out.add(path, row.stamp(), row.digest);
    }
    while (next != learnt.end()) add_learnt();
    return out.finish(clock());
  }
};

StatIndex::StatIndex(std::filesystem::path file, Clock clock, Earlier earlier)
    : impl_(std::make_unique<Impl>(std::move(file), std::move(clock), earlier)) {}

StatIndex::~StatIndex() = default;

StatIndex::Clock StatIndex::system_clock() {
  return [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
  };
}

std::optional<oci::RawSha256> StatIndex::find(std::string_view path, const FileStamp& stamp) const {
  const std::optional<Known> known = impl_->find(path);
  if (!known || known->stamp != stamp) return std::nullopt;
  return known->digest;
}

void StatIndex::learn(std::string_view path, const FileStamp& stamp, const Digest& digest) {
  if (digest.algorithm() != "sha256" || !is_settled(stamp, impl_->clock())) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->learnt.insert_or_assign(std::pmr::string(path, &impl_->memory),
                                 Known{stamp, oci::raw_sha256(digest)});
  impl_->has_learnt = true;
  impl_->changed = true;
}

void StatIndex::save() noexcept {
  try {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->changed) return;
    support::write_unflushed(impl_->file, impl_->encode());
    impl_->changed = false;
  } catch (const std::exception&) {
    // The next build reads the files again; nothing else is lost.
  }
}

}  // namespace ocibuild::context
