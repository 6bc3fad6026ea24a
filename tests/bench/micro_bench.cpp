// SPDX-License-Identifier: Apache-2.0
// micro_bench PART PATH: times one part of a build as the library does it, and what the machine can
// do at best (limits.hpp). Prints lines "PART UNIT COUNT OURS LIMIT", the last two in seconds.
//
//   walk DIRECTORY   read DIRECTORY   hash FILE   tar FILE   compress FILE   index DIRECTORY
//   limits FILE      the limits of hash and compress alone (OURS is 0)
//
// `index` keeps a stat index in DIRECTORY, which must be one for temporary files.
#include <chrono>
#include <functional>
#include <iomanip>
#include <iostream>

#include "bare_walk.hpp"
#include "compress/chunk_encoder.hpp"
#include "context/context_tree.hpp"
#include "limits.hpp"
#include "oci/hasher.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"
#include "support/worker_pool.hpp"
#include "tar/tar_writer.hpp"

namespace {

using namespace ocibuild;
using Bytes = support::Bytes;
using Path = std::filesystem::path;

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void report(std::string_view part, std::string_view unit, std::size_t count, double ours,
            double limit) {
  std::cout << part << ' ' << unit << ' ' << count << ' ' << std::fixed << std::setprecision(6)
            << ours << ' ' << limit << '\n';
}

class NullSink final : public support::ByteSink {
public:
  void write(Bytes) override {}
};

using Visit = std::function<void(const oci::TreeFile&)>;

void visit_files(const context::ContextTree& tree, const oci::RootfsPath& directory,
                 const Visit& visit) {
  for (const std::string& name : tree.list(directory)) {
    const std::optional<oci::TreeFile> file = tree.lookup(directory / name);
    if (!file) continue;
    visit(*file);
    if (file->entry.is_directory()) visit_files(tree, file->entry.path, visit);
  }
}

void walk(const Path& directory) {
  std::size_t files = 0;
  const double limit = seconds_of([&] { bare_walk(AT_FDCWD, directory.c_str()); });
  const double ours = seconds_of([&] {
    const context::ContextTree tree(directory, {}, nullptr);
    visit_files(tree, {}, [&](const oci::TreeFile&) { ++files; });
  });
  report("walk", "files", files, ours, limit);
}

void read(const Path& directory) {
  const context::ContextTree tree(directory, {}, nullptr);
  std::vector<oci::TreeFile> files;
  std::vector<Path> paths;
  visit_files(tree, {}, [&](const oci::TreeFile& file) {
    if (!file.content) return;
    files.push_back(file);
    paths.push_back(directory / file.entry.path.str());
  });
  const double limit = seconds_of([&] { bench::read_files(paths); });
  NullSink nowhere;
  const double ours = seconds_of([&] {
    for (const oci::TreeFile& file : files) support::copy(*file.content->open(), nowhere);
  });
  report("read", "files", files.size(), ours, limit);
}

/// In pieces of a tar's buffer, as the layer writer gives them.
void in_blocks(Bytes bytes, support::ByteSink& out) {
  support::MemorySource source(bytes);
  support::copy(source, out);
}

void hash(Bytes bytes) {
  const double limit = seconds_of([&] { bench::hash_at_once(bytes); });
  oci::Hasher hasher;
  const double ours = seconds_of([&] { in_blocks(bytes, hasher); });
  report("hash", "bytes", bytes.size(), ours, limit);
}

/// The bytes as files of 7,500 bytes each, as many small files are.
void tar(Bytes bytes) {
  constexpr std::size_t file_size = 7500;
  const double limit = seconds_of([&] { bench::copy_memory(bytes); });
  NullSink nowhere;
  const double ours = seconds_of([&] {
    tar::TarWriter writer(nowhere);
    oci::Entry entry{.path = oci::RootfsPath("srv/node_modules/package/lib/index.js")};
    for (Bytes left = bytes; !left.empty(); left = left.subspan(entry.size)) {
      entry.size = std::min(file_size, left.size());
      support::MemorySource source(left.first(entry.size));
      writer.add(entry, source);
    }
    writer.finish();
  });
  report("tar", "bytes", bytes.size(), ours, limit);
}

compress::Setting gzip() {
  return compress::Setting::make(compress::Codec::gzip, std::nullopt);
}

/// As layers are cut, in the mean and if nothing is said about files.
constexpr std::size_t piece_size = 1 << 20;

double compress_limit(Bytes bytes) {
  return seconds_of([&] {
    bench::compress_at_once(bytes, compress::gzip_level, piece_size, support::available_cpus());
  });
}

/// In order, as the layer writer does it.
void compress_in_order(Bytes bytes) {
  const unsigned jobs = support::available_cpus();
  const std::size_t most = 2 * std::size_t{jobs};
  using Packed = std::vector<std::byte>;
  support::WorkerPool pool(jobs);
  support::OrderedTasks<Packed> workers(pool);
  const auto compress = [](Bytes piece) {
    thread_local compress::ChunkEncoder encoder(gzip());
    Packed packed;
    encoder.encode(piece, packed);
    return packed;
  };
  for (Bytes left = bytes; !left.empty(); left = left.subspan(std::min(piece_size, left.size()))) {
    if (workers.under_way() == most) workers.take();
    workers.push([&compress, piece = left.first(std::min(piece_size, left.size()))] {
      return compress(piece);
    });
  }
  while (workers.under_way() > 0) workers.take();
}

void compress(Bytes bytes) {
  const double limit = compress_limit(bytes);
  report("compress", "bytes", bytes.size(), seconds_of([&] { compress_in_order(bytes); }), limit);
}

void limits(Bytes bytes) {
  report("compress", "bytes", bytes.size(), 0, compress_limit(bytes));
  report("hash", "bytes", bytes.size(), 0, seconds_of([&] { bench::hash_at_once(bytes); }));
}

/// Writing and reading what is known of 40,000 files, against the same bytes as they are.
void index(const Path& directory) {
  constexpr std::size_t count = 40'000;
  const Path file = directory / "stat-index";
  const Digest digest = oci::sha256("content");
  std::vector<std::string> paths;
  for (std::size_t i = 0; i < count; ++i) {
    paths.push_back(support::concat("node_modules/package-", i / 25, "/dist/file-", i % 25, ".js"));
  }
  std::filesystem::remove(file);
  context::StatIndex learning(file);
  const context::FileStamp stamp{
      .device = 1, .inode = 2, .size = 7500, .mtime_ns = 1, .mode = 0644};
  for (const std::string& path : paths) learning.learn(path, stamp, digest);
  const double save = seconds_of([&] { learning.save(); });
  const std::string bytes = support::read_file(file, std::size_t{1} << 30);
  const double write =
      seconds_of([&] { bench::write_plainly(directory / "plain", support::as_bytes(bytes)); });
  report("index-save", "files", count, save, write);

  const double read = seconds_of([&] { bench::read_files({file}); });
  const double load = seconds_of([&] {
    const context::StatIndex known(file);
    for (const std::string& path : paths) known.find(path, stamp);
  });
  report("index-load", "files", count, load, read);
}

bool run(std::string_view part, const Path& path) {
  if (part == "walk") return walk(path), true;
  if (part == "read") return read(path), true;
  if (part == "index") return index(path), true;
  if (part != "hash" && part != "tar" && part != "compress" && part != "limits") return false;
  const std::string text = support::read_file(path, std::size_t{1} << 34);
  const Bytes bytes = support::as_bytes(text);
  if (part == "hash") hash(bytes);
  if (part == "tar") tar(bytes);
  if (part == "compress") compress(bytes);
  if (part == "limits") limits(bytes);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && run(argv[1], argv[2])) return 0;
  std::cerr << "usage: micro_bench walk|read|index DIRECTORY | hash|tar|compress|limits FILE\n";
  return 2;
}
