// SPDX-License-Identifier: Apache-2.0
#include "commands/push_source.hpp"

#include <algorithm>
#include <system_error>

#include <ocibuild/error.hpp>

#include "commands/image_names.hpp"
#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kinds[] = {"oci:", "oci-archive:", "docker-archive:"};

std::string shown(const fs::path& path) {
  return '\'' + terminal_text(path.string(), 200) + '\'';
}

/// Where FILE ends and the name of an image in it begins: the first colon behind a file that is
/// there, else the first behind the last '/'. npos: there is no such name.
std::size_t end_of_file_name(const std::string& text, const Io& io) {
  std::error_code ignored;
  if (fs::exists(io.resolve(text), ignored)) return std::string::npos;
  std::size_t colon = text.find(':');
  for (; colon != std::string::npos; colon = text.find(':', colon + 1)) {
    if (fs::exists(io.resolve(text.substr(0, colon)), ignored)) return colon;
  }
  const std::size_t slash = text.rfind('/');
  return text.find(':', slash == std::string::npos ? 0 : slash);
}

bool is_same_image(const std::vector<StoredImage>& images) {
  return std::all_of(images.begin(), images.end(), [&](const StoredImage& image) {
    return image.manifest.digest == images.front().manifest.digest;
  });
}

}  // namespace

std::optional<PushSource> parse_push_source(const std::string& text, const Io& io) {
  const auto kind = std::find_if(std::begin(kinds), std::end(kinds),
                                 [&](std::string_view word) { return text.starts_with(word); });
  if (kind == std::end(kinds)) return std::nullopt;
  std::string path = text.substr(kind->size());
  PushSource out;
  std::error_code ignored;
  const std::size_t colon = end_of_file_name(path, io);
  if (colon != std::string::npos) {
    out.tag = path.substr(colon + 1);
    path.resize(colon);
    if (out.tag.empty()) usage_error("there is no tag behind the colon of '" + text + "'");
  }
  if (path.empty()) usage_error("'" + terminal_text(text, 100) + "' names no file");
  out.path = io.resolve(path);
  const bool directory = *kind == "oci:";
  if (directory != fs::is_directory(out.path, ignored) || !fs::exists(out.path, ignored)) {
    usage_error(std::string(*kind) + " takes " + (directory ? "a directory" : "a file") + ", and " +
                shown(out.path) + " is none");
  }
  return out;
}

StoredImage choose_image(const TemporaryImages& images, const PushSource& source) {
  const std::vector<StoredImage>& all = images.images();
  if (source.tag.empty() && is_same_image(all)) return all.front();
  const std::string wanted = source.tag.empty() ? "latest" : source.tag;
  std::vector<StoredImage> found;
  std::string offered;
  for (const StoredImage& image : all) {
    if (!image.name) continue;
    if (is_named(image, wanted)) return image;
    if (image.name->tag == wanted) found.push_back(image);
    offered += (offered.empty() ? "" : ", ") + tagged(*image.name);
  }
  if (!found.empty() && is_same_image(found)) return found.front();
  if (!found.empty()) {
    throw Error(
        Errc::usage, "image-ambiguous",
        shown(source.path) + " has several images with the tag '" + found.front().name->tag + '\'')
        .note("it has: " + terminal_text(offered))
        .help("name one of them behind a colon");
  }
  Error error(Errc::not_found, "image-unknown",
              shown(source.path) + " has no image '" + terminal_text(wanted, 150) + '\'');
  error.note(offered.empty() ? "its images have no names" : "it has: " + terminal_text(offered));
  error.help("name one of them, or its tag, behind a colon");
  throw error;
}

}  // namespace ocibuild::program
