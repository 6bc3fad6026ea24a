// SPDX-License-Identifier: Apache-2.0
// FROM, COPY and ADD.
#include <algorithm>
#include <utility>

#include "dockerfile/statement.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

/// [a-z][a-z0-9-_.]*
bool is_stage_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && lower(name.front()) && std::ranges::all_of(name, [&](char c) {
    return lower(c) || support::is_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

/// The words of COPY and ADD in either form.
struct FileWords {
  std::vector<Word> sources;
  std::vector<HeredocFile> heredocs;
  Word destination;
};

std::nullopt_t report_heredoc_destination(const Statement& statement, const Heredoc& heredoc) {
  statement.findings.error("heredoc-destination",
                           concat("a heredoc cannot be the destination of ", statement.keyword),
                           statement.line.span(heredoc.at),
                           {.helps = {concat("write ", statement.keyword, " ",
                                             heredoc.at.of(statement.line.text), " DESTINATION")}});
  return std::nullopt;
}

/// Nothing after an error.
std::optional<FileWords> word_form(const Statement& statement) {
  FileWords out;
  auto heredoc = statement.line.heredocs.begin();
  const std::vector<Slice> slices = split_at_blanks(statement.args());
  for (const Slice& slice : slices) {
    const std::size_t at = statement.text.offset + slice.offset;
    const bool last = &slice == &slices.back();
    while (heredoc != statement.line.heredocs.end() && heredoc->at.offset < at) ++heredoc;
    if (heredoc != statement.line.heredocs.end() && heredoc->at.offset == at) {
      if (last) return report_heredoc_destination(statement, *heredoc);
      out.heredocs.push_back(statement.file(*heredoc));
    } else if (last) {
      out.destination = statement.word(slice);
    } else {
      out.sources.push_back(statement.word(slice));
    }
  }
  return out;
}

FileWords json_form(const Statement& statement, JsonForm form) {
  FileWords out;
  for (std::size_t i = 0; i < form.slices.size(); ++i) {
    out.sources.push_back({std::move((*form.strings)[i]), statement.line.span(form.slices[i])});
  }
  if (out.sources.empty()) return out;
  out.destination = std::move(out.sources.back());
  out.sources.pop_back();
  return out;
}

/// Sources and destination, in either form. Nothing after an error.
std::optional<FileWords> file_words(const Statement& statement) {
  JsonForm form;
  if (!read_json_form(statement, statement.text, form)) return std::nullopt;
  const std::size_t count =
      form.strings ? form.strings->size() : split_at_blanks(statement.args()).size();
  if (count < 2) {
    return wrong_count(statement, "arguments-missing",
                       concat(statement.keyword, count == 0 ? " has no source and no destination"
                                                            : " has no destination"),
                       concat("write ", statement.keyword, " SOURCE… DESTINATION"));
  }
  if (form.strings) return json_form(statement, std::move(form));
  return word_form(statement);
}

/// What COPY and ADD have in common. Nothing after an error.
std::optional<Copy> parse_files(const Statement& statement) {
  std::optional<FileWords> words = file_words(statement);
  if (!words) return std::nullopt;
  return Copy{.from = std::nullopt,
              .chown = statement.flag("chown"),
              .chmod = statement.flag("chmod"),
              .exclude = statement.flag_values("exclude"),
              .link = statement.boolean("link").value_or(false),
              .parents = statement.boolean("parents").value_or(false),
              .sources = std::move(words->sources),
              .heredocs = std::move(words->heredocs),
              .destination = std::move(words->destination)};
}

}  // namespace

std::optional<Body> parse_from(const Statement& statement) {
  std::vector<Word> words = statement.words();
  if (words.empty()) {
    return wrong_count(statement, "arguments-missing", "FROM names no image",
                       "write FROM IMAGE or FROM IMAGE AS NAME");
  }
  const bool as = words.size() > 1 && support::equal_ignoring_case(words[1].text, "as");
  if (words.size() != 1 && !(words.size() == 3 && as)) {
    const bool missing = words.size() == 2 && as;
    statement.findings.error(missing ? "arguments-missing" : "arguments-too-many",
                             missing ? std::string("FROM has no name behind AS")
                                     : concat("FROM has ", words.size(), " words"),
                             words[words.size() == 3 || missing || !as ? 1 : 3].span,
                             {.helps = {"write FROM IMAGE or FROM IMAGE AS NAME"}});
    return std::nullopt;
  }
  From out;
  out.image = std::move(words[0]);
  for (const Flag& flag : statement.flags) {
    if (flag.name == "platform") out.platform = flag.value;
  }
  if (words.size() == 3) {
    std::string name = support::to_lower(words[2].text);
    if (!is_stage_name(name)) {
      statement.findings.error(
          "stage-name-invalid", concat(quote(words[2].text), " cannot be the name of a stage"),
          words[2].span,
          {.helps = {"begin with a letter; then letters, digits, '-', '_' and '.'"}});
      return std::nullopt;
    }
    out.name = Word{std::move(name), words[2].span};
  }
  return Body(std::move(out));
}

std::optional<Body> parse_copy(const Statement& statement) {
  std::optional<Copy> out = parse_files(statement);
  if (!out) return std::nullopt;
  out->from = statement.flag("from");
  if (out->from && out->from->text.find('$') != std::string::npos) {
    statement.findings.error(
        "copy-from-variable", concat("COPY --from takes no variables: ", quote(out->from->text)),
        out->from->span,
        {.helps = {"name a stage after it, FROM IMAGE AS NAME, and write COPY --from=NAME"}});
    return std::nullopt;
  }
  return Body(std::move(*out));
}

std::optional<Body> parse_add(const Statement& statement) {
  std::optional<Copy> files = parse_files(statement);
  if (!files) return std::nullopt;
  return Add{.files = std::move(*files),
             .checksum = statement.flag("checksum"),
             .unpack = statement.boolean("unpack"),
             .keep_git_dir = statement.boolean("keep-git-dir").value_or(false)};
}

}  // namespace ocibuild::dockerfile
