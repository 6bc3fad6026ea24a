// SPDX-License-Identifier: Apache-2.0
//
// Hand-made, although libarchive could write a tar: its pax writer adds uid and gid records from
// 2^18 on, adds hdrcharset records when a name does not fit the locale, and has changed which
// records it writes between versions. The SHA-256 of these bytes names the layer, so they may
// depend on nothing but the entry.
#include "tar/tar_writer.hpp"

#include <array>
#include <cassert>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::tar {

using oci::Entry;
using oci::EntryType;
using support::Bytes;
using support::concat;
using support::quote;

namespace {

constexpr std::size_t block_size = 512;
constexpr std::uint64_t largest_id = 07777777;             // 7 octal digits
constexpr std::uint64_t largest_number = 077777777777ULL;  // 11 octal digits: 8 GiB - 1

/// The ustar header of POSIX.1-2017, pax, "ustar Interchange Format". All bytes, so no padding.
struct Header {
  char name[100] = {};
  char mode[8] = {};
  char uid[8] = {};
  char gid[8] = {};
  char size[12] = {};
  char mtime[12] = {};
  char checksum[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
  char type = '0';
  char link_name[100] = {};
  char magic[6] = {'u', 's', 't', 'a', 'r', '\0'};
  char version[2] = {'0', '0'};
  char user_name[32] = {};
  char group_name[32] = {};
  char device_major[8] = {};
  char device_minor[8] = {};
  char prefix[155] = {};
  char padding[12] = {};
};
static_assert(sizeof(Header) == block_size);

/// Sorted by key, so that an entry has one record set.
using Records = std::map<std::string, std::string>;

template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) {
  assert(text.size() <= N);
  std::memcpy(field, text.data(), text.size());
}

/// Octal digits, filled with zeros, one NUL at the end.
template <std::size_t N>
void put_octal(char (&field)[N], std::uint64_t number) {
  for (std::size_t i = N - 1; i-- > 0; number >>= 3) {
    field[i] = static_cast<char>('0' + (number & 7));
  }
}

/// The number, or 0 in the header and the number in a record when there are too few digits.
template <std::size_t N>
void put_number(char (&field)[N], std::uint64_t number, std::uint64_t largest, const char* key,
                Records& records) {
  if (number > largest) records[key] = std::to_string(number);
  put_octal(field, number > largest ? 0 : number);
}

bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

/// What a header field shows of a text that stands in a pax record: a fixed function of the text,
/// for people who look at the tar with an old tool.
std::string shortened(std::string_view text, std::size_t size) {
  std::string out(text.substr(0, size));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '_';
  }
  return out;
}

/// Splits at the first slash that leaves a name of at most 100 bytes. False when prefix and name
/// cannot hold `path`.
bool put_split_path(Header& header, std::string_view path) {
  if (path.size() <= sizeof(header.name)) {
    put_text(header.name, path);
    return true;
  }
  const std::size_t slash = path.find('/', path.size() - sizeof(header.name) - 1);
  if (slash == std::string_view::npos || slash > sizeof(header.prefix) ||
      slash + 1 == path.size()) {
    return false;
  }
  put_text(header.prefix, path.substr(0, slash));
  put_text(header.name, path.substr(slash + 1));
  return true;
}

void put_path(Header& header, const std::string& path, Records& records) {
  if (is_ascii(path) && put_split_path(header, path)) return;
  records["path"] = path;
  put_text(header.name, shortened(path, sizeof(header.name)));
}

void put_link(Header& header, const std::string& target, Records& records) {
  if (is_ascii(target) && target.size() <= sizeof(header.link_name)) {
    put_text(header.link_name, target);
    return;
  }
  records["linkpath"] = target;
  put_text(header.link_name, shortened(target, sizeof(header.link_name)));
}

void put_mtime(Header& header, std::int64_t mtime, Records& records) {
  const bool fits = mtime >= 0 && static_cast<std::uint64_t>(mtime) <= largest_number;
  if (!fits) records["mtime"] = std::to_string(mtime);
  put_octal(header.mtime, fits ? static_cast<std::uint64_t>(mtime) : 0);
}

void put_devices(Header& header, const Entry& entry, Records& records) {
  if (entry.type != EntryType::character_device && entry.type != EntryType::block_device) return;
  put_number(header.device_major, entry.device_major, largest_id, "SCHILY.devmajor", records);
  put_number(header.device_minor, entry.device_minor, largest_id, "SCHILY.devminor", records);
}

void put_checksum(Header& header) {
  std::uint64_t sum = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  for (std::size_t i = 0; i < block_size; ++i) sum += bytes[i];
  char digits[7] = {};
  put_octal(digits, sum);
  std::memcpy(header.checksum, digits, sizeof(digits));  // the eighth byte stays a blank
}

char type_flag(EntryType type) {
  switch (type) {
    case EntryType::regular:
      return '0';
    case EntryType::hard_link:
      return '1';
    case EntryType::symlink:
      return '2';
    case EntryType::character_device:
      return '3';
    case EntryType::block_device:
      return '4';
    case EntryType::directory:
      return '5';
    case EntryType::fifo:
      return '6';
  }
  return '0';
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts its own digits.
std::string record(const std::string& key, const std::string& value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + std::to_string(rest).size();
  length = rest + std::to_string(length).size();
  return concat(length, ' ', key, '=', value, '\n');
}

void refuse(const Entry& entry, std::string_view why) {
  throw Error(Errc::failed, "entry-invalid",
              concat(quote(entry.path.absolute()), " cannot be stored in a layer: ", why));
}

/// Values that neither a header nor a pax record can hold.
void check(const Entry& entry) {
  assert(!entry.path.is_root());
  if (entry.path.str().find('\0') != std::string::npos) refuse(entry, "its name has a NUL byte");
  if (entry.link_target.find('\0') != std::string::npos) {
    refuse(entry, "its link target has a NUL byte");
  }
  for (const auto& [name, value] : entry.xattrs) {
    if (name.empty() || name.find('=') != std::string::npos ||
        name.find('\0') != std::string::npos) {
      refuse(entry, concat("it has an extended attribute called ", quote(name)));
    }
  }
}

Header make_header(const Entry& entry, Records& records) {
  Header header;
  put_path(header, entry.is_directory() ? entry.path.str() + '/' : entry.path.str(), records);
  put_octal(header.mode, entry.mode & 07777);
  put_number(header.uid, entry.uid, largest_id, "uid", records);
  put_number(header.gid, entry.gid, largest_id, "gid", records);
  const std::uint64_t size = entry.type == EntryType::regular ? entry.size : 0;
  put_number(header.size, size, largest_number, "size", records);
  put_mtime(header, entry.mtime, records);
  header.type = type_flag(entry.type);
  if (entry.type == EntryType::symlink || entry.type == EntryType::hard_link) {
    put_link(header, entry.link_target, records);
  }
  put_devices(header, entry, records);
  for (const auto& [name, value] : entry.xattrs) records["SCHILY.xattr." + name] = value;
  put_checksum(header);
  return header;
}

/// Like Python's tarfile: a constant name and zeros, so that only the records depend on the entry.
Header make_pax_header(std::size_t size) {
  Header header;
  put_text(header.name, "././@PaxHeader");
  put_octal(header.mode, 0);
  put_octal(header.uid, 0);
  put_octal(header.gid, 0);
  put_octal(header.size, size);
  put_octal(header.mtime, 0);
  header.type = 'x';
  put_checksum(header);
  return header;
}

void write_header(support::ByteSink& out, const Header& header) {
  out.write(Bytes(reinterpret_cast<const std::byte*>(&header), sizeof(header)));
}

void write_padding(support::ByteSink& out, std::uint64_t size) {
  static constexpr std::array<std::byte, block_size> zeros{};
  const std::size_t past = static_cast<std::size_t>(size % block_size);
  if (past > 0) out.write(Bytes(zeros).first(block_size - past));
}

}  // namespace

void TarWriter::begin(const Entry& entry) {
  check(entry);
  Records records;
  const Header header = make_header(entry, records);
  if (!records.empty()) {
    std::string text;
    for (const auto& [key, value] : records) text += record(key, value);
    write_header(out_, make_pax_header(text.size()));
    out_.write(support::as_bytes(text));
    write_padding(out_, text.size());
  }
  write_header(out_, header);
  resume(entry, 0);
}

void TarWriter::resume(const Entry& entry, std::uint64_t offset) {
  path_ = entry.path.str();
  size_ = entry.type == EntryType::regular ? entry.size : 0;
  left_ = size_ - offset;
}

void TarWriter::content(Bytes bytes) {
  content_is_there(bytes.size());
  out_.write(bytes);
}

void TarWriter::content_is_there(std::uint64_t size) {
  if (size > left_) {
    throw Error(
        Errc::failed, "file-changed",
        concat(quote('/' + path_), " has more than the ", size_, " bytes it was listed with"));
  }
  left_ -= size;
}

void TarWriter::end() {
  if (left_ > 0) {
    throw Error(Errc::failed, "file-changed",
                concat(quote('/' + path_), " has only ", size_ - left_, " of the ", size_,
                       " bytes it was listed with"));
  }
  pad();
}

void TarWriter::content(support::ByteSource& source) {
  buffer_.resize(128 * 1024);
  while (const std::size_t size = source.read(buffer_)) content(Bytes(buffer_).first(size));
}

void TarWriter::add(const Entry& entry, support::ByteSource& source) {
  begin(entry);
  content(source);
  end();
}

void TarWriter::finish() {
  static constexpr std::array<std::byte, 2 * block_size> zeros{};
  out_.write(zeros);
}

void TarWriter::pad() {
  write_padding(out_, size_);
}

}  // namespace ocibuild::tar
