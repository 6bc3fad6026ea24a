// SPDX-License-Identifier: Apache-2.0
#include "commands/image_filter.hpp"

#include <fnmatch.h>

#include <algorithm>

#include <ocibuild/error.hpp>

#include "commands/image_names.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

bool parse_bool(const std::string& value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  usage_error("--filter dangling takes true or false, not '" + terminal_text(value, 100) + "'");
}

bool fits(const std::string& pattern, const std::string& text) {
  return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0;
}

}  // namespace

ImageFilter ImageFilter::parse(const ParsedFlags& flags) {
  ImageFilter out;
  for (const std::string& filter : flags.list("filter")) {
    const std::size_t equals = filter.find('=');
    const std::string key = filter.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : filter.substr(equals + 1);
    if (key == "dangling") {
      out.dangling_ = parse_bool(value);
    } else if (key == "label" && !value.empty()) {
      out.labels_.push_back(value);
    } else if (key == "reference" && !value.empty()) {
      out.references_.push_back(value);
    } else {
      usage_error("--filter takes dangling=BOOL, label=K[=V] or reference=PATTERN here, not '" +
                  terminal_text(filter, 100) + "'");
    }
  }
  return out;
}

bool ImageFilter::takes(const StoredImage& image, const ImageStore& store) const {
  if (dangling_ && *dangling_ == image.name.has_value()) return false;
  const auto names_it = [&](const std::string& pattern) {
    return fits(pattern, repository_of(*image.name)) || fits(pattern, tagged(*image.name));
  };
  if (!references_.empty() &&
      (!image.name || std::none_of(references_.begin(), references_.end(), names_it)))
    return false;
  return labels_.empty() || has_labels(image, store);
}

bool ImageFilter::has_labels(const StoredImage& image, const ImageStore& store) const {
  try {
    const auto labels = store.details(image).config.config.labels;
    return std::all_of(labels_.begin(), labels_.end(), [&](const std::string& wanted) {
      const std::size_t equals = wanted.find('=');
      const auto found = labels.find(wanted.substr(0, equals));
      return found != labels.end() &&
             (equals == std::string::npos || found->second == wanted.substr(equals + 1));
    });
  } catch (const Error&) {
    return false;
  }
}

}  // namespace ocibuild::program
