// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "dockerfile/expansion.hpp"

namespace ocibuild::plan {

/// Bounds what variables put into the words of one stage, or of the global scope: a hundred
/// thousand lines that each add a byte to the value above must not fill the memory
/// (docs/reference/dockerfile.md, 4.11).
class ExpansionLimit {
public:
  static constexpr std::size_t most = 16U << 20U;  ///< bytes

  /// Once it is reached nothing is expanded any more; the error has been reported.
  bool reached() const { return taken_ > most; }
  /// Counts `bytes` that came out of `word`; true, and an error, if that is too much.
  bool exceeded_by(std::size_t bytes, const dockerfile::Word& word, dockerfile::Findings& findings);
  bool exceeded_by(const dockerfile::Expansion& expansion, const dockerfile::Word& word,
                   dockerfile::Findings& findings);

private:
  std::size_t taken_ = 0;
};

}  // namespace ocibuild::plan
