// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/expansion.hpp"

#include <algorithm>
#include <utility>

#include "dockerfile/pattern.hpp"
#include "dockerfile/variable_name.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

constexpr int deepest = 64;                        // of ${A:-${B:-…}}
constexpr std::size_t longest_growth = 1U << 20U;  // bytes that variables may add to one word

/// Why a word cannot be expanded, and where in it. Never leaves this file.
struct Failure {
  std::string id;
  std::string message;
  std::vector<std::string> helps{};
};

/// Splits at blanks outside quotes while the text is built.
class WordSplitter {
public:
  void add_plain(char c) {
    if (!support::is_blank(c)) {
      add_quoted(std::string_view(&c, 1));
    } else if (!word_.empty()) {
      words_.push_back(std::exchange(word_, {}));
    }
  }
  void add_quoted(std::string_view text) { word_ += text; }
  std::vector<std::string> finish() {
    if (!word_.empty()) words_.push_back(std::move(word_));
    return std::move(words_);
  }

private:
  std::vector<std::string> words_;
  std::string word_;
};

class Expander {
public:
  /// `is_body`: of a heredoc, where quotes are text.
  Expander(const Word& word, char escape, const Lookup& lookup, bool is_body)
      : word_(word), text_(word.text), escape_(escape), lookup_(lookup), is_body_(is_body) {}

  Expansion run() {
    out_.text = until(end_of_word, false);
    out_.words = splitter_.finish();
    return std::move(out_);
  }

private:
  static constexpr char end_of_word = '\0';
  bool at_end() const { return at_ == text_.size(); }

  std::string until(char stop, bool keep_escapes);
  std::string single_quoted();
  std::string double_quoted(bool keep_escapes);
  std::string dollar();
  std::string braces(std::size_t start);
  std::string modified(std::size_t start, const std::string& name, std::string_view op);
  std::string matched(std::size_t start, const std::string& name, char op);
  std::string substituted(std::size_t start, const std::string& name);
  Pattern pattern(std::size_t start, std::string_view text) const;
  std::optional<std::string> value_of(const std::string& name, std::size_t start,
                                      bool has_fallback);
  void check_growth(std::size_t size) const;
  [[noreturn]] void fail_growth() const;
  /// The word for a message.
  std::string shown() const { return is_body_ ? "the heredoc" : quote(word_.text); }
  Span place(std::size_t start, std::size_t end) const;
  [[noreturn]] void fail_substitution(std::size_t start, std::string_view reason) const;

  const Word& word_;
  const std::string_view text_;
  const char escape_;
  const Lookup& lookup_;
  const bool is_body_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t read_ = 0;  ///< bytes of values
  Expansion out_;
  WordSplitter splitter_;
};

Span Expander::place(std::size_t start, std::size_t end) const {
  // A word over several lines, or of JSON, does not map byte by byte: then the whole word is shown.
  if (is_body_ || text_.size() != word_.span.length || word_.span.trigger != 0) return word_.span;
  Span span = word_.span;
  span.column += static_cast<unsigned>(start);
  span.length = static_cast<unsigned>(end - start);
  return span;
}

void Expander::fail_substitution(std::size_t start, std::string_view reason) const {
  throw Failure{
      "substitution-invalid",
      concat("bad substitution in ", shown(), ", ",
             quote(text_.substr(start, std::max<std::size_t>(at_ - start, 1))), ": ", reason),
      {"write ${NAME}, ${NAME:-word}, ${NAME:+word}, ${NAME:?message}, ${NAME#pattern}, "
       "${NAME%pattern} or ${NAME/pattern/text}"}};
}

/// `A=$A$A` on forty lines must not fill the memory.
void Expander::check_growth(std::size_t size) const {
  if (size > longest_growth + text_.size()) fail_growth();
}

void Expander::fail_growth() const {
  throw Failure{"expansion-too-long",
                concat("the value of ", shown(), " is longer than ", longest_growth, " bytes")};
}

/// Expands up to `stop` and moves behind it. `keep_escapes`: in patterns and replacements, where an
/// escape character stays in front of what it quotes.
std::string Expander::until(char stop, bool keep_escapes) {
  std::string out;
  const bool outermost = depth_ == 0;
  const auto add = [&](std::string_view part, bool split) {
    if (outermost && split) {
      for (const char c : part) splitter_.add_plain(c);
    } else if (outermost) {
      splitter_.add_quoted(part);
    }
    out += part;
  };
  while (!at_end()) {
    const char c = text_[at_];
    if (stop != end_of_word && c == stop) {
      ++at_;
      return out;
    }
    if (c == '\'' && !is_body_) {
      add(single_quoted(), false);
    } else if (c == '"' && !is_body_) {
      add(double_quoted(keep_escapes), false);
    } else if (c == '$') {
      add(dollar(), true);
      check_growth(out.size());
    } else if (c == escape_) {
      if (keep_escapes) out += c;
      if (++at_ == text_.size()) break;
      add(text_.substr(at_++, 1), false);
    } else {
      add(text_.substr(at_++, 1), true);
    }
  }
  if (stop == end_of_word) return out;
  throw Failure{"substitution-invalid",
                concat("no ", quote(std::string_view(&stop, 1)), " ends the \"${\" in ", shown())};
}

namespace {

[[noreturn]] void fail_quote(std::string_view word, std::string_view which) {
  throw Failure{
      "quote-unterminated",
      concat("no ", which, " quote ends the one in ", quote(word)),
      {"close the quote, or write the escape character in front of it; a name with blanks "
       "needs the JSON form [\"a b\", \"c\"]"}};
}

}  // namespace

std::string Expander::single_quoted() {
  const std::size_t start = ++at_;
  const std::size_t end = text_.find('\'', start);
  if (end == std::string_view::npos) fail_quote(word_.text, "single");
  at_ = end + 1;
  return std::string(text_.substr(start, end - start));
}

std::string Expander::double_quoted(bool keep_escapes) {
  std::string out;
  ++depth_;
  ++at_;
  while (!at_end()) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      --depth_;
      return out;
    }
    if (c == '$') {
      out += dollar();
      check_growth(out.size());
      continue;
    }
    ++at_;
    if (c != escape_) {
      out += c;
      continue;
    }
    if (keep_escapes) out += c;
    if (at_end()) break;
    const char next = text_[at_];
    const bool quotable = next == '"' || next == '$' || next == escape_;
    out += quotable ? next : c;
    if (quotable) ++at_;
  }
  fail_quote(word_.text, "double");
}

std::optional<std::string> Expander::value_of(const std::string& name, std::size_t start,
                                              bool has_fallback) {
  std::optional<std::string> value = lookup_(name);
  read_ += value ? value->size() : 0;
  check_growth(read_);  // also where nothing of the value is left: ${A:+}
  out_.uses.push_back({name, value, has_fallback, place(start, at_)});
  return value;
}

std::string Expander::dollar() {
  const std::size_t start = at_++;
  if (!at_end() && text_[at_] == '{') {
    if (++depth_ > deepest) {
      throw Failure{"expansion-too-deep",
                    concat("${…} nests deeper than ", deepest, " levels in ", shown())};
    }
    ++at_;
    std::string out = braces(start);
    --depth_;
    return out;
  }
  const std::size_t length = variable_name_length(text_.substr(at_));
  if (length == 0) return "$";
  const std::string name(text_.substr(at_, length));
  at_ += length;
  return value_of(name, start, false).value_or("");
}

std::string Expander::braces(std::size_t start) {
  const std::size_t length = variable_name_length(text_.substr(at_));
  const std::string name(text_.substr(at_, length));
  at_ += length;
  if (at_end()) fail_substitution(start, "the closing brace is missing");
  if (name.empty()) {
    ++at_;
    fail_substitution(start, "the name of a variable is missing");
  }
  const char c = text_[at_++];
  if (c == '}') return value_of(name, start, false).value_or("");
  if (c == '/') return substituted(start, name);
  if (c == '#' || c == '%') return matched(start, name, c);
  const std::string op = c == ':' && !at_end() ? concat(c, text_[at_++]) : std::string(1, c);
  const char kind = op.back();
  if (kind == '-' || kind == '+' || kind == '?') return modified(start, name, op);
  fail_substitution(start, concat("unknown operator ", quote(op)));
}

/// ${NAME:-W} and its relatives; `op` is '-', '+' or '?', perhaps behind ':'.
std::string Expander::modified(std::size_t start, const std::string& name, std::string_view op) {
  std::string word = until('}', false);
  const std::optional<std::string> value = value_of(name, start, true);
  const bool missing = !value || (op.size() > 1 && value->empty());
  switch (op.back()) {
    case '-':
      return missing ? word : value.value_or("");
    case '+':
      return missing ? "" : word;
    default:
      if (!missing) return value.value_or("");
      if (word.empty()) {
        word = concat("is not allowed to be ", value ? std::string_view("empty") : "unset");
      }
      throw Failure{"variable-required", concat(quote(name), ": ", word)};
  }
}

Pattern Expander::pattern(std::size_t start, std::string_view text) const {
  std::string wrong;
  std::optional<Pattern> out = Pattern::parse(text, wrong);
  if (!out) {
    fail_substitution(start, concat(wrong, " is not possible in a pattern"));
  }
  return *out;
}

/// ${NAME#P}, ${NAME##P}, ${NAME%P}, ${NAME%%P}.
std::string Expander::matched(std::size_t start, const std::string& name, char op) {
  std::string word = until('}', true);
  const bool longest = !word.empty() && word.front() == op;
  if (longest) word.erase(0, 1);
  const Pattern shape = pattern(start, word);
  const std::string value = value_of(name, start, false).value_or("");
  return op == '#' ? shape.without_prefix(value, longest) : shape.without_suffix(value, longest);
}

/// ${NAME/P/R} and ${NAME//P/R}.
std::string Expander::substituted(std::size_t start, const std::string& name) {
  const bool all = !at_end() && text_[at_] == '/';
  if (all) ++at_;
  const Pattern shape = pattern(start, until('/', true));
  const std::string replacement = until('}', true);
  const std::string value = value_of(name, start, false).value_or("");
  const auto out = shape.replaced(value, replacement, all, longest_growth + text_.size());
  if (!out) fail_growth();
  return *out;
}

}  // namespace

namespace {

std::optional<Expansion> run(Expander expander, const Span& span, Findings& findings) {
  try {
    return expander.run();
  } catch (Failure& failure) {
    findings.error(std::move(failure.id), std::move(failure.message), span,
                   {.helps = std::move(failure.helps)});
    return std::nullopt;
  }
}

}  // namespace

std::optional<Expansion> expand(const Word& word, char escape, const Lookup& lookup,
                                Findings& findings) {
  return run(Expander(word, escape, lookup, false), word.span, findings);
}

std::optional<Expansion> expand_body(const Word& body, const Lookup& lookup, Findings& findings) {
  return run(Expander(body, '\\', lookup, true), body.span, findings);
}

std::string describe_use(const Expansion& expansion) {
  if (expansion.uses.empty()) return {};
  const VariableUse& use = expansion.uses.front();
  if (!use.value) return concat(use.name, " is not set");
  return concat(use.name, '=', support::escape_controls(*use.value));
}

}  // namespace ocibuild::dockerfile
