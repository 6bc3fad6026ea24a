// SPDX-License-Identifier: Apache-2.0
#include "commands/context_option.hpp"

#include <system_error>

#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view layout_scheme = "oci-layout://";
constexpr std::string_view image_schemes[] = {"docker-image://", "container-image://", "docker://"};

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

fs::path directory(std::string_view path, const Io& io, const std::string& origin) {
  std::error_code ignored;
  fs::path out = io.resolve(std::string(path));
  if (!fs::is_directory(out, ignored))
    usage_error(origin + ": " + shown(path) + " is no directory");
  return out;
}

/// The last ':' behind the last '/' begins a tag, unless a directory has that name.
LayoutImage parse_layout(std::string_view text, const Io& io, const std::string& origin) {
  LayoutImage image;
  if (const std::size_t at = text.rfind("@sha"); at != std::string_view::npos) {
    image.digest = Digest::parse(text.substr(at + 1));
    text = text.substr(0, at);
  }
  std::error_code ignored;
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos &&
      !fs::is_directory(io.resolve(std::string(text)), ignored)) {
    image.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
    if (image.tag.empty()) usage_error(origin + ": there is no tag behind the colon");
  }
  image.directory = directory(text, io, origin);
  if (!fs::is_regular_file(image.directory / "oci-layout", ignored)) {
    usage_error(origin + ": " + shown(text) + " is no OCI image layout: it has no file oci-layout");
  }
  return image;
}

BuildContext parse_value(std::string_view value, const Io& io, const std::string& origin,
                         const ImageNamer& image) {
  if (value.starts_with(layout_scheme))
    return parse_layout(value.substr(layout_scheme.size()), io, origin);
  for (const std::string_view scheme : image_schemes) {
    if (value.starts_with(scheme)) return image(value.substr(scheme.size()));
  }
  if (value.find("://") != std::string_view::npos || value.starts_with("git@")) {
    usage_error(origin + " takes a directory, oci-layout://DIR or docker-image://NAME, not " +
                shown(value) + ": fetch it first");
  }
  return directory(value, io, origin);
}

}  // namespace

std::pair<std::string, BuildContext> parse_context(std::string_view text, const Io& io,
                                                   const std::string& origin,
                                                   const ImageNamer& image) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string_view::npos || equals + 1 == text.size())
    usage_error(origin + " needs NAME=DIR, not " + shown(text));
  return {std::string(text.substr(0, equals)),
          parse_value(text.substr(equals + 1), io, origin, image)};
}

}  // namespace ocibuild::program
