// SPDX-License-Identifier: Apache-2.0
#include "commands/push_source.hpp"

#include <algorithm>
#include <system_error>

#include <ocibuild/error.hpp>

#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kinds[] = {"oci:", "oci-archive:", "docker-archive:"};

std::string shown(const fs::path& path) {
  return '\'' + terminal_text(path.string(), 200) + '\'';
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
  // The last ':' behind the last '/' begins a tag, unless a file has that name.
  const std::size_t slash = path.rfind('/');
  const std::size_t colon = path.find(':', slash == std::string::npos ? 0 : slash);
  if (colon != std::string::npos && !fs::exists(io.resolve(path), ignored)) {
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
  std::string offered;
  for (const StoredImage& image : all) {
    if (!image.name) continue;
    if (image.name->tag == wanted) return image;
    offered += (offered.empty() ? "" : ", ") + image.name->tag;
  }
  Error error(Errc::not_found, "image-unknown",
              shown(source.path) + " has no image '" + terminal_text(wanted, 150) + '\'');
  error.note(offered.empty() ? "its images have no names" : "it has: " + terminal_text(offered));
  error.help("name one of its tags behind a colon");
  throw error;
}

}  // namespace ocibuild::program
