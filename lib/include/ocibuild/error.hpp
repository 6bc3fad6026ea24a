// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ocibuild/export.hpp>

namespace ocibuild {

/// What the caller can do about an error: one value for each exit status of the program.
enum class Errc {
  failed = 1,         ///< the build failed: Dockerfile, missing file, full disk
  usage = 2,          ///< the request itself is wrong: name, option, platform
  retry_later = 3,    ///< network or registry; the same call may succeed later
  credentials = 4,    ///< missing or refused credentials
  not_found = 5,      ///< a base image, tag or stored image that is not there
  network_setup = 6,  ///< proxy, certificate or firewall; a retry will not help
  internal = 100,     ///< a bug in ocibuild
  interrupted = 130,  ///< the stop token was triggered
};

/// A place in a text file, with the lines needed to show it. Lines and columns count from 1,
/// columns in bytes.
struct SourceRange {
  std::string file;                  ///< as the user named it
  unsigned line = 0;                 ///< physical line of the first byte
  unsigned column = 0;               ///< byte column in that line
  unsigned length = 1;               ///< bytes; never reaches past the end of the line
  std::string label;                 ///< short reason for the marked words; may be empty
  unsigned first_line = 0;           ///< number of excerpt.front()
  std::vector<std::string> excerpt;  ///< every physical line of the instruction, without line ends
  std::filesystem::path path{};      ///< of the file, from the working directory; empty: it is none
};

/// One finding: an error or a warning. Pure data; the program turns it into text.
struct Diagnostic {
  std::string id;       ///< stable, kebab-case for ours, BuildKit's rule name for its lint rules
  std::string message;  ///< one line, no full stop, user text in quotes
  std::optional<SourceRange> where{};  ///< absent when no file is to blame
  std::vector<std::string> notes{};    ///< facts that explain it
  std::vector<std::string> helps{};    ///< what to do next, at most three
};

/// The only exception that leaves the library, besides std::bad_alloc. Holds at least one
/// diagnostic; several when a text has several mistakes that can be reported together.
class OCIBUILD_API Error : public std::exception {
public:
  Error(Errc code, Diagnostic diagnostic);
  Error(Errc code, std::string id, std::string message);
  /// `diagnostics` must not be empty; what() is the first one's message.
  Error(Errc code, std::vector<Diagnostic> diagnostics);
  Error(const Error&);
  Error& operator=(const Error&);
  ~Error() override;  // out of line, so that one catch works across the library boundary

  Errc code() const noexcept { return code_; }
  const Diagnostic& diagnostic() const noexcept { return diagnostics_.front(); }
  const std::vector<Diagnostic>& diagnostics() const noexcept { return diagnostics_; }
  const char* what() const noexcept override;

  /// Returns *this with one more fact or next step on the first diagnostic.
  Error& note(std::string text);
  Error& help(std::string text);

private:
  Errc code_;
  std::vector<Diagnostic> diagnostics_;
};

/// The candidate nearest to `word`, ignoring case, at an edit distance of at most 2 (1 for words of
/// up to three letters); nothing if there is none. For "did you mean".
OCIBUILD_API std::optional<std::string> closest_match(std::string_view word,
                                                      const std::vector<std::string>& candidates);

}  // namespace ocibuild
