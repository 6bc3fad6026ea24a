// SPDX-License-Identifier: Apache-2.0
// Files of the cache: an index of a layer, a stat index and the record of a layer, each with its
// sum made right, so that what lies behind the sum is reached. First line: which one.
#include <fstream>
#include <string>

#include "context/stat_index.hpp"
#include "fuzz.hpp"
#include "oci/hasher.hpp"
#include "rootfs/layer_index.hpp"
#include "store/build_cache.hpp"
#include "support/temp_dir.hpp"
#include "support/text.hpp"

namespace {

using namespace ocibuild;

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

/// `body` behind a magic, with the raw SHA-256 of both.
std::string record(std::string_view magic, std::string_view body) {
  std::string out = support::concat(magic, body);
  const std::string hex(oci::sha256(std::string_view(out)).hex());
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return out;
}

void read_layer_index(std::string_view body) {
  const auto index = rootfs::LayerIndex::decode(record("ocibuild layer index 3\n", body));
  if (!index) return;
  const rootfs::FileTable& files = index->files();
  const bool sound = index->is_sound();
  for (std::size_t i = 0; i < files.size(); ++i) {
    const rootfs::IndexedFile* found = index->find(files.at(i).entry.path);
    fuzz::require(!sound || found == &files.at(i), "a file is found by its path");
    index->children(files.at(i).entry.path);
  }
  const auto again = rootfs::LayerIndex::decode(index->encode());
  fuzz::require(again && again->encode() == index->encode(), "an index survives its file");
}

void read_stat_index(const test::TempDir& directory, std::string_view body) {
  write(directory / "stat-index", record("ocibuild stat index 2 little\n", body));
  context::StatIndex index(directory / "stat-index");
  index.find("a", {});
}

void read_layer_record(const test::TempDir& directory, std::string_view body) {
  const Digest key = oci::sha256(std::string_view("key"));
  const std::string hex(key.hex());
  write(directory / support::concat("layer-record-1/", hex.substr(0, 2), "/", hex),
        support::concat("ocibuild layer-record-1 ", key.str(), " ", oci::sha256(body).str(), "\n",
                        body));
  const auto found = store::BuildCache(directory.path()).find_layer(key);
  fuzz::require(!found || !found->diff_id.empty(), "a record is complete");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const test::TempDir directory;
  std::string_view rest = fuzz::as_text(data, size);
  const std::string_view kind = fuzz::take_line(rest);
  if (kind == "layer-index") read_layer_index(rest);
  if (kind == "stat-index") read_stat_index(directory, rest);
  if (kind == "layer-record") read_layer_record(directory, rest);
  return 0;
}
