// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/parser.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "dockerfile/directives.hpp"
#include "dockerfile/lexer.hpp"
#include "dockerfile/lint.hpp"
#include "dockerfile/statement.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

using ParseFunction = std::optional<Body> (*)(const Statement&);

const std::map<std::string, ParseFunction, std::less<>>& instructions() {
  static const std::map<std::string, ParseFunction, std::less<>> table = {
      {"ADD", parse_add},
      {"ARG", parse_arg},
      {"CMD", parse_cmd},
      {"COPY", parse_copy},
      {"ENTRYPOINT", parse_entrypoint},
      {"ENV", parse_env},
      {"EXPOSE", parse_expose},
      {"FROM", parse_from},
      {"HEALTHCHECK", parse_healthcheck},
      {"LABEL", parse_label},
      {"MAINTAINER", parse_maintainer},
      {"ONBUILD", parse_onbuild},
      {"RUN", parse_run},
      {"SHELL", parse_shell},
      {"STOPSIGNAL", parse_stopsignal},
      {"USER", parse_user},
      {"VOLUME", parse_volume},
      {"WORKDIR", parse_workdir},
  };
  return table;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return out;
}

class Parser {
public:
  /// `place`: see Lexer.
  Parser(const SourceText& source, char escape, Findings& findings, std::optional<Span> place = {})
      : source_(source),
        escape_(escape),
        findings_(findings),
        lexer_(source, escape_, findings_, place) {}

  /// A whole Dockerfile.
  std::vector<Instruction> run();
  std::set<std::string> faulty() && { return std::move(faulty_); }
  /// Instructions alone: nothing is said about what is missing around them.
  std::vector<Instruction> parse_lines();

private:
  void parse(const LogicalLine& line);
  void report_unknown(const LogicalLine& line, Slice word);
  std::vector<std::string> unfinished_above(const LogicalLine& line) const;
  void check_order(const std::string& keyword, const Span& span);
  void report_missing_from();

  const SourceText& source_;
  const char escape_;
  Findings& findings_;
  Lexer lexer_;
  std::vector<Instruction> out_;
  std::set<std::string> faulty_;

  // Seen so far, instructions with mistakes included.
  std::optional<Span> first_;        ///< keyword of the first instruction
  std::optional<Span> before_from_;  ///< the first one before FROM that is no ARG
  std::string before_from_keyword_;
  bool from_ = false;
  unsigned first_line_above_ = 0;  ///< of the instruction above
  unsigned last_line_above_ = 0;
  bool heredoc_above_ = false;
};

void Parser::check_order(const std::string& keyword, const Span& span) {
  if (!first_) first_ = span;
  if (keyword == "FROM") from_ = true;
  if (from_ || keyword == "ARG" || before_from_) return;
  before_from_ = span;
  before_from_keyword_ = keyword;
}

void Parser::report_missing_from() {
  const Span start{1, 1, 1, 1, 1};
  if (!first_) {
    findings_.error("dockerfile-empty", concat(quote(source_.file()), " has no instruction"), start,
                    {.helps = {"begin with FROM IMAGE or FROM scratch"}});
  } else if (!from_) {
    findings_.error("from-missing", concat(quote(source_.file()), " has no FROM"), *first_,
                    {.helps = {"begin with FROM IMAGE or FROM scratch"}});
  } else if (before_from_) {
    findings_.error("instruction-before-from",
                    concat(before_from_keyword_, " stands before the first FROM"), *before_from_,
                    {.helps = {"only ARG may stand before FROM: move the line below it"}});
  }
}

/// What may be wrong with the instruction above when a line begins with no instruction.
std::vector<std::string> Parser::unfinished_above(const LogicalLine& line) const {
  if (last_line_above_ == 0) return {};
  if (heredoc_above_) {
    return {concat("the heredoc above line ", line.first_line,
                   " may end too early: its last line is its name alone")};
  }
  const std::string_view above = support::trim(source_.lines()[last_line_above_ - 1]);
  const std::string_view here = line.text;
  const bool open = last_line_above_ != first_line_above_ || here.starts_with('-') ||
                    here.starts_with("&&") || here.starts_with('|') || above.ends_with("&&") ||
                    above.ends_with('|') || above.ends_with(',') || above.ends_with(';') ||
                    above.ends_with(escape_);
  if (last_line_above_ + 1 != line.first_line || !open) return {};
  return {concat("if it continues the instruction above, end line ", last_line_above_, " with ",
                 quote(std::string_view(&escape_, 1)))};
}

void Parser::report_unknown(const LogicalLine& line, Slice word) {
  faulty_.emplace();
  const std::string_view keyword = word.of(line.text);
  std::vector<std::string> helps = did_you_mean(findings_.nearest(upper(keyword), [] {
    std::vector<std::string> names;
    for (const auto& [name, parse] : instructions()) names.push_back(name);
    return names;
  }));
  for (std::string& help : unfinished_above(line)) helps.push_back(std::move(help));
  findings_.error("unknown-instruction", concat("unknown instruction ", quote(keyword)),
                  line.span(word), {.helps = std::move(helps)});
}

void Parser::parse(const LogicalLine& line) {
  const std::size_t length = std::min(line.text.size(), line.text.find_first_of(" \t\v\f\r"));
  const Slice word{0, length};
  const std::string keyword = upper(word.of(line.text));
  const auto parse_body = instructions().find(keyword);
  if (parse_body == instructions().end()) return report_unknown(line, word);
  const Span span = line.span(word);
  check_order(keyword, span);
  if (line.empty_line != 0) {
    const Span empty{line.empty_line, 1, 1, line.first_line, line.last_line};
    findings_.warning("NoEmptyContinuation", "empty line inside an instruction", empty,
                      {.helps = {"remove it, or make it a comment"}});
  }
  Statement statement{line, escape_, keyword, span, {}, {}, findings_};
  std::optional<Body> body;
  if (take_flags(statement, {length, line.text.size() - length})) {
    body = parse_body->second(statement);
  }
  if (!body) {
    faulty_.insert(keyword);
    return;
  }
  out_.push_back({keyword, std::string(support::trim(line.text)), span, std::move(*body)});
}

std::vector<Instruction> Parser::parse_lines() {
  while (const auto line = lexer_.next()) {
    parse(*line);
    first_line_above_ = line->first_line;
    last_line_above_ = line->last_line;
    heredoc_above_ = !line->heredocs.empty();
  }
  return std::move(out_);
}

std::vector<Instruction> Parser::run() {
  std::vector<Instruction> out = parse_lines();
  report_missing_from();
  return out;
}

}  // namespace

Dockerfile parse(std::string file, std::string_view text, support::Diagnostics& diagnostics,
                 std::filesystem::path path) {
  Dockerfile out;
  out.source = SourceText(std::move(file), text, std::move(path));
  const Directives directives = read_directives(out.source, diagnostics);
  out.escape = directives.escape;
  out.checks = directives.checks;
  Findings findings(out.source, out.checks, diagnostics);
  Parser parser(out.source, out.escape, findings);
  out.instructions = parser.run();
  out.faulty = std::move(parser).faulty();
  lint(out, diagnostics);
  return out;
}

std::optional<std::size_t> append_trigger(Dockerfile& file, const std::string& trigger,
                                          const std::string& base, const Span& from,
                                          support::Diagnostics& diagnostics) {
  const Span place = file.source.add_trigger(from, trigger, base);
  Findings findings(file.source, file.checks, diagnostics);
  const std::size_t errors = diagnostics.errors().size();
  const SourceText text({}, trigger);
  // A directive of the file concerns its own lines: the image was built from others.
  std::vector<Instruction> parsed = Parser(text, '\\', findings, place).parse_lines();
  if (diagnostics.errors().size() > errors) return std::nullopt;
  if (parsed.size() != 1) {
    findings.error("onbuild-invalid",
                   concat("a trigger holds one instruction, this one ", parsed.size()), place);
    return std::nullopt;
  }
  if (!may_be_trigger(parsed.front().keyword)) {
    findings.error("onbuild-invalid", concat(parsed.front().keyword, " cannot be a trigger"),
                   place);
    return std::nullopt;
  }
  file.instructions.push_back(std::move(parsed.front()));
  return file.instructions.size() - 1;
}

}  // namespace ocibuild::dockerfile
