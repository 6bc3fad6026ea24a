// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "dockerfile/parser.hpp"

namespace ocibuild::test {

/// A parsed text with what was found wrong.
struct Parsed {
  support::Diagnostics diagnostics;
  dockerfile::Dockerfile file;

  explicit Parsed(std::string_view text)
      : file(dockerfile::parse("Dockerfile", text, diagnostics)) {}

  /// The body of instruction `index`, which must be a T.
  template <typename T>
  const T& body(std::size_t index) const {
    return std::get<T>(file.instructions.at(index).body);
  }
};

/// "id 3:6+4": where a finding is and how long its mark; "id" without a place.
inline std::string brief(const Diagnostic& diagnostic) {
  if (!diagnostic.where) return diagnostic.id;
  return diagnostic.id + " " + std::to_string(diagnostic.where->line) + ":" +
         std::to_string(diagnostic.where->column) + "+" + std::to_string(diagnostic.where->length);
}

inline std::vector<std::string> brief(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : diagnostics) out.push_back(brief(diagnostic));
  return out;
}

/// Errors of a text, each in brief.
inline std::vector<std::string> errors_of(std::string_view text) {
  return brief(Parsed(text).diagnostics.errors());
}
inline std::vector<std::string> warnings_of(std::string_view text) {
  return brief(Parsed(text).diagnostics.warnings());
}

using Strings = std::vector<std::string>;

}  // namespace ocibuild::test
