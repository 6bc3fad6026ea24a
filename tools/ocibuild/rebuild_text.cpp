// SPDX-License-Identifier: Apache-2.0
#include "rebuild_text.hpp"

#include <algorithm>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t longest_value = 200;

/// Twelve digits of a digest tell as much as all of them.
std::string shown(std::string_view value) {
  constexpr std::string_view algorithm = "sha256:";
  constexpr std::size_t whole = 64;
  constexpr std::size_t enough = 12;
  const std::size_t at = value.find(algorithm);
  std::string out(value);
  if (at != std::string_view::npos && value.size() == at + algorithm.size() + whole)
    out.resize(at + algorithm.size() + enough);
  return terminal_text(out, longest_value);
}

std::string change(const RebuildCause& cause) {
  const auto value = [](const std::string& text) { return text.empty() ? "none" : shown(text); };
  return value(cause.before) + " -> " + value(cause.after);
}

std::string file_text(const RebuildCause& cause) {
  const std::string path = terminal_text(cause.name);
  switch (cause.kind) {
    case Cause::file_added:
      return path + " is new";
    case Cause::file_removed:
      return path + " is gone";
    case Cause::file_type:
      return path + ": " + change(cause);
    case Cause::file_mode:
      return path + ": mode " + change(cause);
    case Cause::file_owner:
      return path + ": owner " + change(cause);
    case Cause::file_time:
      return path + ": time " + change(cause);
    case Cause::file_target:
      return path + ": target " + change(cause);
    case Cause::file_attributes:
      return path + ": attributes";
    default:
      return path + ": content";
  }
}

}  // namespace

std::string_view cause_word(Cause kind) {
  switch (kind) {
    case Cause::first_build:
      return "first-build";
    case Cause::no_cache:
      return "no-cache";
    case Cause::instruction:
      return "instruction";
    case Cause::variable:
      return "variable";
    case Cause::destination:
      return "destination";
    case Cause::user:
      return "user";
    case Cause::base:
      return "base";
    case Cause::source_image:
      return "source-image";
    case Cause::compression:
      return "compression";
    case Cause::file_times:
      return "file-times";
    case Cause::format:
      return "format";
    case Cause::file_added:
      return "file-added";
    case Cause::file_removed:
      return "file-removed";
    case Cause::file_type:
      return "file-type";
    case Cause::file_content:
      return "file-content";
    case Cause::file_mode:
      return "file-mode";
    case Cause::file_owner:
      return "file-owner";
    case Cause::file_time:
      return "file-time";
    case Cause::file_target:
      return "file-target";
    case Cause::file_attributes:
      return "file-attributes";
    case Cause::files_unknown:
      return "files-unknown";
    case Cause::lost:
      return "lost";
    case Cause::not_here:
      return "not-here";
  }
  return "";
}

std::string cause_text(const RebuildCause& cause) {
  switch (cause.kind) {
    case Cause::first_build:
      return "first build of this step";
    case Cause::no_cache:
      return cause.name.empty() ? "--no-cache" : "--no-cache-filter " + terminal_text(cause.name);
    case Cause::instruction:
      return "instruction: it was " + shown(cause.before);
    case Cause::variable:
      return "variable " + terminal_text(cause.name) + ": " + change(cause);
    case Cause::destination:
      return "destination: " + change(cause);
    case Cause::user:
      return "user: " + change(cause);
    case Cause::base:
      return "base: " + change(cause);
    case Cause::source_image:
      return "image of --from: " + change(cause);
    case Cause::compression:
      return "compression: " + change(cause);
    case Cause::file_times:
      return "file times: " + change(cause);
    case Cause::format:
      return "another release of ocibuild or of its libraries writes layers differently";
    case Cause::files_unknown:
      return "files cannot be compared: the earlier layer is no longer in the store";
    case Cause::lost:
      return "nothing changed, but the earlier layer or its record is gone";
    case Cause::not_here:
      return "not known without the " + terminal_text(cause.name) + ", to be fetched first";
    default:
      return file_text(cause);
  }
}

std::vector<std::string> cause_lines(const std::vector<RebuildCause>& causes, std::size_t most) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(most, causes.size()); ++i)
    out.push_back(cause_text(causes[i]));
  if (causes.size() > most) out.push_back("and " + std::to_string(causes.size() - most) + " more");
  return out;
}

}  // namespace ocibuild::program
