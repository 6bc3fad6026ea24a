// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include "rootfs/indexed_file.hpp"

/// Lists of what has a path, sorted by that.
namespace ocibuild::rootfs {

inline std::string_view path_of(const IndexedFile& file) {
  return file.entry.path.str();
}
inline std::string_view path_of(const oci::RootfsPath& path) {
  return path.str();
}

/// The first item that is not before `path`.
template <typename T>
auto lower_bound_of(const std::vector<T>& list, std::string_view path) {
  return std::lower_bound(list.begin(), list.end(), path,
                          [](const T& item, std::string_view at) { return path_of(item) < at; });
}

/// Sorts, and keeps the last of each group of equal paths.
template <typename T>
void sort_by_path(std::vector<T>& list) {
  const auto before = [](const T& a, const T& b) { return path_of(a) < path_of(b); };
  const auto same = [](const T& a, const T& b) { return path_of(a) == path_of(b); };
  if (std::adjacent_find(list.begin(), list.end(), std::not_fn(before)) == list.end()) return;
  std::reverse(list.begin(), list.end());
  std::stable_sort(list.begin(), list.end(), before);
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
}

}  // namespace ocibuild::rootfs
