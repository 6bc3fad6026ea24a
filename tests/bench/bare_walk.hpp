// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>

/// Looks at each file below the directory `name` once, and returns how many there are: the least
/// that a program must do to find out whether one of them has changed.
inline long bare_walk(int parent, const char* name) {
  const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return 0;
  DIR* const directory = fdopendir(fd);
  long files = 0;
  while (const dirent* const item = readdir(directory)) {
    const std::string_view here = item->d_name;
    struct stat file {};
    if (here == "." || here == ".." || fstatat(fd, item->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    ++files;
    if (S_ISDIR(file.st_mode)) files += bare_walk(fd, item->d_name);
  }
  closedir(directory);
  return files;
}
