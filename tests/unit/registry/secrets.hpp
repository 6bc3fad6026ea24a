// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <ocibuild/error.hpp>

#include "support/base64.hpp"
#include "support/catch.hpp"

namespace ocibuild::test {

/// Every secret of these tests has this word in it, so that one look finds any of them.
inline const std::string hush = "hUsH";

/// docs/reference/registry.md X3: no message has a secret in it, neither plain nor in base64.
inline void check_tells_nothing(const std::string& text) {
  INFO(text);
  CHECK(text.find(hush) == std::string::npos);
  for (std::size_t shift = 0; shift < 3; ++shift) {
    // Only the characters that depend on nothing but the word itself.
    const std::string encoded = support::encode_base64(std::string(shift, '\0') + hush);
    CHECK(text.find(encoded.substr(shift == 0 ? 0 : shift + 1, 3)) == std::string::npos);
  }
}

/// All that is ever shown of an error.
inline std::string shown(const Error& error) {
  std::string out;
  for (const Diagnostic& diagnostic : error.diagnostics()) {
    out += diagnostic.id + ": " + diagnostic.message + '\n';
    if (diagnostic.where) {
      out += "at " + diagnostic.where->file + ':' + std::to_string(diagnostic.where->line) + '\n';
      for (const std::string& line : diagnostic.where->excerpt) out += "| " + line + '\n';
    }
    for (const std::string& note : diagnostic.notes) out += "note: " + note + '\n';
    for (const std::string& help : diagnostic.helps) out += "help: " + help + '\n';
  }
  return out;
}

/// What `work` is refused with, "" for nothing; checked for secrets.
template <typename Work>
std::string refusal_of(Work&& work) {
  try {
    work();
    return {};
  } catch (const Error& error) {
    check_tells_nothing(shown(error));
    return shown(error);
  }
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace ocibuild::test
