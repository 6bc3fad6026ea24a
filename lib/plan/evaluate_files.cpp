// SPDX-License-Identifier: Apache-2.0
// Instructions that make layers: COPY and WORKDIR.
#include <utility>

#include "plan/stage_evaluator.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Word;
using support::concat;
using support::quote;

namespace {

/// "x/", ".", "" and "x/." (7.6).
bool wants_directory(std::string_view destination) {
  return destination.empty() || destination == "." || destination.ends_with('/') ||
         destination.ends_with("/.");
}

bool is_remote(std::string_view source) {
  for (const std::string_view prefix : {"http://", "https://", "git://", "ssh://", "git@"}) {
    if (source.starts_with(prefix)) return true;
  }
  return false;
}

}  // namespace

std::optional<Text> StageEvaluator::expand_optional(const std::optional<Word>& word, bool& good) {
  if (!word) return std::nullopt;
  auto text = expand_text(*word);
  if (!text) good = false;
  if (!text || text->empty()) return std::nullopt;
  return Text{std::move(*text), word->span};
}

std::optional<oci::ModeChange> StageEvaluator::mode_of(const Text& text, bool& good) {
  auto mode = oci::ModeChange::parse(text.text);
  if (mode) return mode;
  good = false;
  findings_.error("chmod-invalid", concat(quote(text.text), " is no file mode"), text.span,
                  {.helps = {"write one to four octal digits, for example --chmod=755, or clauses "
                             "such as --chmod=u=rwX,go=rX"}});
  return std::nullopt;
}

std::optional<std::vector<Text>> StageEvaluator::copy_sources(const dockerfile::Copy& copy) {
  std::vector<Text> out;
  bool good = true;
  for (const Word& word : copy.sources) {
    const auto expansion = expand(word);
    if (!expansion) {
      good = false;
    } else if (expansion->text.empty()) {
      findings_.error("copy-source-empty",
                      concat("the source ", quote(word.text), " of COPY is empty"), word.span,
                      {.label = dockerfile::describe_use(*expansion),
                       .helps = {"write \".\" for the whole build context"}});
      good = false;
    } else if (is_remote(expansion->text)) {
      findings_.error("copy-source-remote",
                      concat("COPY takes no URL and no git repository: ", quote(expansion->text)),
                      word.span,
                      {.helps = {"download it into the build context before the build"}});
      good = false;
    } else {
      out.push_back({expansion->text, word.span});
    }
  }
  if (!good) return std::nullopt;
  return out;
}

void StageEvaluator::operator()(const dockerfile::Copy& copy) {
  CopyStep step;
  bool good = true;
  step.chown = expand_optional(copy.chown, good);
  const std::optional<Text> chmod = expand_optional(copy.chmod, good);
  if (chmod) step.chmod = mode_of(*chmod, good);
  auto sources = copy_sources(copy);
  auto destination = expand_text(copy.destination);
  const auto origin = stage_.copies.find(at_);
  if (!good || !sources || !destination || origin == stage_.copies.end()) return;

  step.from = origin->second;
  step.sources = std::move(*sources);
  const bool absolute = destination->starts_with('/');
  step.destination = oci::RootfsPath(absolute ? "/" : out_.config.working_dir) / *destination;
  step.destination_is_directory = wants_directory(*destination);

  std::string created_by = "COPY ";
  if (step.chown) created_by += concat("--chown=", step.chown->text, " ");
  if (chmod) created_by += concat("--chmod=", chmod->text, " ");
  for (const Text& source : step.sources) created_by += source.text + " ";
  created_by += destination->empty() ? "./" : *destination;
  step.destination_text = {std::move(*destination), copy.destination.span};
  add_step(created_by + " # buildkit", std::move(step));
}

void StageEvaluator::operator()(const dockerfile::Workdir& workdir) {
  auto path = expand_text(workdir.path);
  if (!path) return;
  std::string& current = out_.config.working_dir;
  if (path->starts_with('/')) {
    current = std::move(*path);  // as written, uncleaned: images in use rely on the text (13.3)
  } else if (!path->empty() && *path != ".") {
    current = (oci::RootfsPath(current) / *path).absolute();
  } else if (current.empty()) {
    current.assign(1, '/');
  }
  const oci::RootfsPath directory(current);
  std::string created_by = "WORKDIR " + current;
  if (directory.is_root()) return add_step(std::move(created_by));
  add_step(std::move(created_by), WorkdirStep{directory, out_.config.user, workdir.path.span});
}

}  // namespace ocibuild::plan
