// SPDX-License-Identifier: Apache-2.0
#include "registry/scopes.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

Scopes Scopes::pull(std::string_view repository) {
  Scopes out;
  out.scopes_.push_back({concat("repository:", repository), {"pull"}});
  return out;
}

Scopes Scopes::push(std::string_view repository) {
  Scopes out;
  out.scopes_.push_back({concat("repository:", repository), {"pull", "push"}});
  return out;
}

const Scopes::Scope* Scopes::find(std::string_view resource) const {
  const auto at = std::ranges::find(scopes_, resource, &Scope::resource);
  return at == scopes_.end() ? nullptr : &*at;
}

void Scopes::add_one(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool plain =
      !text.starts_with("repository:") || colon < std::string_view("repository:").size();
  Scope added{std::string(plain ? text : text.substr(0, colon)), {}};
  if (!plain) added.actions = support::split(text.substr(colon + 1), ',');
  const auto known = std::ranges::find(scopes_, added.resource, &Scope::resource);
  if (known == scopes_.end()) {
    scopes_.push_back(std::move(added));
    return;
  }
  for (std::string& action : added.actions) {
    if (std::ranges::find(known->actions, action) == known->actions.end())
      known->actions.push_back(std::move(action));
  }
}

void Scopes::add(std::string_view text) {
  for (const std::string& word : support::split(text, ' ')) {
    if (!word.empty()) add_one(word);
  }
}

void Scopes::add(const Scopes& other) {
  for (const std::string& text : other.list()) add_one(text);
}

bool Scopes::cover(const Scopes& wanted) const {
  return std::ranges::all_of(wanted.scopes_, [&](const Scope& scope) {
    const Scope* have = find(scope.resource);
    return have != nullptr && std::ranges::all_of(scope.actions, [&](const std::string& action) {
             return std::ranges::find(have->actions, action) != have->actions.end();
           });
  });
}

std::vector<std::string> Scopes::list() const {
  std::vector<std::string> out;
  for (const Scope& scope : scopes_) {
    out.push_back(scope.actions.empty()
                      ? scope.resource
                      : concat(scope.resource, ':', support::join(scope.actions, ",")));
  }
  return out;
}

std::string Scopes::str() const {
  return support::join(list(), " ");
}

}  // namespace ocibuild::registry
