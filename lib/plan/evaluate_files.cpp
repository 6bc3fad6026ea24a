// SPDX-License-Identifier: Apache-2.0
// Instructions that make layers: COPY, ADD and WORKDIR.
#include <algorithm>
#include <utility>

#include <ocibuild/error.hpp>

#include "plan/source_kind.hpp"
#include "plan/stage_evaluator.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Word;
using support::concat;
using support::quote;

namespace {

/// Nothing for another digest, or none.
std::optional<Digest> find_sha256(const std::string& text) {
  try {
    Digest digest = Digest::parse(text);
    if (digest.algorithm() == "sha256") return digest;
  } catch (const Error&) {
    // no digest at all
  }
  return std::nullopt;
}

/// "x/", ".", "" and "x/." (7.6).
bool wants_directory(std::string_view destination) {
  return destination.empty() || destination == "." || destination.ends_with('/') ||
         destination.ends_with("/.");
}

/// The text of the history entry (15.2).
std::string files_created_by(std::string_view keyword, const CopyStep& step,
                             const std::optional<Text>& chmod) {
  std::string out = concat(keyword, " ");
  if (step.parents) out += "--parents ";
  if (step.chown) out += concat("--chown=", step.chown->text, " ");
  if (chmod) out += concat("--chmod=", chmod->text, " ");
  for (const Text& source : step.sources) out += source.text + " ";
  for (const InlineFile& file : step.inline_files) out += concat("<<", file.name.text, " ");
  const std::string& destination = step.destination_text.text;
  return concat(out, destination.empty() ? "./" : destination, " # buildkit");
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

std::optional<std::vector<Text>> StageEvaluator::source_texts(const dockerfile::Copy& copy) {
  const dockerfile::Instruction& instruction = file_.instructions[at_];
  const bool is_add = std::holds_alternative<dockerfile::Add>(instruction.body);
  std::vector<Text> out;
  bool good = true;
  for (const Word& word : copy.sources) {
    const auto expansion = expand(word);
    if (!expansion) {
      good = false;
    } else if (expansion->text.empty()) {
      findings_.error(
          "copy-source-empty",
          concat("the source ", quote(word.text), " of ", instruction.keyword, " is empty"),
          word.span,
          {.label = dockerfile::describe_use(*expansion),
           .helps = {"write \".\" for the whole build context"}});
      good = false;
    } else if (!is_add && kind_of_source(expansion->text) != SourceKind::local) {
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

std::optional<std::vector<InlineFile>> StageEvaluator::inline_files(const dockerfile::Copy& copy) {
  std::vector<InlineFile> out;
  bool good = true;
  for (const dockerfile::HeredocFile& heredoc : copy.heredocs) {
    InlineFile file{.name = {heredoc.name.text, heredoc.name.span}, .content = heredoc.body};
    if (heredoc.expand) {
      const Word body{heredoc.body, heredoc.name.span};
      if (limit_.reached()) return std::nullopt;
      auto expansion = dockerfile::expand_body(body, lookup(), findings_);
      good = expansion && !limit_.exceeded_by(*expansion, body, findings_) && good;
      if (!expansion) continue;
      for (const dockerfile::VariableUse& use : expansion->uses) warn_undefined(use);
      file.content = std::move(expansion->text);
    }
    out.push_back(std::move(file));
  }
  if (!good) return std::nullopt;
  return out;
}

std::optional<CopyStep> StageEvaluator::files_step(const dockerfile::Copy& copy,
                                                   std::string& created_by) {
  CopyStep step;
  bool good = true;
  step.chown = expand_optional(copy.chown, good);
  const std::optional<Text> chmod = expand_optional(copy.chmod, good);
  if (chmod) step.chmod = mode_of(*chmod, good);
  auto sources = source_texts(copy);
  auto files = inline_files(copy);
  auto destination = expand_text(copy.destination);
  const auto origin = stage_.copies.find(at_);
  if (!good || !sources || !files || !destination || origin == stage_.copies.end())
    return std::nullopt;

  step.from = origin->second;
  step.sources = std::move(*sources);
  step.inline_files = std::move(*files);
  for (const Word& pattern : copy.exclude) step.exclude.push_back({pattern.text, pattern.span});
  step.link = copy.link && !chmod;  // with --chmod it has no effect (7.20)
  step.parents = copy.parents;
  const bool absolute = destination->starts_with('/');
  step.destination = oci::RootfsPath(absolute ? "/" : out_.config.working_dir) / *destination;
  step.destination_is_directory = wants_directory(*destination);
  step.destination_text = {std::move(*destination), copy.destination.span};
  created_by = files_created_by(file_.instructions[at_].keyword, step, chmod);
  return step;
}

void StageEvaluator::operator()(const dockerfile::Copy& copy) {
  std::string created_by;
  if (auto step = files_step(copy, created_by)) add_step(std::move(created_by), std::move(*step));
}

void StageEvaluator::operator()(const dockerfile::Add& add) {
  std::string created_by;
  auto step = files_step(add.files, created_by);
  bool good = true;
  const auto checksum = expand_optional(add.checksum, good);
  if (!step || !good || !check_remote(*step, checksum)) return;
  if (checksum) {
    step->download = {std::move(step->sources.front()), Digest::parse(checksum->text)};
    step->sources.clear();
  }
  step->unpack = add.unpack.value_or(!step->download);
  add_step(std::move(created_by), std::move(*step));
}

/// Whether what ADD fetches is allowed: one URL, of known content (9.7, 9.8).
bool StageEvaluator::check_remote(const CopyStep& step, const std::optional<Text>& checksum) {
  bool good = true;
  for (const Text& source : step.sources) {
    const SourceKind kind = kind_of_source(source.text);
    if (kind == SourceKind::git) {
      findings_.error("add-git-unsupported",
                      concat("ADD clones no git repository: ", quote(source.text)), source.span,
                      {.helps = {"clone it into the build context and COPY it, or give it as "
                                 "--build-context NAME=DIRECTORY"}});
      good = false;
    } else if (kind == SourceKind::url && !checksum) {
      findings_.error(
          "add-url-unverified", concat("ADD of a URL needs --checksum: ", quote(source.text)),
          source.span,
          {.notes = {"without it the same Dockerfile could give another image tomorrow"},
           .helps = {"write --checksum=sha256:DIGEST; curl -fsSL URL | sha256sum "
                     "prints the digest",
                     "or download it into the build context and COPY it"}});
      good = false;
    }
  }
  return good && (!checksum || check_checksum(*checksum, step));
}

void StageEvaluator::note_download(const dockerfile::Add& add) {
  if (!add.checksum || add.files.sources.size() != 1) return;
  bool known = true;
  const auto as_far_as_known = [&](std::string_view name) {
    auto value = out_.variables.find(name);
    known = known && value;
    return value ? value : std::optional(concat("${", name, '}'));
  };
  const Word& source = add.files.sources.front();
  const auto url = dockerfile::expand(source, file_.escape, as_far_as_known, findings_);
  const auto checksum = dockerfile::expand(*add.checksum, file_.escape, as_far_as_known, findings_);
  if (!url || !checksum) return;
  const auto digest = find_sha256(checksum->text);
  if (known && !digest) return;  // an error once the base is there
  out_.more_downloads.push_back({{url->text, source.span}, digest.value_or(Digest()), known});
}

/// A digest is of one download: of a directory or of several files there is none (9.7).
bool StageEvaluator::check_checksum(const Text& checksum, const CopyStep& step) {
  const bool url =
      step.sources.size() == 1 && kind_of_source(step.sources.front().text) == SourceKind::url;
  if (!url || !step.inline_files.empty()) {
    findings_.error("checksum-without-url", "ADD --checksum needs one source, and that a URL",
                    checksum.span,
                    {.helps = {"leave --checksum out for files of the build context",
                               "write an ADD for each URL"}});
    return false;
  }
  if (find_sha256(checksum.text)) return true;
  findings_.error("checksum-invalid", concat(quote(checksum.text), " is no SHA-256 digest"),
                  checksum.span, {.helps = {"write --checksum=sha256: and 64 hexadecimal digits"}});
  return false;
}

void StageEvaluator::operator()(const dockerfile::Workdir& workdir) {
  auto path = expand_text(workdir.path);
  if (!path) return;
  const bool absolute = path->starts_with('/');
  if (!absolute && !out_.workdir_set && !uncertain_) {
    findings_.warning(
        "WorkdirRelativePath",
        concat("WORKDIR ", quote(*path), " depends on the working directory of the base image"),
        workdir.path.span, {.helps = {"write the whole path, beginning with \"/\""}});
  }
  out_.workdir_set = true;
  std::string& current = out_.config.working_dir;
  if (absolute) {
    current = std::move(*path);  // as written, uncleaned: images in use rely on the text (13.3)
  } else if (!path->empty()) {
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
