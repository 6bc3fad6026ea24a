// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ocibuild::context {

/// Finds, among many keys, those that a text begins with, in time that hardly depends on how many
/// others there are. Immutable once built.
class PrefixIndex {
public:
  struct Item {
    std::string key;
    std::size_t value;
  };
  explicit PrefixIndex(std::vector<Item> items = {});

  /// Calls `visit` with the value of each item whose key `text` begins with, until it gives true;
  /// then the result is true.
  bool any_prefix_of(std::string_view text, const std::function<bool(std::size_t)>& visit) const;
  /// True if some key begins with `text`.
  bool has_key_below(std::string_view text) const;

private:
  std::vector<Item> items_;  // sorted by key
  /// Of each item the next one whose key begins the item's own; itself if there is none. Items of
  /// one key are chained too.
  std::vector<std::size_t> shorter_;
};

}  // namespace ocibuild::context
