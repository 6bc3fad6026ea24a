// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/check.hpp>

#include "build/inputs.hpp"

namespace ocibuild {

Choices choices(const BuildRequest& request) {
  const engine::Inputs inputs = engine::read_dockerfile(request);
  support::Diagnostics passed_over;
  const dockerfile::Dockerfile file = engine::parse_dockerfile(inputs, passed_over);
  Choices out;
  for (const dockerfile::Instruction& instruction : file.instructions) {
    if (const auto* from = std::get_if<dockerfile::From>(&instruction.body)) {
      if (from->name) out.stages.push_back(from->name->text);
    } else if (const auto* arg = std::get_if<dockerfile::Arg>(&instruction.body)) {
      for (const auto& entry : arg->entries) {
        const std::string& name = entry.name.text;
        if (std::ranges::find(out.arguments, name) == out.arguments.end())
          out.arguments.push_back(name);
      }
    }
  }
  return out;
}

}  // namespace ocibuild
