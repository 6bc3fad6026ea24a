// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ocibuild/error.hpp>

namespace ocibuild::engine {

/// The same error, pointing at the word of the Dockerfile that caused it unless it has a place.
inline Error located(const Error& error, const SourceRange& where) {
  std::vector<Diagnostic> diagnostics = error.diagnostics();
  if (!diagnostics.front().where) diagnostics.front().where = where;
  return {error.code(), std::move(diagnostics)};
}

}  // namespace ocibuild::engine
