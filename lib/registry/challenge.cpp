// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.hpp"

#include <algorithm>

#include "support/text.hpp"

namespace ocibuild::registry {

namespace {

constexpr std::size_t most_challenges = 32;
constexpr std::size_t most_bytes = 16 << 10;  // of all lines together

bool is_token_char(char c) {
  return support::is_alpha(c) || support::is_digit(c) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

/// Reads one header line (RFC 9110, 11.6.1): a word followed by '=' is a parameter of the challenge
/// before it, any other word begins a challenge.
class Reader {
public:
  Reader(std::string_view text, std::vector<Challenge>& out) : text_(text), out_(out) {}

  void read() {
    while (skip_separators(), !text_.empty() && out_.size() <= most_challenges) {
      const std::string word = token();
      if (word.empty()) {
        text_.remove_prefix(1);  // no header grammar has this character here
      } else if (const std::string_view rest = text_; !takes_equals_sign()) {
        text_ = rest;
        begin(word);
      } else if (!value_of(word)) {
        return;  // an unterminated quote: nothing behind it can be told apart
      }
    }
    finish();
  }

private:
  void skip_spaces() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
  }
  void skip_separators() {
    while (!text_.empty() && (is_space(text_.front()) || text_.front() == ','))
      text_.remove_prefix(1);
  }

  std::string token() {
    const auto end = std::find_if_not(text_.begin(), text_.end(), is_token_char);
    std::string out(text_.begin(), end);
    text_.remove_prefix(out.size());
    return out;
  }

  bool takes_equals_sign() {
    skip_spaces();
    if (!text_.starts_with('=')) return false;
    text_.remove_prefix(1);
    return true;
  }

  void begin(const std::string& scheme) {
    finish();
    current_ = Challenge{.scheme = support::to_lower(scheme)};
    // Credentials without a name, as in "Negotiate YIIB==", stand alone up to the next comma.
    const std::string_view before = text_;
    if (text_.empty() || !is_space(text_.front())) return;
    skip_spaces();
    const auto end = std::find_if_not(text_.begin(), text_.end(), [](char c) {
      return is_token_char(c) || c == '/' || c == '=';
    });
    const std::string_view word(text_.data(), static_cast<std::size_t>(end - text_.begin()));
    const std::size_t sign = word.find_first_of("=/");
    text_.remove_prefix(word.size());
    skip_spaces();
    const bool alone = text_.empty() || text_.front() == ',';
    const bool padded = sign == std::string_view::npos || word[sign] == '/' ||
                        word.find_first_not_of('=', sign) == std::string_view::npos;
    if (word.empty() || !alone || !padded) text_ = before;
  }

  /// False for an unterminated quote, which drops the challenge.
  bool value_of(const std::string& name) {
    skip_spaces();
    std::string value;
    if (text_.starts_with('"')) {
      if (!quoted(value)) return current_.reset(), false;
    } else {
      const auto end =
          std::find_if(text_.begin(), text_.end(), [](char c) { return is_space(c) || c == ','; });
      value.assign(text_.begin(), end);
      text_.remove_prefix(value.size());
    }
    if (current_) current_->parameters.emplace(support::to_lower(name), std::move(value));
    return true;
  }

  bool quoted(std::string& value) {
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        text_.remove_prefix(i + 1);
        return true;
      }
      if (text_[i] == '\\' && ++i == text_.size()) break;
      value += text_[i];
    }
    return false;
  }

  void finish() {
    if (current_ && out_.size() < most_challenges) out_.push_back(std::move(*current_));
    current_.reset();
  }

  std::string_view text_;
  std::vector<Challenge>& out_;
  std::optional<Challenge> current_{};
};

}  // namespace

std::string Challenge::parameter(std::string_view name) const {
  const auto at = parameters.find(std::string(name));
  return at == parameters.end() ? std::string() : at->second;
}

std::vector<Challenge> parse_challenges(const std::vector<std::string>& lines) {
  std::vector<Challenge> out;
  std::size_t bytes = 0;
  for (const std::string& line : lines) {
    bytes += line.size();
    if (bytes > most_bytes) break;
    Reader(line, out).read();
  }
  return out;
}

std::optional<Challenge> choose(const std::vector<Challenge>& offered) {
  const auto find = [&](auto&& wanted) -> std::optional<Challenge> {
    const auto at = std::find_if(offered.begin(), offered.end(), wanted);
    return at == offered.end() ? std::nullopt : std::optional(*at);
  };
  auto bearer = find(
      [](const Challenge& c) { return c.scheme == "bearer" && !c.parameter("realm").empty(); });
  return bearer ? bearer : find([](const Challenge& c) { return c.scheme == "basic"; });
}

}  // namespace ocibuild::registry
