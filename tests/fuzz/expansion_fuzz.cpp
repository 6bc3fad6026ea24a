// SPDX-License-Identifier: Apache-2.0
// One word. First line: value of $V; second line: the escape character; the rest is the word.
#include <string>

#include "dockerfile/expansion.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ocibuild;
  std::string_view rest = fuzz::as_text(data, size);
  const std::string value(fuzz::take_line(rest));
  const char escape = fuzz::take_line(rest) == "`" ? '`' : '\\';
  const dockerfile::Word word{std::string(rest), {1, 1, static_cast<unsigned>(rest.size()), 1, 1}};

  const dockerfile::SourceText source("Dockerfile", rest);
  const dockerfile::Checks checks;
  support::Diagnostics diagnostics;
  dockerfile::Findings findings(source, checks, diagnostics);
  const dockerfile::Lookup lookup = [&](std::string_view name) -> std::optional<std::string> {
    if (name == "V") return value;
    if (name == "E") return "";
    return std::nullopt;
  };
  const auto expansion = dockerfile::expand(word, escape, lookup, findings);
  fuzz::require(expansion.has_value() == diagnostics.errors().empty(), "an error, or a result");
  if (!expansion) return 0;
  constexpr std::size_t longest_growth = 1U << 20U;  // docs/reference/dockerfile.md 4.11
  fuzz::require(expansion->text.size() <= longest_growth + word.text.size(), "growth is limited");
  if (word.text.find_first_of("$'\"\\`") == std::string::npos) {
    fuzz::require(expansion->text == word.text, "plain text stays as it is");
  }
  if (expansion->uses.empty()) {
    fuzz::require(expansion->text.size() <= word.text.size(), "without variables nothing grows");
  }
  std::size_t in_words = 0;
  for (const std::string& part : expansion->words) in_words += part.size();
  fuzz::require(in_words <= expansion->text.size(), "words are parts of the text");
  return 0;
}
