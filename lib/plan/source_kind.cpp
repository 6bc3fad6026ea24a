// SPDX-License-Identifier: Apache-2.0
#include "plan/source_kind.hpp"

namespace ocibuild::plan {

namespace {

/// "https://host/path.git", whatever query or fragment follows.
bool names_repository(std::string_view url) {
  return url.substr(0, url.find_first_of("?#")).ends_with(".git");
}

}  // namespace

SourceKind kind_of_source(std::string_view source) {
  for (const std::string_view prefix : {"git://", "ssh://", "git@"}) {
    if (source.starts_with(prefix)) return SourceKind::git;
  }
  for (const std::string_view prefix : {"http://", "https://"}) {
    if (source.starts_with(prefix))
      return names_repository(source) ? SourceKind::git : SourceKind::url;
  }
  return SourceKind::local;
}

}  // namespace ocibuild::plan
