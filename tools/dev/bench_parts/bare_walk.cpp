// SPDX-License-Identifier: Apache-2.0
// bare_walk DIRECTORY: looks at each file below it once, and prints how many there were. The least
// that any program must do that finds out whether one of them has changed.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

namespace {

long walk(int parent, const char* name) {
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
    if (S_ISDIR(file.st_mode)) files += walk(fd, item->d_name);
  }
  closedir(directory);
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::printf("%ld\n", walk(AT_FDCWD, argv[1]));
}
