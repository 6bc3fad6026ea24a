// SPDX-License-Identifier: Apache-2.0
#include "oci/glob.hpp"

#include <algorithm>

#include "oci/pattern.hpp"

namespace ocibuild::oci {

bool has_wildcard(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
      return true;
    }
  }
  return false;
}

bool match_component(std::string_view pattern, std::string_view name) {
  return Pattern(pattern, Pattern::Grammar::go_match).matches(name);
}

SplitPattern split_pattern(std::string_view source) {
  const std::string clean = RootfsPath(source).str();
  std::size_t start = 0;
  while (start < clean.size()) {
    const std::size_t slash = std::min(clean.find('/', start), clean.size());
    if (has_wildcard(std::string_view(clean).substr(start, slash - start))) {
      return {clean.substr(0, start == 0 ? 0 : start - 1), clean.substr(start)};
    }
    start = slash + 1;
  }
  return {clean, ""};
}

namespace {

void expand_below(const FileTree& tree, const RootfsPath& base, const RootfsPath& directory,
                  const Pattern& pattern, std::vector<RootfsPath>& out) {
  for (const std::string& name : tree.list(directory)) {
    RootfsPath path = directory / name;
    const std::string_view relative = path.relative_to(base);
    if (pattern.matches(relative)) {
      out.push_back(std::move(path));
    } else if (pattern.may_match_below(relative)) {
      const auto file = tree.lookup(path);
      if (file && file->entry.is_directory()) expand_below(tree, base, path, pattern, out);
    }
  }
}

}  // namespace

std::vector<RootfsPath> expand(const FileTree& tree, const RootfsPath& base,
                               std::string_view rest) {
  const Pattern pattern(rest, Pattern::Grammar::go_match);
  std::vector<RootfsPath> out;
  expand_below(tree, base, base, pattern, out);
  return out;
}

}  // namespace ocibuild::oci
