// SPDX-License-Identifier: Apache-2.0
#include "commands/annotation.hpp"

#include <algorithm>
#include <utility>

#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::pair<std::string_view, AnnotationPlace> places[] = {
    {"manifest", AnnotationPlace::manifest},
    {"index", AnnotationPlace::index},
    {"manifest-descriptor", AnnotationPlace::manifest_descriptor},
    {"index-descriptor", AnnotationPlace::index_descriptor},
};

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

}  // namespace

Annotation annotation_on(std::string_view type, std::string key, std::string value,
                         const std::string& origin) {
  const std::string_view name = type.substr(0, type.find('['));
  const auto place = std::find_if(std::begin(places), std::end(places),
                                  [&](const auto& row) { return row.first == name; });
  if (place == std::end(places)) {
    usage_error(origin + " has no type " + shown(name) +
                "; use manifest, index, manifest-descriptor or index-descriptor");
  }
  Annotation annotation{std::move(key), std::move(value), place->second};
  if (name.size() == type.size()) return annotation;
  if (!type.ends_with(']')) usage_error(origin + ": a ] is missing in " + shown(type));
  if (name.starts_with("index"))
    usage_error(origin + ": an index is for all platforms, not for one: " + shown(type));
  annotation.platform =
      Platform::parse(type.substr(name.size() + 1, type.size() - name.size() - 2));
  return annotation;
}

std::vector<Annotation> parse_annotation(std::string_view text, const std::string& origin) {
  const std::size_t equals = text.find('=');
  std::string_view key = text.substr(0, equals);
  std::string_view types = "manifest";
  if (const std::size_t colon = key.find(':'); colon != std::string_view::npos) {
    types = key.substr(0, colon);
    key.remove_prefix(colon + 1);
  }
  if (equals == std::string_view::npos || key.empty())
    usage_error(origin + " needs K=V, not " + shown(text));
  std::vector<Annotation> out;
  for (bool more = true; more;) {
    const std::size_t comma = types.find(',');
    out.push_back(annotation_on(types.substr(0, comma), std::string(key),
                                std::string(text.substr(equals + 1)), origin));
    more = comma != std::string_view::npos;
    if (more) types.remove_prefix(comma + 1);
  }
  return out;
}

}  // namespace ocibuild::program
