// SPDX-License-Identifier: Apache-2.0
#include "registry/warnings.hpp"

#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;

namespace {
constexpr std::size_t most_said = 4096;
}  // namespace

void Warnings::add(const Diagnostic& warning) {
  {
    const std::lock_guard lock(mutex_);
    if (!seen_.insert(warning.message).second) return;
  }
  if (observer_) observer_(warning);
}

void Warnings::add_said(const std::string& host, const http::Headers& headers) {
  for (const std::string& header : headers.all("warning")) {
    const std::string text = support::escape_controls(warning_text(header));
    const std::string message = concat(host, " says: ", text);
    {
      const std::lock_guard lock(mutex_);
      if (text.empty() || seen_.contains(message) || said_ + text.size() > most_said) continue;
      said_ += text.size();
    }
    add({"registry-warning", message, {}, {}, {}});
  }
}

std::string warning_text(std::string_view header) {
  header = support::trim(header);
  if (!header.starts_with("299 ")) return {};
  const std::size_t open = header.find('"');
  if (open == std::string_view::npos) return {};
  std::string out;
  for (std::size_t i = open + 1; i < header.size(); ++i) {
    if (header[i] == '"') return out;
    if (header[i] == '\\' && i + 1 < header.size()) ++i;
    out += header[i];
  }
  return {};  // a quote without end
}

}  // namespace ocibuild::registry
