// SPDX-License-Identifier: Apache-2.0
#include "plan/context_key.hpp"

#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "support/text.hpp"

namespace ocibuild::plan {

std::string context_key(std::string_view name) {
  static constexpr std::string_view implied_tag = ":latest";
  try {
    std::string key = Reference::parse(name).familiar();
    if (key.ends_with(implied_tag)) key.resize(key.size() - implied_tag.size());
    return key;
  } catch (const Error&) {
    return support::to_lower(name);
  }
}

}  // namespace ocibuild::plan
