// SPDX-License-Identifier: Apache-2.0
#include "context/stat_index.hpp"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include <ocibuild/error.hpp>

#include "oci/record.hpp"
#include "support/fd.hpp"
#include "support/temp_file.hpp"

namespace ocibuild::context {

namespace {

constexpr std::string_view magic = "ocibuild stat index 1\n";
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
  Digest digest;
  bool used = false;  ///< asked for or learnt in this run
};

void write(oci::RecordWriter& out, std::string_view path, const Known& known) {
  out.text(path);
  out.number(known.stamp.device);
  out.number(known.stamp.inode);
  out.number(known.stamp.size);
  out.number(static_cast<std::uint64_t>(known.stamp.mtime_ns));
  out.number(static_cast<std::uint64_t>(known.stamp.ctime_ns));
  out.number(known.stamp.mode);
  out.digest(known.digest);
}

Known read(oci::RecordReader& in) {
  Known known;
  known.stamp.device = in.number();
  known.stamp.inode = in.number();
  known.stamp.size = in.number();
  known.stamp.mtime_ns = static_cast<std::int64_t>(in.number());
  known.stamp.ctime_ns = static_cast<std::int64_t>(in.number());
  known.stamp.mode = static_cast<std::uint32_t>(in.number());
  known.digest = in.digest();
  return known;
}

}  // namespace

struct StatIndex::Impl {
  std::filesystem::path file;
  Clock clock;
  std::mutex mutex;
  std::unordered_map<std::string, Known> files;
  bool changed = false;

  void load() {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) return;
    const std::string bytes = support::read_file(file, file_limit);
    auto in = oci::RecordReader::open(bytes, magic);
    if (!in) return;
    const auto written = static_cast<std::int64_t>(in->number());
    while (!in->at_end()) {
      const std::string path(in->text());
      Known known = read(*in);
      if (!in->ok()) break;
      if (is_settled(known.stamp, written)) files.insert_or_assign(path, std::move(known));
    }
    if (!in->ok()) files.clear();
  }

  std::string encode() const {
    oci::RecordWriter out(magic);
    out.number(static_cast<std::uint64_t>(clock()));
    std::size_t count = 0;
    // Files of other targets are kept for their next build, but never at the cost of this one's.
    for (const bool used : {true, false}) {
      for (const auto& [path, known] : files) {
        if (known.used != used || count == entry_limit) continue;
        write(out, path, known);
        ++count;
      }
    }
    return out.finish();
  }
};

StatIndex::StatIndex(std::filesystem::path file, Clock clock) : impl_(std::make_unique<Impl>()) {
  impl_->file = std::move(file);
  impl_->clock = std::move(clock);
  try {
    impl_->load();
  } catch (const Error&) {
    // An index that cannot be read is an empty one: it only costs reading the files again.
    impl_->files.clear();
  }
}

StatIndex::~StatIndex() = default;

StatIndex::Clock StatIndex::system_clock() {
  return [] {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::int64_t{std::chrono::duration_cast<std::chrono::nanoseconds>(now).count()};
  };
}

std::optional<Digest> StatIndex::find(std::string_view path, const FileStamp& stamp) const {
  const std::lock_guard lock(impl_->mutex);
  const auto at = impl_->files.find(std::string(path));
  if (at == impl_->files.end() || at->second.stamp != stamp) return std::nullopt;
  at->second.used = true;
  return at->second.digest;
}

void StatIndex::learn(std::string_view path, const FileStamp& stamp, const Digest& digest) {
  if (digest.algorithm() != "sha256" || !is_settled(stamp, impl_->clock())) return;
  const std::lock_guard lock(impl_->mutex);
  impl_->files.insert_or_assign(std::string(path),
                                Known{.stamp = stamp, .digest = digest, .used = true});
  impl_->changed = true;
}

void StatIndex::save() noexcept {
  try {
    const std::lock_guard lock(impl_->mutex);
    if (!impl_->changed) return;
    support::write_file(impl_->file, impl_->encode());
    impl_->changed = false;
  } catch (const std::exception&) {
    // The next build reads the files again; nothing else is lost.
  }
}

}  // namespace ocibuild::context
