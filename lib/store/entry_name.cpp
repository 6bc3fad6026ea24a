// SPDX-License-Identifier: Apache-2.0
#include "store/entry_name.hpp"

#include <algorithm>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;

namespace {

std::optional<Reference> try_parse(std::string_view text) {
  try {
    return Reference::parse(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool is_bare_tag(std::string_view text) {
  return text.find_first_of("/:@") == std::string_view::npos;
}

bool lists(const Index& index, const Digest& manifest) {
  return std::any_of(index.manifests.begin(), index.manifests.end(),
                     [&](const Descriptor& entry) { return entry.digest == manifest; });
}

}  // namespace

std::string repository_of(const std::filesystem::path& path) {
  std::filesystem::path clean = std::filesystem::absolute(path).lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();  // "dir/"
  std::string name = support::to_lower(clean.filename().native());
  static constexpr std::string_view endings[] = {".tar", ".gz",  ".tgz", ".zst",
                                                 ".xz",  ".bz2", ".oci"};
  const auto cut_one = [&] {
    return std::any_of(std::begin(endings), std::end(endings), [&](std::string_view ending) {
      if (!name.ends_with(ending)) return false;
      name.resize(name.size() - ending.size());
      return true;
    });
  };
  while (cut_one()) {
  }
  return is_bare_tag(name) && try_parse(name) ? name : std::string();
}

std::optional<Reference> entry_name(const Descriptor& entry, std::string_view repository) {
  if (const auto full = entry.annotations.find(std::string(containerd_name_annotation));
      full != entry.annotations.end()) {
    if (auto name = try_parse(full->second)) return name;
  }
  const auto at = entry.annotations.find(std::string(ref_name_annotation));
  if (at == entry.annotations.end() || at->second.empty()) return std::nullopt;
  if (!is_bare_tag(at->second)) return try_parse(at->second);
  return repository.empty() ? std::nullopt : try_parse(concat(repository, ':', at->second));
}

bool is_nameless(const Descriptor& entry) {
  return !entry.annotations.contains(std::string(ref_name_annotation)) &&
         !entry.annotations.contains(std::string(containerd_name_annotation));
}

Descriptor without_name(Descriptor entry) {
  entry.annotations.erase(std::string(ref_name_annotation));
  entry.annotations.erase(std::string(containerd_name_annotation));
  return entry;
}

void assign_name(Index& index, const Descriptor& manifest, const std::string& name,
                 std::string_view repository) {
  Descriptor entry = without_name(manifest);
  if (name.empty()) {
    if (!lists(index, entry.digest)) index.manifests.push_back(std::move(entry));
    return;
  }
  entry.annotations.emplace(ref_name_annotation, name);
  std::vector<Descriptor> displaced;
  bool placed = false;
  std::vector<Descriptor> entries;
  for (const Descriptor& other : index.manifests) {
    const auto other_name = entry_name(other, repository);
    if (!other_name || other_name->str() != name) {
      if (!is_nameless(other) || other.digest != entry.digest) entries.push_back(other);
      continue;
    }
    if (other.digest != entry.digest) displaced.push_back(without_name(other));
    if (!placed) entries.push_back(entry);  // in its old place: the same name again changes nothing
    placed = true;
  }
  if (!placed) entries.push_back(entry);
  index.manifests = std::move(entries);
  for (Descriptor& lost : displaced) {
    if (!lists(index, lost.digest)) index.manifests.push_back(std::move(lost));
  }
}

}  // namespace ocibuild::store
