// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/words.hpp"

#include <utility>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::is_blank;

Slice trimmed(std::string_view text, Slice slice) {
  while (slice.length > 0 && is_blank(text[slice.offset])) ++slice.offset, --slice.length;
  while (slice.length > 0 && is_blank(text[slice.end() - 1])) --slice.length;
  return slice;
}

std::vector<Slice> split_at_blanks(std::string_view text) {
  std::vector<Slice> out;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    while (i < text.size() && !is_blank(text[i])) ++i;
    out.push_back({start, i - start});
  }
  return out;
}

std::vector<Slice> split_quoted(std::string_view text, char escape) {
  std::vector<Slice> out;
  for (std::size_t i = 0; i < text.size();) {
    if (is_blank(text[i])) {
      ++i;
      continue;
    }
    const std::size_t start = i;
    char quote = 0;
    for (; i < text.size() && (quote != 0 || !is_blank(text[i])); ++i) {
      const char c = text[i];
      if (c == escape && quote != '\'') {
        if (i + 1 < text.size()) ++i;
      } else if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      }
    }
    out.push_back({start, i - start});
  }
  return out;
}

namespace {

/// The flag at `i`, which is moved behind it.
FlagWord read_flag(std::string_view text, char escape, std::size_t& i) {
  FlagWord flag{.name = {}, .value = {}, .name_at = {i, 0}, .value_at = {}};
  char quote = 0;
  std::string word;
  for (; i < text.size() && (quote != 0 || !is_blank(text[i])); ++i) {
    char c = text[i];
    if (quote != 0 && c == quote) {
      quote = 0;
      continue;
    }
    if (quote == 0 && (c == '\'' || c == '"')) {
      quote = c;
      continue;
    }
    if (c == escape) {
      if (i + 1 == text.size()) continue;
      c = text[++i];
    }
    if (c == '=' && flag.name.empty()) {
      flag.name = std::exchange(word, {});
      flag.name_at.length = i - flag.name_at.offset;
      flag.value_at.offset = i + 1;
    } else {
      word += c;
    }
  }
  if (flag.name.empty()) {
    flag.name = std::move(word);
    flag.name_at.length = i - flag.name_at.offset;
  } else {
    flag.value = std::move(word);
    flag.value_at.length = i - flag.value_at.offset;
  }
  return flag;
}

}  // namespace

FlagWords split_flags(std::string_view text, char escape) {
  FlagWords out;
  for (std::size_t i = 0;;) {
    while (i < text.size() && is_blank(text[i])) ++i;
    out.rest = i;
    if (!text.substr(i).starts_with("--")) return out;
    FlagWord flag = read_flag(text, escape, i);
    if (flag.name == "--" && !flag.value) {
      out.rest = i;
      return out;
    }
    out.flags.push_back(std::move(flag));
  }
}

std::vector<Slice> json_string_slices(std::string_view text) {
  std::vector<Slice> out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '"') continue;
    const std::size_t start = i;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\') ++i;
    }
    out.push_back({start, i + 1 - start});
  }
  return out;
}

}  // namespace ocibuild::dockerfile
