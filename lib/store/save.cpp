// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include <ocibuild/error.hpp>
#include <ocibuild/transfer.hpp>

#include "oci/image_json.hpp"
#include "store/archive_contents.hpp"
#include "store/blob_origin.hpp"
#include "store/copy_blob.hpp"
#include "store/docker_archive.hpp"
#include "store/hold.hpp"
#include "store/oci_layout.hpp"
#include "store/output.hpp"
#include "store/save.hpp"
#include "support/text.hpp"
#include "tar/tar_writer.hpp"

namespace ocibuild {

using support::concat;
using support::quote;

namespace store {
namespace {

/// What is written, whatever the order and repetitions of the request: by first name, then digest.
std::vector<SavedImage> in_fixed_order(const BlobOrigin& origin,
                                       const std::vector<SavedImage>& images) {
  const auto by_text = [](const Reference& a, const Reference& b) { return a.str() < b.str(); };
  std::map<Digest, SavedImage> merged;
  for (const SavedImage& image : images) {
    const Descriptor chosen =
        image.platform ? resolve_platform(origin, image.manifest, image.platform) : image.manifest;
    const Descriptor bare{.media_type = chosen.media_type,
                          .digest = chosen.digest,
                          .size = chosen.size,
                          .annotations = without_name(chosen).annotations};
    auto& names = merged.try_emplace(bare.digest, SavedImage{bare, {}}).first->second.names;
    names.insert(names.end(), image.names.begin(), image.names.end());
  }
  std::vector<SavedImage> out;
  for (auto& [digest, image] : merged) {
    std::sort(image.names.begin(), image.names.end(), by_text);
    image.names.erase(std::unique(image.names.begin(), image.names.end()), image.names.end());
    out.push_back(std::move(image));
  }
  std::stable_sort(out.begin(), out.end(), [&](const SavedImage& a, const SavedImage& b) {
    if (a.names.empty() || b.names.empty()) return !a.names.empty() && b.names.empty();
    return by_text(a.names.front(), b.names.front());
  });
  return out;
}

Index archive_index(const std::vector<SavedImage>& images) {
  Index index{.media_type = std::string(media_types::oci_index), .manifests = {}};
  for (const SavedImage& image : images) {
    if (image.names.empty()) index.manifests.push_back(image.manifest);
    for (const Reference& name : image.names) {
      Descriptor entry = image.manifest;
      entry.annotations.emplace(containerd_name_annotation, name.str());
      entry.annotations.emplace(ref_name_annotation, name.str());
      index.manifests.push_back(std::move(entry));
    }
  }
  return index;
}

/// docker knows tags only as names, and shortens them as familiar() does.
std::vector<std::string> repo_tags(const std::vector<Reference>& names) {
  std::vector<std::string> tags;
  for (Reference name : names) {
    if (name.tag.empty()) continue;
    name.digest.reset();
    tags.push_back(name.familiar());
  }
  return tags;
}

/// What docker's part of an archive shows of an index.
Descriptor docker_choice(const BlobOrigin& origin, const SavedImage& image) {
  const std::vector<Descriptor> there = present_manifests(origin, image.manifest);
  if (there.size() == 1) return there.front();
  try {
    return resolve_platform(origin, image.manifest, Platform::host());
  } catch (Error& error) {
    if (error.code() != Errc::not_found) throw;
    throw error.help(
        "choose one:  ocibuild save --platform P, or write an OCI archive, which holds all");
  }
}

std::vector<DockerImage> docker_images(const BlobOrigin& origin,
                                       const std::vector<SavedImage>& images) {
  std::vector<DockerImage> out;
  for (const SavedImage& image : images) {
    const Manifest manifest = read_manifest(origin, docker_choice(origin, image)).manifest;
    DockerImage entry{.config = blob_member(manifest.config.digest),
                      .repo_tags = repo_tags(image.names),
                      .layers = {}};
    for (const Descriptor& layer : manifest.layers) {
      origin.check(layer);  // docker wants the bytes of foreign layers, too
      entry.layers.push_back(blob_member(layer.digest));
    }
    out.push_back(std::move(entry));
  }
  return out;
}

oci::Entry member(std::string_view name, oci::EntryType type, std::uint64_t size) {
  oci::Entry entry;
  entry.path = oci::RootfsPath(name);
  entry.type = type;
  entry.mode = type == oci::EntryType::directory ? 0755 : 0644;
  entry.mtime = 1;  // 0 reads as "unknown" in some tools
  entry.size = size;
  return entry;
}

/// Content of the member that a TarWriter has begun.
class MemberSink final : public support::ByteSink {
public:
  explicit MemberSink(tar::TarWriter& tar) : tar_(tar) {}
  void write(support::Bytes bytes) override { tar_.content(bytes); }

private:
  tar::TarWriter& tar_;
};

void add_text(tar::TarWriter& tar, std::string_view name, std::string_view text) {
  support::MemorySource source(text);
  tar.add(member(name, oci::EntryType::regular, text.size()), source);
}

std::vector<Descriptor> blobs_of(const BlobOrigin& origin, const std::vector<SavedImage>& images) {
  ImageBlobs needed(origin);
  for (const SavedImage& image : images) needed.add(image.manifest);
  return needed.list();
}

/// Documents stand before blobs, so that who reads the archive as a stream knows what comes.
void write_archive(const BlobStore& blobs, const std::vector<SavedImage>& images, bool for_docker,
                   support::ByteSink& out, const std::stop_token& stop) {
  const StoreOrigin origin(blobs, "store-invalid");
  const std::vector<Descriptor> needed = blobs_of(origin, images);
  tar::TarWriter tar(out);
  add_text(tar, "oci-layout", layout_marker());
  add_text(tar, "index.json", oci::to_json(archive_index(images)));
  if (for_docker) add_text(tar, docker_manifest_member, to_json(docker_images(origin, images)));
  std::set<std::string> directories{"blobs", "blobs/sha256"};
  for (const Descriptor& blob : needed)
    directories.insert(concat("blobs/", blob.digest.algorithm()));
  for (const std::string& directory : directories) {
    tar.begin(member(directory, oci::EntryType::directory, 0));
    tar.end();
  }
  for (const Descriptor& blob : needed) {
    tar.begin(member(blob_member(blob.digest), oci::EntryType::regular, blob.size));
    MemberSink content(tar);
    send_blob(blobs, blob, content, stop);
    tar.end();
  }
  tar.finish();
}

void write_directory(const BlobStore& blobs, const std::vector<SavedImage>& images,
                     const std::filesystem::path& directory, const std::stop_token& stop) {
  const StoreOrigin origin(blobs, "store-invalid");
  const std::vector<Descriptor> needed = blobs_of(origin, images);
  OciLayout target(directory);
  const auto hold = Hold::shared(target, stop);
  for (const Descriptor& blob : needed) copy_blob(blobs, blob, target.blobs(), stop);
  const std::string repository = repository_of(directory);
  target.update_index([&](Index& index) {
    for (const SavedImage& image : images) {
      if (image.names.empty()) assign_name(index, image.manifest, {}, repository);
      for (const Reference& name : image.names)
        assign_name(index, image.manifest, name.str(), repository);
    }
  });
}

}  // namespace
}  // namespace store

void store::write_docker_archive(const OciLayout& layout, const std::vector<SavedImage>& images,
                                 support::ByteSink& out, const std::stop_token& stop) {
  const StoreOrigin origin(layout.blobs(), "store-invalid");
  write_archive(layout.blobs(), in_fixed_order(origin, images), true, out, stop);
}

std::uint64_t store::docker_archive_size(const OciLayout& layout,
                                         const std::vector<SavedImage>& images) {
  const StoreOrigin origin(layout.blobs(), "store-invalid");
  std::uint64_t size = 0;
  for (const Descriptor& blob : blobs_of(origin, in_fixed_order(origin, images))) size += blob.size;
  return size;
}

void save(const std::filesystem::path& root, const std::vector<SavedImage>& images,
          ImageContainer container, const Endpoint& destination, std::stop_token stop) {
  const store::OciLayout layout(root);
  const auto hold = store::Hold::shared(layout, stop);
  const std::vector<SavedImage> ordered =
      store::in_fixed_order(store::StoreOrigin(layout.blobs(), "store-invalid"), images);
  const auto* path = std::get_if<std::filesystem::path>(&destination);
  if (container == ImageContainer::oci_directory) {
    if (path == nullptr)
      throw Error(Errc::usage, "output-needs-path", "an OCI directory cannot be written to a pipe");
    store::write_directory(layout.blobs(), ordered, *path, stop);
    return;
  }
  const auto write = [&](support::ByteSink& out) {
    store::write_archive(layout.blobs(), ordered, container == ImageContainer::docker_archive, out,
                         stop);
  };
  store::write_output(destination, write);
}

}  // namespace ocibuild
