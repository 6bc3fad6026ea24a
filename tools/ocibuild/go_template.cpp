// SPDX-License-Identifier: Apache-2.0
#include "go_template.hpp"

#include <algorithm>

#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::string_view open = "{{";
constexpr std::string_view close = "}}";

[[noreturn]] void refuse(std::string_view action, const std::string& origin) {
  usage_error(
      origin + " knows {{.A.B}}, {{json .A}}, {{index .A 0}} and {{index .A \"key\"}}, not '" +
      terminal_text(std::string(open) + std::string(action) + std::string(close), 100) + "'");
}

bool is_name(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

/// At the blanks that are in no quotes. Nothing when a quote has no end.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t end = 0;
    if (text[at] == '"') {
      end = text.find('"', at + 1);
      if (end == std::string_view::npos) return {};
      ++end;
    } else {
      end = std::min(text.find(' ', at), text.size());
    }
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool read_path(std::string_view word, std::vector<std::string>& path) {
  if (word.empty() || word.front() != '.') return false;
  if (word == ".") return true;
  while (!word.empty()) {
    const std::size_t end = std::min(word.find('.', 1), word.size());
    const std::string_view name = word.substr(1, end - 1);
    if (!is_name(name)) return false;
    path.emplace_back(name);
    word.remove_prefix(end);
  }
  return true;
}

bool read_index(const std::string& word, std::variant<std::size_t, std::string>& index) {
  if (word.front() == '"') {
    index = word.substr(1, word.size() - 2);
    return word.find('\\') == std::string::npos;
  }
  if (word.size() > 6 || word.find_first_not_of("0123456789") != std::string::npos) return false;
  index = std::stoul(word);
  return true;
}

std::string with_escapes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 't' || next == 'n') ++i;
    out += next == 't' ? '\t' : next == 'n' ? '\n' : text[i];
  }
  return out;
}

}  // namespace

GoTemplate::Action GoTemplate::parse_action(std::string_view text, const std::string& origin) {
  const std::vector<std::string> words = words_of(text);
  Action action;
  const bool has_function = words.size() > 1;
  if (words.empty() || !read_path(words[has_function ? 1 : 0], action.path)) refuse(text, origin);
  if (!has_function) return action;
  if (words[0] == "json" && words.size() == 2) {
    action.as_json = true;
  } else if (words[0] == "index" && words.size() > 2) {
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (!read_index(words[i], action.indexes.emplace_back())) refuse(text, origin);
    }
  } else {
    refuse(text, origin);
  }
  return action;
}

GoTemplate GoTemplate::parse(std::string_view text, const std::string& origin) {
  constexpr std::string_view table = "table ";
  GoTemplate out;
  out.table_ = text.starts_with(table);
  if (out.table_) text.remove_prefix(table.size());
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find(open), text.size());
    if (begin > 0) out.pieces_.emplace_back(with_escapes(text.substr(0, begin)));
    text.remove_prefix(begin);
    if (text.empty()) break;
    const std::size_t end = text.find(close);
    if (end == std::string_view::npos)
      usage_error(origin + " has a '{{' without '}}': '" + terminal_text(text, 100) + "'");
    out.pieces_.emplace_back(parse_action(text.substr(open.size(), end - open.size()), origin));
    text.remove_prefix(end + close.size());
  }
  return out;
}

std::vector<std::string> GoTemplate::columns() const {
  std::vector<std::string> out(1);
  for (const Piece& piece : pieces_) {
    if (const auto* action = std::get_if<Action>(&piece)) {
      if (!action->path.empty()) out.back() = action->path.back();
    } else {
      const std::string& text = std::get<std::string>(piece);
      out.resize(out.size() + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\t')));
    }
  }
  return out;
}

}  // namespace ocibuild::program
