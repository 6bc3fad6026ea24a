// SPDX-License-Identifier: Apache-2.0
#include "context/prefix_index.hpp"

#include <algorithm>
#include <utility>

namespace ocibuild::context {

PrefixIndex::PrefixIndex(std::vector<Item> items) : items_(std::move(items)) {
  std::ranges::stable_sort(items_, {}, &Item::key);
  shorter_.resize(items_.size());
  std::vector<std::size_t> open;  // keys that begin the one looked at, shortest first
  for (std::size_t i = 0; i < items_.size(); ++i) {
    while (!open.empty() && !items_[i].key.starts_with(items_[open.back()].key)) open.pop_back();
    shorter_[i] = open.empty() ? i : open.back();
    open.push_back(i);
  }
}

bool PrefixIndex::any_prefix_of(std::string_view text,
                                const std::function<bool(std::size_t)>& visit) const {
  // Every key that begins `text` begins the last key before it too, or is that key.
  const auto behind = std::ranges::upper_bound(items_, text, {}, &Item::key);
  if (behind == items_.begin()) return false;
  auto at = static_cast<std::size_t>(behind - items_.begin()) - 1;
  const std::string_view last = items_[at].key;
  const auto common =
      static_cast<std::size_t>(std::ranges::mismatch(last, text).in1 - last.begin());
  for (;;) {
    if (items_[at].key.size() <= common && visit(items_[at].value)) return true;
    if (shorter_[at] == at) return false;
    at = shorter_[at];
  }
}

bool PrefixIndex::has_key_below(std::string_view text) const {
  const auto at = std::ranges::lower_bound(items_, text, {}, &Item::key);
  return at != items_.end() && at->key.starts_with(text);
}

}  // namespace ocibuild::context
