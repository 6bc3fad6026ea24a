// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_scan.hpp"

#include <utility>
#include <vector>

#include <ocibuild/error.hpp>

#include "compress/decompressor.hpp"
#include "oci/hasher.hpp"
#include "rootfs/layer_members.hpp"
#include "support/stop.hpp"
#include "support/text.hpp"
#include "tar/tar_reader.hpp"

namespace ocibuild::rootfs {

namespace {

constexpr std::size_t buffer_size = 128 * 1024;

/// The uncompressed tar on its way: summed up for the diff_id, and the place where a stop is seen.
class TarStream final : public support::ByteSource {
public:
  TarStream(support::ByteSource& in, const DiffId& diff_id, std::stop_token stop)
      : in_(in), hasher_(diff_id.digest().algorithm()), stop_(std::move(stop)) {}

  std::size_t read(std::span<std::byte> buffer) override {
    support::throw_if_stopped(stop_);
    const std::size_t size = in_.read(buffer);
    hasher_.write(support::Bytes(buffer).first(size));
    return size;
  }
  std::uint64_t size() const { return hasher_.size(); }
  Digest finish() { return hasher_.finish(); }

private:
  support::ByteSource& in_;
  oci::Hasher hasher_;
  std::stop_token stop_;
};

/// Reads what is left, so that sums over the whole stream are made and checked.
void drain(support::ByteSource& source) {
  std::vector<std::byte> buffer(buffer_size);
  while (source.read(buffer) > 0) {
  }
}

LayerMembers read_members(support::ByteSource& tar, const std::string& what) {
  LayerMembers members(what);
  tar::TarReader reader(tar, tar::Wrapping::none, what);
  tar::TarReader::Member member;
  std::vector<std::byte> buffer(buffer_size);  // one for all files: most are smaller than it
  while (reader.next(member)) {
    IndexedFile file{.entry = std::move(member.entry), .offset = member.offset};
    if (file.entry.type == oci::EntryType::regular) {
      oci::Hasher hasher;
      while (const std::size_t size = reader.content().read(buffer)) {
        hasher.write(support::Bytes(buffer).first(size));
      }
      file.digest = hasher.finish();
    }
    members.add(std::move(file));
  }
  return members;
}

}  // namespace

std::shared_ptr<const LayerIndex> scan_layer(support::ByteSource& blob,
                                             const Descriptor& descriptor, const DiffId& diff_id,
                                             const std::string& what, std::stop_token stop) {
  oci::VerifyingSource verified(blob, descriptor.digest, descriptor.size, what);
  std::shared_ptr<const LayerIndex> index;
  Digest unpacked;
  try {
    const auto plain = compress::decompress(verified, what);
    TarStream tar(*plain, diff_id, std::move(stop));
    LayerMembers members = read_members(tar, what);
    drain(tar);  // a tar ends before its file does
    index = members.finish(tar.size());
    unpacked = tar.finish();
  } catch (const Error& error) {
    // A blob that arrived damaged fails somewhere inside first; that its digest is wrong says more.
    if (error.code() == Errc::failed) drain(verified);
    throw;
  }
  drain(verified);
  if (unpacked != diff_id.digest()) {
    throw Error(Errc::failed, "blob-corrupt",
                support::concat(what, " does not hold what the image config says: wanted diff_id ",
                                diff_id.str(), ", got ", unpacked.str()));
  }
  return index;
}

}  // namespace ocibuild::rootfs
