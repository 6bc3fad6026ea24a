// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::oci {

/// A path inside an image: relative to its root, '/'-separated, clean. The root is "".
///
/// Never a path of this machine. Components are never empty, "." or ".."; ".." of the text given
/// stops at the root. Ordered by bytes, as layers are; a directory comes before what is in it.
class RootfsPath {
public:
  RootfsPath() = default;
  /// Cleans `text`: "/a/./b//../c/" is "a/c".
  explicit RootfsPath(std::string_view text);

  const std::string& str() const { return text_; }
  bool is_root() const { return text_.empty(); }
  /// "/a/c": for messages.
  std::string absolute() const { return "/" + text_; }
  /// Last component; "" for the root.
  std::string_view name() const;
  /// The root's parent is the root.
  RootfsPath parent() const;
  /// `name`: one clean component, as a directory has it.
  RootfsPath child(std::string_view name) const;
  /// Joins and cleans: ("a/b" / "../c") is "a/c".
  RootfsPath operator/(std::string_view relative) const;
  /// True for `directory` itself and everything below it.
  bool is_within(const RootfsPath& directory) const;
  /// True if `directory` is its parent, and not itself.
  bool is_directly_in(const RootfsPath& directory) const;
  /// The text below `directory`, which must contain this path; "" for itself.
  std::string_view relative_to(const RootfsPath& directory) const;
  /// Every directory on the way, outermost first, without the root and without the path itself.
  std::vector<RootfsPath> parents() const { return parents_below({}); }
  /// Those of them that lie in `directory`, which must contain this path; itself left out.
  std::vector<RootfsPath> parents_below(const RootfsPath& directory) const;

  auto operator<=>(const RootfsPath&) const = default;

private:
  std::string text_;
};

/// True when a ".." in `text` climbs above the root, wherever the path comes back to.
bool leaves_root(std::string_view text);

}  // namespace ocibuild::oci
