// SPDX-License-Identifier: Apache-2.0
// Instructions that hold names, values and paths: ARG, ENV, LABEL, WORKDIR, USER, STOPSIGNAL,
// MAINTAINER, EXPOSE, VOLUME.
#include <utility>

#include "dockerfile/statement.hpp"
#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

std::nullopt_t empty_name(const Statement& statement, Slice at) {
  const Word word = statement.word(at);
  statement.findings.error("name-empty",
                           concat(statement.keyword, " ", quote(word.text), " has no name"),
                           word.span, {.helps = {"write NAME=value"}});
  return std::nullopt;
}

/// "KEY the rest": one pair without "=" (3.7).
std::optional<std::vector<KeyValue>> legacy_pair(const Statement& statement) {
  const std::string_view args = statement.args();
  const Slice key{0, split_at_blanks(args).front().length};
  const Slice value = trimmed(args, {key.length, args.size() - key.length});
  if (value.length == 0) {
    statement.findings.error(
        "arguments-missing",
        concat(statement.keyword, " ", quote(key.of(args)), " must have two arguments"),
        statement.word(key).span, {.helps = {concat("write ", key.of(args), "=value")}});
    return std::nullopt;
  }
  return std::vector<KeyValue>{{statement.word(key), statement.word(value)}};
}

/// The pairs of ENV and LABEL, as one of the two.
template <typename Pairs>
std::optional<Body> parse_pairs(const Statement& statement) {
  const std::string_view args = statement.args();
  const std::vector<Slice> words = split_quoted(args, statement.escape);
  if (words.empty()) {
    return wrong_count(statement, "arguments-missing", concat(statement.keyword, " has no name"),
                       concat("write ", statement.keyword, " NAME=value"));
  }
  if (words.front().of(args).find('=') == std::string_view::npos) {
    auto pair = legacy_pair(statement);
    if (!pair) return std::nullopt;
    return Pairs{std::move(*pair), true};
  }
  Pairs out;
  for (const Slice& word : words) {
    const std::size_t equals = word.of(args).find('=');
    if (equals == std::string_view::npos) {
      statement.findings.error(
          "equals-missing",
          concat(statement.keyword, " has the word ", quote(word.of(args)), " without \"=\""),
          statement.word(word).span, {.helps = {"quote a value that has blanks: NAME=\"a b\""}});
      return std::nullopt;
    }
    if (equals == 0) return empty_name(statement, word);
    const std::size_t behind = equals + 1;
    out.pairs.push_back({statement.word({word.offset, equals}),
                         statement.word({word.offset + behind, word.length - behind})});
  }
  return out;
}

/// Instructions whose whole text is one argument (3.8).
std::optional<Word> rest_of_line(const Statement& statement, std::string_view what) {
  if (statement.text.length > 0) return statement.whole();
  return wrong_count(statement, "arguments-missing", concat(statement.keyword, " has no ", what),
                     concat("write ", statement.keyword, " ", support::to_lower(what)));
}

}  // namespace

std::optional<Body> parse_arg(const Statement& statement) {
  const std::string_view args = statement.args();
  Arg out;
  for (const Slice& word : split_quoted(args, statement.escape)) {
    const std::size_t equals = word.of(args).find('=');
    if (equals == 0) return empty_name(statement, word);
    Arg::Entry entry;
    entry.name = statement.word({word.offset, std::min(equals, word.length)});
    if (equals != std::string_view::npos) {
      entry.value = statement.word({word.offset + equals + 1, word.length - equals - 1});
    }
    out.entries.push_back(std::move(entry));
  }
  if (!out.entries.empty()) return out;
  return wrong_count(statement, "arguments-missing", "ARG has no name",
                     "write ARG NAME or ARG NAME=default");
}

std::optional<Body> parse_env(const Statement& statement) {
  return parse_pairs<Env>(statement);
}

std::optional<Body> parse_label(const Statement& statement) {
  return parse_pairs<Label>(statement);
}

std::optional<Body> parse_workdir(const Statement& statement) {
  auto path = rest_of_line(statement, "path");
  if (!path) return std::nullopt;
  return Workdir{std::move(*path)};
}

std::optional<Body> parse_user(const Statement& statement) {
  auto user = rest_of_line(statement, "user");
  if (!user) return std::nullopt;
  return User{std::move(*user)};
}

std::optional<Body> parse_stopsignal(const Statement& statement) {
  auto signal = rest_of_line(statement, "signal");
  if (!signal) return std::nullopt;
  return StopSignal{std::move(*signal)};
}

std::optional<Body> parse_maintainer(const Statement& statement) {
  auto text = rest_of_line(statement, "name");
  if (!text) return std::nullopt;
  statement.findings.warning(
      "MaintainerDeprecated", "MAINTAINER is deprecated, a label is used instead", statement.span,
      {.helps = {concat("write LABEL org.opencontainers.image.authors=", quote(text->text))}});
  return Maintainer{std::move(*text)};
}

std::optional<Body> parse_expose(const Statement& statement) {
  Expose out{statement.words()};
  if (!out.ports.empty()) return out;
  return wrong_count(statement, "arguments-missing", "EXPOSE has no port",
                     "write EXPOSE 8080 or EXPOSE 53/udp");
}

std::optional<Body> parse_volume(const Statement& statement) {
  JsonForm form;
  if (!read_json_form(statement, statement.text, form)) return std::nullopt;
  Volume out;
  if (form.strings) {
    for (std::size_t i = 0; i < form.strings->size(); ++i) {
      out.paths.push_back({(*form.strings)[i], statement.line.span(form.slices[i])});
    }
  } else {
    out.paths = statement.words();
  }
  if (!out.paths.empty()) return out;
  return wrong_count(statement, "arguments-missing", "VOLUME has no path", "write VOLUME /data");
}

}  // namespace ocibuild::dockerfile
