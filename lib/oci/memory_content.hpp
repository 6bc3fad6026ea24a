// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "oci/file_tree.hpp"
#include "oci/hasher.hpp"

namespace ocibuild::oci {

/// Content that is held in memory.
class MemoryContent final : public FileContent {
public:
  explicit MemoryContent(std::string text) : text_(std::move(text)) {}
  /// The source must not outlive this.
  std::unique_ptr<support::ByteSource> open() const override {
    return std::make_unique<support::MemorySource>(std::string_view(text_));
  }
  bool is_plain() const override { return true; }
  Digest digest() const override { return sha256(std::string_view(text_)); }

private:
  std::string text_;
};

}  // namespace ocibuild::oci
