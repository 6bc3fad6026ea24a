// SPDX-License-Identifier: Apache-2.0
#include "tar/tar_reader.hpp"

#include <clocale>
#include <exception>
#include <limits>
#include <new>
#include <span>
#include <utility>
#include <vector>

#include <locale.h>

#include <ocibuild/error.hpp>

#include "support/text.hpp"
#include "tar/archive_api.hpp"

namespace ocibuild::tar {

using oci::EntryType;
using support::concat;
using support::quote;

namespace {

constexpr std::uint64_t most_members = 10'000'000;
constexpr std::size_t longest_name = 4096;  // PATH_MAX of Linux: no engine could create more
constexpr std::size_t most_xattr_bytes = 1 << 20;
// libarchive's archive_errno() for what no errno tells; its header does not name it.
constexpr int miscellaneous = -1;
constexpr std::size_t buffer_size = 128 * 1024;

struct ReadFree {
  void operator()(::archive* a) const noexcept { ArchiveApi::instance().read_free(a); }
};
using ReadHandle = std::unique_ptr<::archive, ReadFree>;

/// Runs the thread in the "C" locale while libarchive works. In a UTF-8 locale libarchive converts
/// names of pax records to Unicode's composed form, so that two names become one; in the "C" locale
/// it gives up converting and hands out the bytes of the record.
class PlainLocale {
public:
  PlainLocale() : before_(::uselocale(c_locale())) {}
  ~PlainLocale() { ::uselocale(before_); }
  PlainLocale(const PlainLocale&) = delete;
  PlainLocale& operator=(const PlainLocale&) = delete;

private:
  static ::locale_t c_locale() {
    static const ::locale_t locale = ::newlocale(LC_ALL_MASK, "C", nullptr);
    return locale;
  }
  ::locale_t before_;
};

/// Registers the filter if libarchive has it built in. Otherwise it answers ARCHIVE_WARN and would
/// run a program of that name, which a build must never do.
void support_filter(const ArchiveApi& api, ::archive* a, int (*filter)(::archive*)) {
  const ReadHandle probe(api.read_new());
  if (probe && filter(probe.get()) == ARCHIVE_OK) filter(a);
}

EntryType entry_type(const ArchiveApi& api, ::archive_entry* entry, bool& known) {
  known = true;
  if (api.hardlink(entry) != nullptr) return EntryType::hard_link;
  switch (api.filetype(entry)) {
    case AE_IFREG:
      return EntryType::regular;
    case AE_IFDIR:
      return EntryType::directory;
    case AE_IFLNK:
      return EntryType::symlink;
    case AE_IFIFO:
      return EntryType::fifo;
    case AE_IFCHR:
      return EntryType::character_device;
    case AE_IFBLK:
      return EntryType::block_device;
    default:
      known = false;
      return EntryType::regular;
  }
}

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

struct TarReader::Impl final : support::ByteSource {
  Impl(support::ByteSource& source, Wrapping wrapping, std::string name)
      : in(source), plain(wrapping == Wrapping::none), what(std::move(name)), buffer(buffer_size) {}

  static la_ssize_t on_read(::archive* a, void* self, const void** data) noexcept {
    auto& impl = *static_cast<Impl*>(self);  // on the heap: its address survives a move
    try {
      *data = impl.buffer.data();
      return static_cast<la_ssize_t>(impl.in.read(impl.buffer));
    } catch (...) {
      impl.failure = std::current_exception();  // never through C frames; rethrown by fail()
      impl.api.set_error(a, EIO, "reading failed");
      return -1;
    }
  }

  [[noreturn]] void invalid(std::string_view why) const {
    throw Error(Errc::failed, "archive-invalid",
                concat(what, " is not a valid tar: ", why, " at byte ", position()));
  }

  [[noreturn]] void fail() {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    const char* why = api.error_string(archive.get());
    invalid(why == nullptr ? "it is damaged" : support::escape_controls(why));
  }

  std::uint64_t position() const {
    return static_cast<std::uint64_t>(api.filter_bytes(archive.get(), 0));
  }

  void open();
  bool next_header(::archive_entry*& entry);
  void check_end_of_content();
  std::uint32_t owner(std::int64_t id, std::string_view kind) const;
  void read_names(::archive_entry* entry, Member& member) const;
  void read_xattrs(::archive_entry* entry, Member& member) const;
  void read_entry(::archive_entry* entry, Member& member);
  std::size_t read(std::span<std::byte> out) override;

  const ArchiveApi& api = ArchiveApi::instance();
  support::ByteSource& in;
  const bool plain;
  const std::string what;
  std::vector<std::byte> buffer;
  std::exception_ptr failure;
  ReadHandle archive;
  std::uint64_t members = 0;
  std::uint64_t content_end =
      0;  // where the last regular file's padding ends; 0: not to be checked
  std::string last_name;
};

void TarReader::Impl::open() {
  archive.reset(api.read_new());
  ::archive* a = archive.get();
  if (a == nullptr) throw std::bad_alloc();
  api.support_format_tar(a);
  api.support_format_empty(a);  // nothing at all: Go's readers take it as no entries
  if (!plain) {
    support_filter(api, a, api.support_filter_gzip);
    support_filter(api, a, api.support_filter_bzip2);
    support_filter(api, a, api.support_filter_xz);
    support_filter(api, a, api.support_filter_zstd);
  }
  if (api.read_open(a, this, nullptr, on_read, nullptr) != ARCHIVE_OK) fail();
}

bool TarReader::Impl::next_header(::archive_entry*& entry) {
  check_end_of_content();
  switch (api.next_header(archive.get(), &entry)) {
    case ARCHIVE_EOF:
      return false;
    case ARCHIVE_OK:
      break;
    case ARCHIVE_WARN:
      // A name that the "C" locale cannot show is expected, see PlainLocale; a pax record that was
      // skipped because it is malformed would silently give another file.
      if (api.error_number(archive.get()) == miscellaneous) fail();
      break;
    default:
      fail();
  }
  if (failure) fail();
  if (++members > most_members) invalid(concat("it has more than ", most_members, " members"));
  return true;
}

/// Proves that the last content stood where Member::offset said: a sparse file's does not, as its
/// holes are left out.
void TarReader::Impl::check_end_of_content() {
  if (content_end == 0) return;
  if (api.data_skip(archive.get()) != ARCHIVE_OK) fail();
  if (position() != content_end) {
    invalid(concat(quote(last_name), " is stored as a sparse file, which no layer may hold,"));
  }
  content_end = 0;
}

std::uint32_t TarReader::Impl::owner(std::int64_t id, std::string_view kind) const {
  if (id < 0 || id > std::numeric_limits<std::uint32_t>::max()) {
    invalid(concat(quote(last_name), " has the ", kind, ' ', id));
  }
  return static_cast<std::uint32_t>(id);
}

void TarReader::Impl::read_names(::archive_entry* entry, Member& member) const {
  const EntryType type = member.entry.type;
  std::string target;
  if (type == EntryType::symlink) target = text_of(api.symlink(entry));
  if (type == EntryType::hard_link) {
    target = text_of(api.hardlink(entry));
    member.leaves_root = oci::leaves_root(target);
    target = oci::RootfsPath(target).str();
  }
  member.leaves_root = member.leaves_root || oci::leaves_root(member.name);
  if (member.name.size() > longest_name || target.size() > longest_name) {
    invalid(concat("a name is longer than ", longest_name, " bytes"));
  }
  member.entry.path = oci::RootfsPath(member.name);
  member.entry.link_target = std::move(target);
}

void TarReader::Impl::read_xattrs(::archive_entry* entry, Member& member) const {
  std::size_t total = 0;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  api.xattr_reset(entry);
  while (api.xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    total += size;
    if (total > most_xattr_bytes) {
      invalid(concat(quote(last_name), " has more than ", most_xattr_bytes,
                     " bytes of extended attributes"));
    }
    member.entry.xattrs.insert_or_assign(name, std::string(static_cast<const char*>(value), size));
  }
}

void TarReader::Impl::read_entry(::archive_entry* entry, Member& member) {
  member = {};
  member.name = text_of(api.pathname(entry));
  last_name = member.name;
  bool known = false;
  member.entry.type = entry_type(api, entry, known);
  if (!known) invalid(concat(quote(last_name), " is of an unknown type"));
  read_names(entry, member);
  member.entry.mode = static_cast<std::uint32_t>(api.perm(entry)) & 07777;
  member.entry.uid = owner(api.uid(entry), "uid");
  member.entry.gid = owner(api.gid(entry), "gid");
  member.entry.mtime = api.mtime(entry);
  if (member.entry.type == EntryType::character_device ||
      member.entry.type == EntryType::block_device) {
    member.entry.device_major = static_cast<std::uint32_t>(api.rdevmajor(entry));
    member.entry.device_minor = static_cast<std::uint32_t>(api.rdevminor(entry));
  }
  read_xattrs(entry, member);
  if (member.entry.type != EntryType::regular) return;
  const std::int64_t size = api.size(entry);
  if (size < 0) invalid(concat(quote(last_name), " has a negative size"));
  member.entry.size = static_cast<std::uint64_t>(size);
  if (plain) {
    member.offset = position();
    content_end = member.offset + (member.entry.size + 511) / 512 * 512;
  }
}

std::size_t TarReader::Impl::read(std::span<std::byte> out) {
  const PlainLocale locale;
  const la_ssize_t size = api.read_data(archive.get(), out.data(), out.size());
  if (size < 0) fail();
  return static_cast<std::size_t>(size);
}

TarReader::TarReader(support::ByteSource& in, Wrapping wrapping, std::string what)
    : impl_(std::make_unique<Impl>(in, wrapping, std::move(what))) {
  const PlainLocale locale;
  impl_->open();
}

TarReader::~TarReader() = default;

bool TarReader::recognises(support::ByteSource& in, Wrapping wrapping) {
  const PlainLocale locale;
  Impl reader(in, wrapping, {});
  try {
    reader.open();
  } catch (const Error& error) {
    if (error.diagnostic().id != "archive-invalid") throw;  // of `in`
    return false;
  }
  ::archive_entry* entry = nullptr;
  const int result = reader.api.next_header(reader.archive.get(), &entry);
  if (reader.failure) std::rethrow_exception(reader.failure);
  return result == ARCHIVE_OK || result == ARCHIVE_WARN;
}

bool TarReader::next(Member& member) {
  const PlainLocale locale;
  ::archive_entry* entry = nullptr;
  if (!impl_->next_header(entry)) return false;
  impl_->read_entry(entry, member);
  return true;
}

support::ByteSource& TarReader::content() {
  return *impl_;
}

}  // namespace ocibuild::tar
