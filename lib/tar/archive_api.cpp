// SPDX-License-Identifier: Apache-2.0
#include "tar/archive_api.hpp"

#include <string_view>

#include <ocibuild/error.hpp>

#include "support/shared_library.hpp"

namespace ocibuild::tar {

namespace {

Error missing(std::string_view why) {
  Error error(Errc::failed, "libarchive-missing",
              "archives are read with libarchive, which is not on this machine or too old");
  error.note(std::string(why));
  return error.help("install libarchive 3.6 or later (Debian and Ubuntu: libarchive13)");
}

void find_all(const support::SharedLibrary& library, ArchiveApi& api) {
  const auto find = [&](const char* name, auto& function) {
    if (!library.find(name, function)) throw missing(name);
  };
  find("archive_read_new", api.read_new);
  find("archive_read_free", api.read_free);
  find("archive_read_support_format_tar", api.support_format_tar);
  find("archive_read_support_format_empty", api.support_format_empty);
  find("archive_read_support_filter_gzip", api.support_filter_gzip);
  find("archive_read_support_filter_bzip2", api.support_filter_bzip2);
  find("archive_read_support_filter_xz", api.support_filter_xz);
  find("archive_read_support_filter_zstd", api.support_filter_zstd);
  find("archive_read_open", api.read_open);
  find("archive_read_next_header", api.next_header);
  find("archive_read_data", api.read_data);
  find("archive_read_data_skip", api.data_skip);
  find("archive_filter_bytes", api.filter_bytes);
  find("archive_errno", api.error_number);
  find("archive_error_string", api.error_string);
  find("archive_set_error", api.set_error);
  find("archive_entry_filetype", api.filetype);
  find("archive_entry_pathname", api.pathname);
  find("archive_entry_hardlink", api.hardlink);
  find("archive_entry_symlink", api.symlink);
  find("archive_entry_perm", api.perm);
  find("archive_entry_uid", api.uid);
  find("archive_entry_gid", api.gid);
  find("archive_entry_mtime", api.mtime);
  find("archive_entry_size", api.size);
  find("archive_entry_rdevmajor", api.rdevmajor);
  find("archive_entry_rdevminor", api.rdevminor);
  find("archive_entry_xattr_reset", api.xattr_reset);
  find("archive_entry_xattr_next", api.xattr_next);
}

}  // namespace

ArchiveApi ArchiveApi::load(const char* file) {
  const support::SharedLibrary library(file);
  if (!library.is_open()) throw missing(library.failure());
  ArchiveApi api{};
  find_all(library, api);
  return api;
}

const ArchiveApi& ArchiveApi::instance() {
  static const ArchiveApi api = load("libarchive.so.13");
  return api;
}

}  // namespace ocibuild::tar
