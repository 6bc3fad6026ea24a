// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/transfer.hpp>

#include "commands/build_output.hpp"
#include "commands/commands.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

ImageContainer container_of(const ParsedFlags& flags) {
  const std::string format = flags.text("format").value_or("docker-archive");
  if (format == "docker-archive") return ImageContainer::docker_archive;
  if (format == "oci-archive") return ImageContainer::oci_archive;
  if (format == "oci-dir") return ImageContainer::oci_directory;
  usage_error("--format takes docker-archive, oci-archive or oci-dir, not '" +
              terminal_text(format, 100) + "'");
}

/// An image asked for by name keeps that name, one asked for by ID gets none, as docker does it.
std::vector<SavedImage> find_images(const Invocation& invocation,
                                    const std::filesystem::path& root) {
  const std::optional<Platform> platform = wanted_platform(invocation.flags);
  const ImageStore store(root);
  std::vector<SavedImage> out;
  for (const std::string& argument : invocation.flags.arguments) {
    const std::string word = stored_name(invocation, argument);
    const StoredImage image = store.find(word);
    auto same = std::find_if(out.begin(), out.end(), [&](const SavedImage& saved) {
      return saved.manifest.digest == image.manifest.digest;
    });
    if (same == out.end()) same = out.insert(out.end(), SavedImage{image.manifest, {}, platform});
    const bool listed =
        std::find(same->names.begin(), same->names.end(), image.name) != same->names.end();
    if (is_named(image, word) && !listed) same->names.push_back(*image.name);
  }
  return out;
}

}  // namespace

void save_images(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  check_arguments(flags, 1, flags.arguments.size(), "the name or ID of an image");
  const ImageContainer container = container_of(flags);
  const std::string output = flags.text("output").value_or("-");
  std::optional<std::filesystem::path> path;
  if (output != "-") {
    path = invocation.io.resolve(output);
    check_destination(container, *path, "--output");
  } else if (container == ImageContainer::oci_directory) {
    usage_error("--format oci-dir needs -o DIR");
  } else {
    check_archive_to_stdout(invocation.io, "save");
  }
  const std::filesystem::path root = store_root(flags, invocation.io);
  write_archive(root, find_images(invocation, root), container, path, invocation.io);
}

}  // namespace ocibuild::program
