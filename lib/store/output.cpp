// SPDX-License-Identifier: Apache-2.0
#include "store/output.hpp"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>

#include <ocibuild/error.hpp>

#include "support/fd.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

namespace fs = std::filesystem;

void write_output(const Endpoint& destination,
                  const std::function<void(support::ByteSink&)>& write) {
  if (const int* descriptor = std::get_if<int>(&destination)) {
    support::FdSink out(*descriptor, "the output");
    return write(out);
  }
  const auto& path = std::get<fs::path>(destination);
  std::error_code error;
  const auto status = fs::status(path, error);
  if (fs::is_directory(status)) {
    throw Error(Errc::failed, "output-is-directory",
                support::concat("cannot write an archive to ", support::quote(path.native()),
                                ": it is a directory"))
        .help("name a file, or choose the output type oci-dir");
  }
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    const support::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd.is_open()) support::throw_errno("open", path, errno);
    support::FdSink sink(fd.get(), path);
    return write(sink);
  }
  // The file behind a link is replaced, not the link: /dev/stdout is one.
  const auto target = fs::exists(status) ? fs::canonical(path) : path;
  support::TempFile file(target.has_parent_path() ? target.parent_path() : ".");
  write(file);
  file.commit(target);
}

}  // namespace ocibuild::store
