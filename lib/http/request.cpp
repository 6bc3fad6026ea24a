// SPDX-License-Identifier: Apache-2.0
#include "http/request.hpp"

#include <utility>

#include "support/text.hpp"

namespace ocibuild::http {

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::delete_:
      break;
  }
  return "DELETE";
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::optional<std::string> Headers::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (support::equal_ignoring_case(key, name)) return value;
  }
  return {};
}

std::vector<std::string> Headers::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields_) {
    if (support::equal_ignoring_case(key, name)) values.push_back(value);
  }
  return values;
}

std::unique_ptr<support::ByteSource> TextBody::open() const {
  return std::make_unique<support::MemorySource>(std::string_view(text_));
}

std::string form(const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += support::concat(name, '=', percent_encode(value));
  }
  return out;
}

}  // namespace ocibuild::http
