// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace ocibuild::support {

/// Leaves elements that resize() adds unset: whoever asks for them writes them.
template <typename T>
struct UnsetAllocator : std::allocator<T> {
  template <typename Other>
  struct rebind {
    using other = UnsetAllocator<Other>;
  };
  template <typename Item>
  void construct(Item* at) {
    ::new (static_cast<void*>(at)) Item;
  }
  template <typename Item, typename... Arguments>
  void construct(Item* at, Arguments&&... arguments) {
    ::new (static_cast<void*>(at)) Item(std::forward<Arguments>(arguments)...);
  }
};

/// Bytes to be read into: to grow costs nothing but the room.
using Buffer = std::vector<std::byte, UnsetAllocator<std::byte>>;

}  // namespace ocibuild::support
