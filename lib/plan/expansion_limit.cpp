// SPDX-License-Identifier: Apache-2.0
#include "plan/expansion_limit.hpp"

#include "support/text.hpp"

namespace ocibuild::plan {

bool ExpansionLimit::exceeded_by(std::size_t bytes, const dockerfile::Word& word,
                                 dockerfile::Findings& findings) {
  taken_ += bytes;
  if (!reached()) return false;
  findings.error("expansion-too-long",
                 support::concat("the words up to here expand to more than ", most, " bytes"),
                 word.span, {.helps = {"let fewer values grow from line to line"}});
  return true;
}

bool ExpansionLimit::exceeded_by(const dockerfile::Expansion& expansion,
                                 const dockerfile::Word& word, dockerfile::Findings& findings) {
  const std::size_t written = word.text.size();
  std::size_t bytes = expansion.text.size() > written ? expansion.text.size() - written : 0;
  for (const dockerfile::VariableUse& use : expansion.uses) {
    if (use.value) bytes += use.value->size();
  }
  return exceeded_by(bytes, word, findings);
}

}  // namespace ocibuild::plan
