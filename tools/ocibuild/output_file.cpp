// SPDX-License-Identifier: Apache-2.0
#include "output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include <ocibuild/error.hpp>

#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

bool is_special(const fs::path& file) {
  std::error_code ignored;
  const fs::file_status status = fs::status(file, ignored);
  return fs::exists(status) && !fs::is_regular_file(status);
}

void write_plain(const fs::path& file, std::string_view text) {
  errno = 0;
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (out) return;
  const int code = errno != 0 ? errno : EIO;
  throw Error(Errc::failed, "output-failed",
              "'" + terminal_text(file.string()) +
                  "' cannot be written: " + std::generic_category().message(code));
}

}  // namespace

void check_output_file(const fs::path& file, const std::string& flag) {
  std::error_code ignored;
  const fs::path directory = file.has_parent_path() ? file.parent_path() : fs::path(".");
  if (file.empty() || file.filename().empty()) usage_error(flag + " needs the name of a file");
  if (!fs::is_directory(directory, ignored)) {
    usage_error(flag + ": there is no directory '" + terminal_text(directory.string()) + "'");
  }
  if (fs::is_directory(file, ignored)) {
    usage_error(flag + ": '" + terminal_text(file.string()) + "' is a directory");
  }
}

void write_output_file(const fs::path& file, std::string_view text) {
  if (is_special(file)) return write_plain(file, text);
  fs::path target = file;
  std::error_code code;
  // Renaming over a link would replace the link and leave the file it names as it was.
  if (fs::is_symlink(file, code)) target = fs::weakly_canonical(file, code);
  fs::path temporary = target;
  temporary += ".tmp" + std::to_string(::getpid());
  try {
    write_plain(temporary, text);
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& error) {
    fs::remove(temporary, code);
    throw Error(
        Errc::failed, "output-failed",
        "'" + terminal_text(file.string()) + "' cannot be written: " + error.code().message());
  } catch (...) {
    fs::remove(temporary, code);
    throw;
  }
}

void remove_output_file(const fs::path& file) {
  std::error_code ignored;
  if (!is_special(file)) fs::remove(file, ignored);
}

}  // namespace ocibuild::program
