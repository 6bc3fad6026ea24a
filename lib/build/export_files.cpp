// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/transfer.hpp>

#include "build/base_image.hpp"
#include "oci/image_json.hpp"
#include "rootfs/directory_tree.hpp"
#include "rootfs/tree_sink.hpp"
#include "store/blob_origin.hpp"
#include "store/output.hpp"

namespace ocibuild {

namespace fs = std::filesystem;

namespace {

/// The root file system of one image, and where it goes below the top of the output.
struct Files {
  oci::RootfsPath top;
  rootfs::View view;
};

/// "linux_arm_v7", as buildx calls the directory of a platform.
oci::RootfsPath directory_of(const Platform& platform) {
  std::string name = platform.str();
  std::ranges::replace(name, '/', '_');
  return oci::RootfsPath().child(name);
}

std::vector<Files> read_files(engine::BaseImages& images, const store::BlobStore& blobs,
                              const Descriptor& image) {
  const store::StoreOrigin origin(blobs, "store-invalid");
  const bool is_index = oci::is_index(image.media_type);
  std::vector<Files> out;
  for (const Descriptor& descriptor : store::present_manifests(origin, image)) {
    engine::BaseImage found{"the image", {}, descriptor, {}, {}, &blobs};
    found.manifest = store::read_manifest(origin, descriptor).manifest;
    found.config = store::read_config(origin, found.manifest.config).config;
    if (found.config.diff_ids.size() != found.manifest.layers.size())
      origin.invalid("manifest and config disagree about the number of layers");
    out.push_back(
        {is_index ? directory_of(found.config.platform) : oci::RootfsPath(), images.view(found)});
  }
  return out;
}

oci::Entry directory_entry(const oci::RootfsPath& path) {
  oci::Entry entry;
  entry.path = path;
  entry.type = oci::EntryType::directory;
  entry.mode = 0755;
  entry.mtime = 1;
  return entry;
}

void write_tar(const std::vector<Files>& images, const Endpoint& destination,
               const std::stop_token& stop) {
  store::write_output(destination, [&](support::ByteSink& out) {
    tar::TarWriter tar(out);
    for (const Files& files : images) {
      if (!files.top.is_root()) {
        tar.begin(directory_entry(files.top));
        tar.end();
      }
      rootfs::TarTree tree(tar, files.top);
      rootfs::write_tree(files.view, tree, stop);
    }
    tar.finish();
  });
}

void write_directories(const std::vector<Files>& images, const fs::path& directory,
                       const std::stop_token& stop) {
  for (const Files& files : images) {
    rootfs::DirectoryTree tree(files.top.is_root() ? directory : directory / files.top.str());
    rootfs::write_tree(files.view, tree, stop);
  }
}

}  // namespace

void export_files(const fs::path& store, const fs::path& cache, const Descriptor& image,
                  FilesContainer container, const Endpoint& destination, std::stop_token stop) {
  store::OciLayout layout(store);
  const store::BuildCache records(cache.empty() ? store / "cache" : cache);
  engine::BaseImages images(layout, records, nullptr, stop);
  const std::vector<Files> files = read_files(images, layout.blobs(), image);
  if (container == FilesContainer::tar) return write_tar(files, destination, stop);
  const auto* directory = std::get_if<fs::path>(&destination);
  if (directory == nullptr)
    throw Error(Errc::usage, "output-needs-path", "a directory cannot be written to a pipe");
  write_directories(files, *directory, stop);
}

}  // namespace ocibuild
