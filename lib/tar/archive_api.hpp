// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

namespace ocibuild::tar {

/// libarchive's functions, found in the shared library when the first archive is read: a build
/// whose base layers are indexed loads neither it nor the dozen libraries that it depends on, which
/// take longer to start than the build.
struct ArchiveApi {
  decltype(&::archive_read_new) read_new;
  decltype(&::archive_read_free) read_free;
  decltype(&::archive_read_support_format_tar) support_format_tar;
  decltype(&::archive_read_support_format_empty) support_format_empty;
  decltype(&::archive_read_support_filter_gzip) support_filter_gzip;
  decltype(&::archive_read_support_filter_bzip2) support_filter_bzip2;
  decltype(&::archive_read_support_filter_xz) support_filter_xz;
  decltype(&::archive_read_support_filter_zstd) support_filter_zstd;
  decltype(&::archive_read_open) read_open;
  decltype(&::archive_read_next_header) next_header;
  decltype(&::archive_read_data) read_data;
  decltype(&::archive_read_data_skip) data_skip;
  decltype(&::archive_filter_bytes) filter_bytes;
  decltype(&::archive_errno) error_number;
  decltype(&::archive_error_string) error_string;
  decltype(&::archive_set_error) set_error;
  decltype(&::archive_entry_filetype) filetype;
  decltype(&::archive_entry_pathname) pathname;
  decltype(&::archive_entry_hardlink) hardlink;
  decltype(&::archive_entry_symlink) symlink;
  decltype(&::archive_entry_perm) perm;
  decltype(&::archive_entry_uid) uid;
  decltype(&::archive_entry_gid) gid;
  decltype(&::archive_entry_mtime) mtime;
  decltype(&::archive_entry_size) size;
  decltype(&::archive_entry_rdevmajor) rdevmajor;
  decltype(&::archive_entry_rdevminor) rdevminor;
  decltype(&::archive_entry_xattr_reset) xattr_reset;
  decltype(&::archive_entry_xattr_next) xattr_next;

  /// The system's libarchive.so.13, loaded once. Thread-safe. @throws as load() does, at each call
  static const ArchiveApi& instance();
  /// @throws Error(Errc::failed, libarchive-missing), also for one that lacks a function
  static ArchiveApi load(const char* file);
};

}  // namespace ocibuild::tar
