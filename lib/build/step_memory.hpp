// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/digest.hpp>
#include <ocibuild/rebuild.hpp>

namespace ocibuild::engine {

/// Something besides its files that a step depends on: what RebuildCause shows when it changes.
struct StepFact {
  Cause kind;
  std::string name{};
  std::string value{};
  bool operator==(const StepFact&) const = default;
};

/// A step that makes a layer, without its files.
struct StepFacts {
  std::string instruction;   ///< as written
  std::size_t position = 0;  ///< among the steps of its stage that may make a layer
  std::vector<StepFact> facts{};
};

/// One layer that a step became: the blob itself has its files.
struct RememberedStep {
  StepFacts step;
  Digest key{};  ///< of its layer record
  Digest blob{};
  std::uint64_t size = 0;
  Digest diff_id{};
};

/// What the layers of one stage were, in the last builds that made one of them anew
/// (docs/reference/image.md, 7.12). A hint, of a few hundred bytes a step.
class StageMemory {
public:
  /// Nothing is remembered of what is damaged or of another version.
  static StageMemory decode(std::string_view bytes);
  std::string encode() const;

  /// The last layer of the step with this text; of several with the same text the one at that
  /// position; without any, what stood at the position.
  /// `used`: tells of two layers of a step which was in a build last.
  using LastUse = std::function<std::optional<std::filesystem::file_time_type>(const Digest& key)>;
  const RememberedStep* find(const StepFacts& step, const LastUse& used) const;

  /// Becomes the latest of its step; the oldest beyond a few are forgotten.
  void add(RememberedStep step);

private:
  std::vector<RememberedStep> steps_;  // the latest first
};

}  // namespace ocibuild::engine
