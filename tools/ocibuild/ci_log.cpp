// SPDX-License-Identifier: Apache-2.0
#include "ci_log.hpp"

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

/// `text` as GitHub's workflow commands want it; in a property ':' and ',' have a meaning too.
std::string escaped(const std::string& text, bool property) {
  std::string out;
  for (const char c : text) {
    const bool special = c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ','));
    if (!special) {
      out += c;
      continue;
    }
    static constexpr char digits[] = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return out;
}

}  // namespace

std::filesystem::path path_from(const std::filesystem::path& directory,
                                const std::filesystem::path& path) {
  if (path.empty()) return path;
  const auto relative =
      (directory / path).lexically_normal().lexically_relative(directory.lexically_normal());
  return relative.empty() || *relative.begin() == ".." ? path : relative;
}

std::string file_of(const SourceRange& where, const std::filesystem::path& directory) {
  return where.path.empty() ? where.file : path_from(directory, where.path).string();
}

std::string github_annotation(const Diagnostic& diagnostic, Severity severity,
                              const std::filesystem::path& directory) {
  std::string out = severity == Severity::error ? "::error " : "::warning ";
  std::string text = terminal_text(diagnostic.message);
  if (diagnostic.where) {
    const SourceRange& where = *diagnostic.where;
    out += "file=" + escaped(terminal_text(file_of(where, directory)), true) +
           ",line=" + std::to_string(where.line) + ",col=" + std::to_string(where.column) +
           ",endColumn=" + std::to_string(where.column + where.length) + ',';
    if (!where.label.empty()) text += " (" + terminal_text(where.label) + ')';
  }
  for (const std::string& note : diagnostic.notes) text += "\nnote: " + terminal_text(note);
  for (const std::string& help : diagnostic.helps) text += "\nhelp: " + terminal_text(help);
  return out + "title=" + escaped(diagnostic.id, true) + "::" + escaped(text, false) + '\n';
}

void CommandGuard::write(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (at_start_ && c == ':') out += '\\';
    at_start_ = c == '\n' || (at_start_ && (c == ' ' || c == '\t'));
    out += c;
  }
  inner_.write(out);
}

}  // namespace ocibuild::program
