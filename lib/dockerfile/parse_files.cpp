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

Refused refused(std::string id, std::string message, std::string help) {
  return {.id = std::move(id), .message = std::move(message), .helps = {std::move(help)}};
}

/// What of a COPY is understood and not carried out.
std::optional<Refused> refused_part(const Statement& statement) {
  for (const std::string_view name : {"link", "parents", "exclude"}) {
    if (name == "exclude" ? !statement.flag(name) : !statement.is_set(name)) continue;
    return refused("flag-unsupported", concat("COPY --", name, " is not carried out by ocibuild"),
                   name == "link" ? "leave --link out: the files are the same unless the "
                                    "destination has symlinks or other owners"
                                  : "name the files and their destinations one by one");
  }
  return std::nullopt;
}

/// Sources and destination, in either form. Nothing after an error.
std::optional<std::vector<Word>> copy_words(const Statement& statement, bool& json) {
  JsonForm form;
  if (!read_json_form(statement, statement.text, form)) return std::nullopt;
  json = form.strings.has_value();
  std::vector<Word> words;
  if (form.strings) {
    for (std::size_t i = 0; i < form.strings->size(); ++i) {
      words.push_back({(*form.strings)[i], statement.line.span(form.slices[i])});
    }
  } else {
    words = statement.words();
  }
  if (words.size() < 2) {
    return wrong_count(statement, "arguments-missing",
                       concat(statement.keyword, words.empty() ? " has no source and no destination"
                                                               : " has no destination"),
                       concat("write ", statement.keyword, " SOURCE… DESTINATION"));
  }
  return words;
}

bool has_heredoc(const std::vector<Word>& words) {
  return std::ranges::any_of(words, [](const Word& w) { return heredoc_in(w.text).has_value(); });
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
  bool json = false;
  std::optional<std::vector<Word>> words = copy_words(statement, json);
  if (!words) return std::nullopt;
  const std::optional<Word> from = statement.flag("from");
  if (from && from->text.find('$') != std::string::npos) {
    statement.findings.error(
        "copy-from-variable", concat("COPY --from takes no variables: ", quote(from->text)),
        from->span,
        {.helps = {"name a stage after it, FROM IMAGE AS NAME, and write COPY --from=NAME"}});
    return std::nullopt;
  }
  if (auto part = refused_part(statement)) return std::move(*part);
  if (!json && has_heredoc(*words)) {
    return refused("heredoc-unsupported", "a heredoc is not carried out by ocibuild",
                   "put the text into a file of the build context and COPY that");
  }
  Copy out{.from = from,
           .chown = statement.flag("chown"),
           .chmod = statement.flag("chmod"),
           .sources = {},
           .destination = std::move(words->back())};
  words->pop_back();
  out.sources = std::move(*words);
  return out;
}

std::optional<Body> parse_add(const Statement& statement) {
  bool json = false;
  if (!copy_words(statement, json)) return std::nullopt;
  return refused("add-unsupported", "ADD is not carried out by ocibuild",
                 "use COPY for local files; download or unpack the others before the build");
}

}  // namespace ocibuild::dockerfile
