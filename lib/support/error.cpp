// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include <cassert>
#include <utility>

namespace ocibuild {

Error::Error(Errc code, Diagnostic diagnostic) : code_(code) {
  diagnostics_.push_back(std::move(diagnostic));
}

Error::Error(Errc code, std::string id, std::string message)
    : Error(code, Diagnostic{std::move(id), std::move(message)}) {}

Error::Error(Errc code, std::vector<Diagnostic> diagnostics)
    : code_(code), diagnostics_(std::move(diagnostics)) {
  assert(!diagnostics_.empty());
}

Error::Error(const Error&) = default;
Error& Error::operator=(const Error&) = default;
Error::~Error() = default;

const char* Error::what() const noexcept {
  return diagnostics_.front().message.c_str();
}

Error& Error::note(std::string text) {
  diagnostics_.front().notes.push_back(std::move(text));
  return *this;
}

Error& Error::help(std::string text) {
  diagnostics_.front().helps.push_back(std::move(text));
  return *this;
}

}  // namespace ocibuild
