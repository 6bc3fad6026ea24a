// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ocibuild::support {

/// The members of a JSON object in the order they were added, for nlohmann::basic_json.
///
/// nlohmann::ordered_map searches one by one, so that a document of a few megabytes with as many
/// members takes minutes. Here objects with more than a few members know where each one is.
template <typename Key, typename T, typename IgnoredLess = std::less<Key>,
          typename Allocator = std::allocator<std::pair<const Key, T>>>
class OrderedObject : public std::vector<std::pair<const Key, T>, Allocator> {
public:
  using Container = std::vector<std::pair<const Key, T>, Allocator>;
  using key_type = Key;
  using mapped_type = T;
  using key_compare = std::less<Key>;  // not transparent: every key arrives as a Key
  using Container::Container;
  using typename Container::const_iterator;
  using typename Container::iterator;
  using typename Container::size_type;
  using typename Container::value_type;

  std::pair<iterator, bool> emplace(const Key& key, T&& value) {
    const iterator at = find(key);
    if (at != this->end()) return {at, false};
    this->emplace_back(key, std::move(value));
    if (this->size() > searched) remember();
    return {std::prev(this->end()), true};
  }
  std::pair<iterator, bool> insert(const value_type& value) {
    return emplace(value.first, T(value.second));
  }
  T& operator[](const Key& key) { return emplace(key, T{}).first->second; }
  const T& at(const Key& key) const {
    const const_iterator found = find(key);
    if (found == this->end()) throw std::out_of_range("no such member");
    return found->second;
  }
  T& at(const Key& key) { return const_cast<T&>(std::as_const(*this).at(key)); }
  size_type count(const Key& key) const { return find(key) == this->end() ? 0 : 1; }
  iterator find(const Key& key) {
    return this->begin() + (std::as_const(*this).find(key) - this->cbegin());
  }
  const_iterator find(const Key& key) const {
    const auto place = [this](std::size_t i) {
      return this->begin() + static_cast<typename Container::difference_type>(i);
    };
    if (this->size() > searched) {
      const auto known = places_.find(key);
      return known == places_.end() ? this->end() : place(known->second);
    }
    std::size_t i = 0;
    while (i < this->size() && (*this)[i].first != key) ++i;
    return place(i);
  }
  void clear() {
    Container::clear();
    places_.clear();
  }
  /// In time linear in the number of members.
  iterator erase(iterator at) {
    const auto offset = at - this->begin();
    Container kept;
    for (iterator i = this->begin(); i != this->end(); ++i) {
      if (i != at) kept.emplace_back(i->first, std::move(i->second));
    }
    this->swap(kept);
    places_.clear();
    if (this->size() > searched) remember();
    return this->begin() + offset;
  }

private:
  static constexpr std::size_t searched = 16;  // up to here looking at all is faster

  const value_type& operator[](std::size_t i) const { return Container::operator[](i); }
  void remember() {
    for (std::size_t i = places_.size(); i < this->size(); ++i) {
      places_.emplace(Container::operator[](i).first, i);
    }
  }

  std::unordered_map<Key, std::size_t> places_;  // of all members once there are many
};

}  // namespace ocibuild::support
