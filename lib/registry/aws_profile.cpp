// SPDX-License-Identifier: Apache-2.0
#include "registry/aws_profile.hpp"

#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

/// "[profile x]" and "[profile "x"]" give "profile x".
std::string title_of(std::string_view line) {
  line = support::trim(line.substr(1, line.find(']') - 1));
  std::string out;
  bool blank = false;
  for (const char c : line) {
    if (c == '"' || c == '\'') continue;
    if (support::is_blank(c)) {
      blank = true;
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

}  // namespace

std::map<std::string, AwsProfile> parse_ini(std::string_view text) {
  std::map<std::string, AwsProfile> out;
  AwsProfile* section = nullptr;
  for (const std::string& line : support::split(text, '\n')) {
    const std::string_view content = support::trim(line);
    if (content.empty() || content.front() == '#' || content.front() == ';') continue;
    if (content.front() == '[') {
      section = content.find(']') == std::string_view::npos ? nullptr : &out[title_of(content)];
      continue;
    }
    const std::size_t sign = content.find('=');
    if (section == nullptr || support::is_blank(line.front()) || sign == std::string_view::npos)
      continue;
    (*section)[support::to_lower(support::trim(content.substr(0, sign)))] =
        support::trim(content.substr(sign + 1));
  }
  return out;
}

std::optional<AwsProfile> find_profile(const std::map<std::string, AwsProfile>& credentials,
                                       const std::map<std::string, AwsProfile>& config,
                                       const std::string& name) {
  std::optional<AwsProfile> out;
  const auto add = [&](const std::map<std::string, AwsProfile>& file, const std::string& title) {
    const auto at = file.find(title);
    if (at == file.end()) return;
    if (!out) out.emplace();
    for (const auto& setting : at->second) out->insert(setting);  // what is there stays
  };
  add(credentials, name);
  add(config, "profile " + name);
  if (name == "default") add(config, name);
  return out;
}

std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && support::is_blank(c)) {
      if (in_word) words.push_back(std::move(word));
      word.clear();
      in_word = false;
      continue;
    }
    in_word = true;
    if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else {
      word += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words.empty() ? std::nullopt : std::optional(std::move(words));
}

}  // namespace ocibuild::registry
