// SPDX-License-Identifier: Apache-2.0
#include "oci/pattern.hpp"

#include <algorithm>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::oci {

namespace {

struct Character {
  char32_t value;
  std::size_t size;  // bytes
};

/// The character at `at`; a byte that starts no UTF-8 sequence is U+FFFD, as in Go.
Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead < 0xC2   ? 0
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 0;
  constexpr Character invalid{0xFFFD, 1};
  if (size == 0 || at + size > text.size()) return invalid;
  char32_t value = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return invalid;
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  if (overlong || surrogate || value > 0x10FFFF) return invalid;
  return {value, size};
}

}  // namespace

/// Text to tokens. The syntax, and what is malformed, is that of Go's filepath.Match.
class Pattern::Parser {
public:
  Parser(std::string_view text, Grammar grammar) : text_(text), grammar_(grammar) {}

  std::vector<Token> parse() {
    while (at_ < text_.size()) {
      switch (text_[at_]) {
        case '*':
          parse_star();
          break;
        case '?':
          ++at_;
          tokens_.push_back({.kind = Token::Kind::one});
          break;
        case '[':
          parse_class();
          break;
        case '\\':
          if (++at_ == text_.size()) fail("nothing follows the last backslash");
          [[fallthrough]];
        default:
          add_literal(text_[at_++]);
      }
    }
    take_pure_suffix();
    return std::move(tokens_);
  }

private:
  [[noreturn]] void fail(std::string_view reason) const {
    throw Error(Errc::failed, "pattern-invalid",
                support::concat("the pattern ", support::quote(text_), " is malformed: ", reason))
        .help("a wildcard character is taken literally in brackets: [[] [*] [?]");
  }

  void add_literal(char c) {
    if (tokens_.empty() || tokens_.back().kind != Token::Kind::literal) {
      tokens_.push_back({.kind = Token::Kind::literal});
    }
    tokens_.back().text += c;
  }

  void parse_star() {
    ++at_;
    if (grammar_ == Grammar::go_match || at_ == text_.size() || text_[at_] != '*') {
      add_star(Token::Kind::run);
      return;
    }
    ++at_;
    if (at_ < text_.size() && text_[at_] == '/') ++at_;
    const bool last = at_ == text_.size();
    add_star(last ? Token::Kind::rest : Token::Kind::directories);
  }

  /// Two of a kind are one: then no long row of tokens takes nothing from the path.
  void add_star(Token::Kind kind) {
    if (tokens_.empty() || tokens_.back().kind != kind) tokens_.push_back({.kind = kind});
  }

  void parse_class() {
    ++at_;
    Token token{.kind = Token::Kind::one_of};
    if (at_ < text_.size() && text_[at_] == '^') {
      token.negated = true;
      ++at_;
    }
    while (token.ranges.empty() || at_ >= text_.size() || text_[at_] != ']') {
      const char32_t low = class_character();
      char32_t high = low;
      if (at_ < text_.size() && text_[at_] == '-') {
        ++at_;
        high = class_character();
      }
      token.ranges.emplace_back(low, high);
    }
    ++at_;
    tokens_.push_back(std::move(token));
  }

  char32_t class_character() {
    if (at_ < text_.size() && text_[at_] == '\\') {
      ++at_;
    } else if (at_ < text_.size() && (text_[at_] == '-' || text_[at_] == ']')) {
      fail("a class or a range in brackets is incomplete");
    }
    if (at_ >= text_.size()) fail("\"[\" without \"]\"");
    const Character c = character_at(text_, at_);
    if (c.value == 0xFFFD && c.size == 1) fail("a class holds bytes that are no UTF-8");
    at_ += c.size;
    return c.value;
  }

  /// "**foo" with nothing else special is a pure suffix test, which "**f?o" is not.
  void take_pure_suffix() {
    const bool pure = tokens_.size() == 2 && tokens_[0].kind == Token::Kind::directories &&
                      tokens_[1].kind == Token::Kind::literal &&
                      text_.find_first_of("\\*", 2) == std::string_view::npos;
    if (pure && text_[2] != '/') tokens_[0].kind = Token::Kind::rest;
  }

  std::string_view text_;
  Grammar grammar_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

Pattern::Pattern(std::string_view text, Grammar grammar) : tokens_(Parser(text, grammar).parse()) {}

Pattern::Reached Pattern::step(const Token& token, std::string_view path, const Reached& from) {
  const std::size_t end = path.size();
  Reached to(end + 1, 0);
  bool open = false;         // a token of any length began at or before this offset
  std::size_t boundary = 0;  // the next offset where a character starts
  for (std::size_t at = 0; at <= end; ++at) {
    const bool here = from[at] != 0;
    open = open || here;
    const bool starts_character = at == boundary;
    if (starts_character && at < end) boundary += character_at(path, at).size;
    switch (token.kind) {
      case Token::Kind::literal:
        if (here && path.substr(at).starts_with(token.text)) to[at + token.text.size()] = 1;
        break;
      case Token::Kind::one:
      case Token::Kind::one_of: {
        if (!here || at == end) break;
        const Character c = character_at(path, at);
        const bool listed = std::any_of(
            token.ranges.begin(), token.ranges.end(),
            [&](const auto& range) { return range.first <= c.value && c.value <= range.second; });
        const bool taken =
            token.kind == Token::Kind::one ? c.value != U'/' : listed != token.negated;
        if (taken) to[at + c.size] = 1;
        break;
      }
      case Token::Kind::run:
        to[at] = static_cast<char>(here || (open && starts_character));
        if (at < end && path[at] == '/') open = false;
        break;
      case Token::Kind::directories:
        to[at] = static_cast<char>(here || (open && at > 0 && path[at - 1] == '/'));
        break;
      case Token::Kind::rest:
        to[at] = static_cast<char>(open);
        break;
    }
  }
  return to;
}

bool Pattern::matches(std::string_view path) const {
  if (tokens_.empty()) return path.empty();
  // Nearly every path differs from nearly every pattern at its ends: this decides without memory.
  const Token& first = tokens_.front();
  const Token& last = tokens_.back();
  if (first.kind == Token::Kind::literal) {
    if (tokens_.size() == 1) return path == first.text;
    if (!path.starts_with(first.text)) return false;
  }
  if (last.kind == Token::Kind::literal && !path.ends_with(last.text)) return false;

  Reached reached(path.size() + 1, 0);
  reached[0] = 1;
  for (const Token& token : tokens_) {
    reached = step(token, path, reached);
    if (std::find(reached.begin(), reached.end(), 1) == reached.end()) return false;
  }
  return reached.back() != 0;
}

bool Pattern::is_literal() const {
  return tokens_.size() == 1 && tokens_.front().kind == Token::Kind::literal;
}

std::string_view Pattern::prefix() const {
  const bool known = !tokens_.empty() && tokens_.front().kind == Token::Kind::literal;
  return known ? std::string_view(tokens_.front().text) : std::string_view();
}

std::string_view Pattern::suffix() const {
  const bool known = !tokens_.empty() && tokens_.back().kind == Token::Kind::literal;
  return known ? std::string_view(tokens_.back().text) : std::string_view();
}

/// True if `token`, begun at one of the offsets, can take the whole rest of `path` and more.
bool Pattern::may_pass_end(const Token& token, std::string_view path, const Reached& from) {
  if (from.back() != 0) return true;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (from[at] == 0) continue;
    if (token.kind == Token::Kind::directories || token.kind == Token::Kind::rest) return true;
    if (token.kind == Token::Kind::literal && token.text.starts_with(path.substr(at)) &&
        token.text.size() > path.size() - at) {
      return true;
    }
  }
  return false;
}

bool Pattern::may_match_below(std::string_view directory) const {
  const std::string path = directory.empty() ? std::string() : support::concat(directory, '/');
  Reached reached(path.size() + 1, 0);
  reached[0] = 1;
  for (const Token& token : tokens_) {
    if (may_pass_end(token, path, reached)) return true;
    reached = step(token, path, reached);
    if (std::find(reached.begin(), reached.end(), 1) == reached.end()) return false;
  }
  return false;
}

}  // namespace ocibuild::oci
