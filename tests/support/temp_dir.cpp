// SPDX-License-Identifier: Apache-2.0
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace ocibuild::test {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "ocibuild-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  for (auto it = std::filesystem::recursive_directory_iterator(path_, ignored);
       it != std::filesystem::end(it); it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) ::chmod(it->path().c_str(), 0700);
  }
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TempDir::write(std::string_view name, std::string_view content,
                                     unsigned mode) const {
  const auto path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file || ::chmod(path.c_str(), mode) != 0) throw std::runtime_error("write " + path.string());
  return path;
}

std::filesystem::path TempDir::mkdir(std::string_view name, unsigned mode) const {
  const auto path = path_ / name;
  std::filesystem::create_directories(path);
  if (::chmod(path.c_str(), mode) != 0) throw std::runtime_error("chmod " + path.string());
  return path;
}

void TempDir::symlink(std::string_view name, std::string_view target) const {
  const auto path = path_ / name;
  std::filesystem::create_directories(path.parent_path());
  std::filesystem::create_symlink(target, path);
}

}  // namespace ocibuild::test
