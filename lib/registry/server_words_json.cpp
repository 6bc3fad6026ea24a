// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include <ocibuild/error.hpp>

#include "registry/answer.hpp"
#include "support/json.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::Json;

namespace {

constexpr std::size_t most_shown = 200;  // characters of somebody else's text in a message
constexpr std::size_t most_items = 16;

std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return concat(text.substr(0, limit), "…");
}

std::string text_of(const Json& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Json* value = support::find_member(object, name);
    if (value != nullptr && value->is_string()) return value->get<std::string>();
  }
  return {};
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return text;
}

void take_object(const Json& object, ServerWords& out) {
  if (!object.is_object()) {
    if (object.is_string()) out.items.push_back({"", object.get<std::string>()});
    return;
  }
  // AWS says "__type": "prefix#Name".
  std::string code = text_of(object, {"code", "__type"});
  code = code.substr(code.find('#') + 1);
  ServerWords::Item item{upper(code), text_of(object, {"message", "Message", "details", "detail",
                                                       "error_description"})};
  if (item.message.empty()) item.message = text_of(object, {"error"});
  if (!item.code.empty() || !item.message.empty()) out.items.push_back(std::move(item));
}

bool take_json(std::string_view body, ServerWords& out) {
  const std::size_t start = body.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos || body[start] != '{') return false;
  Json json;
  try {
    json = support::parse_json(body, "answer");
  } catch (const Error&) {
    return false;
  }
  const Json* errors = support::find_member(json, "errors");
  if (errors != nullptr && errors->is_array()) {
    for (const Json& error : *errors) {
      if (out.items.size() < most_items) take_object(error, out);
    }
  } else if (const Json* error = support::find_member(json, "error");
             error != nullptr && error->is_object()) {
    take_object(*error, out);
  } else {
    take_object(json, out);
  }
  return true;
}

bool is_called_html(const Answer& answer) {
  return support::to_lower(answer.headers.find("content-type").value_or(""))
      .starts_with("text/html");
}

bool is_html(const Answer& answer) {
  if (is_called_html(answer)) return true;
  const std::string start = support::to_lower(support::trim(answer.body.substr(0, 256)));
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

/// What stands between <title> and </title>.
std::string html_title(std::string_view body) {
  const std::string lower = support::to_lower(body);
  const std::size_t open = lower.find("<title");
  if (open == std::string::npos) return {};
  const std::size_t start = lower.find('>', open);
  const std::size_t end = lower.find("</title", open);
  if (start == std::string::npos || end == std::string::npos || end < start) return {};
  return cut(support::escape_controls(support::trim(body.substr(start + 1, end - start - 1))), 80);
}

}  // namespace

bool ServerWords::has_code(std::string_view code) const {
  return std::ranges::any_of(items, [&](const Item& item) { return item.code == code; });
}

bool ServerWords::mentions(std::string_view words) const {
  const std::string wanted = support::to_lower(words);
  return std::ranges::any_of(items, [&](const Item& item) {
    return support::to_lower(item.message).find(wanted) != std::string::npos ||
           support::to_lower(item.code).find(wanted) != std::string::npos;
  });
}

std::string ServerWords::line() const {
  if (is_html) return title;
  std::vector<std::string> parts;
  for (const Item& item : items) {
    std::string part = item.message.empty() ? item.code : item.message;
    if (std::ranges::find(parts, part) == parts.end()) parts.push_back(std::move(part));
  }
  return cut(support::escape_controls(support::join(parts, "; ")), most_shown);
}

bool is_web_page(const Answer& answer) {
  return is_html(answer) && support::trim(answer.body).starts_with('<');
}

ServerWords read_words(const Answer& answer) {
  ServerWords out;
  if (is_html(answer)) {
    out.is_html = true;
    out.title = html_title(answer.body);
    return out;
  }
  if (take_json(answer.body, out)) return out;
  const std::string_view text = support::trim(answer.body);
  if (!text.empty()) out.items.push_back({"", cut(text.substr(0, text.find('\n')), most_shown)});
  return out;
}

}  // namespace ocibuild::registry
