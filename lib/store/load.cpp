// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include <ocibuild/error.hpp>
#include <ocibuild/transfer.hpp>

#include "oci/image_json.hpp"
#include "store/archive_contents.hpp"
#include "store/copy_blob.hpp"
#include "store/docker_archive.hpp"
#include "store/hold.hpp"
#include "store/oci_layout.hpp"
#include "store/stopping_source.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"

namespace ocibuild {

using support::concat;
using support::quote;

namespace store {
namespace {

constexpr std::string_view expected =
    "expected a tar or directory with oci-layout and index.json, or a tar with manifest.json";

/// An OCI image layout directory that is read from: what is missing is the layout's fault.
class LayoutOrigin final : public BlobOrigin {
public:
  explicit LayoutOrigin(const OciLayout& layout)
      : layout_(layout), blobs_(layout.blobs(), "archive-invalid") {}
  bool has(const Digest& digest) const override { return blobs_.has(digest); }
  void check(const Descriptor& descriptor) const override {
    if (!has(descriptor.digest))
      invalid(concat("it lacks the member ", quote(blob_member(descriptor.digest))));
    blobs_.check(descriptor);
  }
  std::string read(const Descriptor& descriptor, std::size_t limit) const override {
    check(descriptor);
    return blobs_.read(descriptor, limit);
  }

private:
  Error complaint(std::string_view why) const override {
    return Error(Errc::failed, "archive-invalid",
                 concat(quote(layout_.root().native()), ": ", why));
  }
  const OciLayout& layout_;
  StoreOrigin blobs_;
};

/// The images that an index.json lists, each complete in `origin`, and all their blobs.
struct ListedImages {
  IncomingImages images;
  std::vector<Descriptor> blobs;
};

ListedImages listed_images(const BlobOrigin& origin, const Index& index,
                           const std::string& repository) {
  if (index.manifests.empty()) origin.invalid("index.json lists no image");
  ImageBlobs blobs(origin);
  ListedImages out;
  for (const Descriptor& entry : index.manifests) {
    blobs.add(entry);
    out.images.push_back({entry_name(entry, repository), without_name(entry)});
  }
  out.blobs = blobs.list();
  return out;
}

IncomingImages import_directory(const std::filesystem::path& directory, const BlobStore& target,
                                const std::stop_token& stop) {
  for (const char* name : {"oci-layout", "index.json"}) {
    if (std::filesystem::exists(directory / name)) continue;
    throw Error(Errc::failed, "archive-invalid",
                concat(quote(directory.native()), " is no image: it has no file ", name))
        .help(std::string(expected));
  }
  const OciLayout source(directory);
  const LayoutOrigin origin(source);
  ListedImages listed = listed_images(origin, source.read_index(), repository_of(directory));
  for (const Descriptor& blob : listed.blobs) copy_blob(source.blobs(), blob, target, stop);
  return std::move(listed.images);
}

IncomingImages import_oci_archive(ArchiveContents& contents, const BlobStore& target,
                                  const std::string& repository) {
  Index index;
  try {
    check_layout_marker(contents.read("oci-layout", oci::manifest_limit));
    index = oci::parse_index(contents.read("index.json", oci::manifest_limit));
  } catch (const Error& error) {
    contents.invalid(error.what());
  }
  ListedImages listed = listed_images(ArchiveOrigin(contents), index, repository);
  for (const Descriptor& blob : listed.blobs) contents.commit(blob_member(blob.digest), target);
  return std::move(listed.images);
}

IncomingImages import_archive(support::ByteSource& in, const std::string& what,
                              const BlobStore& target, const std::string& repository) {
  ArchiveContents contents(in, target, what);
  if (contents.has("oci-layout") && contents.has("index.json"))
    return import_oci_archive(contents, target, repository);
  if (contents.has(docker_manifest_member)) return import_docker_archive(contents, target);
  throw contents.complaint("it has neither index.json nor manifest.json")
      .help(std::string(expected));
}

/// Reads what is left, so that the program at the other end of a pipe is not killed for writing
/// the padding behind the end of a tar.
void drain(support::ByteSource& in) {
  std::array<std::byte, 16384> buffer{};
  while (in.read(buffer) > 0) {
  }
}

IncomingImages import_from(const Endpoint& endpoint, const BlobStore& target,
                           const std::stop_token& stop) {
  if (const int* fd = std::get_if<int>(&endpoint)) {
    support::FdSource input(*fd, "the input");
    StoppingSource in(input, stop);
    IncomingImages images = import_archive(in, "the input", target, {});
    drain(in);
    return images;
  }
  const auto& path = std::get<std::filesystem::path>(endpoint);
  if (std::filesystem::is_directory(path)) return import_directory(path, target, stop);
  support::FileSource file(path);
  StoppingSource in(file, stop);
  return import_archive(in, quote(path.native()), target, repository_of(path));
}

/// When one archive gives a name twice, the later image has it.
void drop_repeated_names(std::vector<StoredImage>& images) {
  for (auto image = images.begin(); image != images.end(); ++image) {
    const auto same = [&](const StoredImage& later) { return later.name == image->name; };
    if (std::any_of(image + 1, images.end(), same)) image->name.reset();
  }
}

}  // namespace
}  // namespace store

std::vector<StoredImage> load(const std::filesystem::path& root, const Endpoint& source,
                              std::stop_token stop) {
  store::OciLayout layout(root);
  layout.blobs().check_writable();
  const auto hold = store::Hold::shared(layout, stop);
  std::vector<StoredImage> images = store::import_from(source, layout.blobs(), stop);
  const std::string repository = store::repository_of(layout.root());
  store::drop_repeated_names(images);
  layout.update_index([&](Index& index) {
    for (const StoredImage& image : images) {
      store::assign_name(index, image.manifest, image.name ? image.name->str() : "", repository);
    }
  });
  return images;
}

}  // namespace ocibuild
