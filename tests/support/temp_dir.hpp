// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ocibuild::test {

/// A fresh directory that is removed with everything in it, whatever its modes.
class TempDir {
public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

  /// Writes a file, making its parents; mode as given, whatever the umask. Returns its path.
  std::filesystem::path write(std::string_view name, std::string_view content,
                              unsigned mode = 0644) const;
  std::filesystem::path mkdir(std::string_view name, unsigned mode = 0755) const;
  void symlink(std::string_view name, std::string_view target) const;

private:
  std::filesystem::path path_;
};

}  // namespace ocibuild::test
