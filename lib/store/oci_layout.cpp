// SPDX-License-Identifier: Apache-2.0
#include "store/oci_layout.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <ocibuild/error.hpp>

#include "oci/image_json.hpp"
#include "support/temp_file.hpp"
#include "support/text.hpp"

namespace ocibuild::store {

using support::concat;
using support::quote;

namespace {

constexpr std::size_t marker_limit = 64 * 1024;
constexpr std::size_t most_entries = 4096;  // what oci::parse_index takes

[[noreturn]] void invalid(const std::filesystem::path& root, std::string_view why) {
  throw Error(Errc::failed, "store-invalid",
              concat(quote(root.native()), " is not an OCI image layout: ", why))
      .help("choose another directory, or one that does not exist yet");
}

/// What may stand in a root before its oci-layout file does: a process was killed early, or wrote
/// only its cache so far.
bool is_ours(const std::filesystem::path& name) {
  return name == ".ocibuild" || name == "blobs" || name == "cache";
}

void check_without_marker(const std::filesystem::path& root) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
    const auto name = entry.path().filename();
    std::error_code ignored;
    // Another process may have made the layout since.
    if (is_ours(name) || std::filesystem::exists(root / "oci-layout", ignored)) continue;
    invalid(root, concat("it has no file oci-layout, but ", quote(name.native())));
  }
  if (error) support::throw_errno("read directory", root, error.value());
}

support::Fd lock(const std::filesystem::path& file) {
  support::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.is_open()) support::throw_errno("open", file, errno);
  while (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) support::throw_errno("lock", file, errno);
  }
  return fd;
}

void forget_oldest_nameless(Index& index) {
  const auto count = static_cast<std::size_t>(
      std::count_if(index.manifests.begin(), index.manifests.end(), is_nameless));
  std::size_t surplus = count > most_nameless ? count - most_nameless : 0;
  std::erase_if(index.manifests, [&](const Descriptor& entry) {
    return surplus > 0 && is_nameless(entry) && surplus-- > 0;
  });
}

}  // namespace

OciLayout::OciLayout(std::filesystem::path root) : blobs_(std::move(root)) {
  const auto& directory = this->root();
  std::error_code error;
  const auto status = std::filesystem::status(directory, error);
  if (status.type() == std::filesystem::file_type::not_found) return;
  if (error) support::throw_errno("look at", directory, error.value());
  if (!std::filesystem::is_directory(status)) invalid(directory, "it is no directory");
  if (!std::filesystem::exists(directory / "oci-layout", error)) {
    check_without_marker(directory);
    return;
  }
  const std::string marker = support::read_file(directory / "oci-layout", marker_limit);
  try {
    check_layout_marker(marker);
  } catch (const Error& wrong) {
    invalid(directory, wrong.what());
  }
}

Index OciLayout::read_index() const {
  const auto file = root() / "index.json";
  std::error_code error;
  if (!std::filesystem::exists(file, error)) {
    if (error) support::throw_errno("look at", file, error.value());
    return {.media_type = std::string(media_types::oci_index), .manifests = {}, .annotations = {}};
  }
  const std::string text = support::read_file(file, oci::manifest_limit);
  try {
    return oci::parse_index(text);
  } catch (const Error& wrong) {
    invalid(root(), concat("index.json: ", wrong.what()));
  }
}

void OciLayout::create_when_missing() const {
  blobs_.check_writable();
  std::error_code error;
  std::filesystem::create_directories(blobs_.temp_directory(), error);
  if (error) support::throw_errno("create directory", blobs_.temp_directory(), error.value());
  support::remove_stale_temp_files(blobs_.temp_directory());
  if (std::filesystem::exists(root() / "oci-layout", error)) return;
  // The specification wants the directory even of a layout without blobs.
  std::filesystem::create_directories(root() / "blobs" / "sha256", error);
  support::TempFile marker(blobs_.temp_directory());
  marker.write(support::as_bytes(layout_marker()));
  marker.commit(root() / "oci-layout");
}

void OciLayout::update_index(const std::function<void(Index&)>& change) {
  create_when_missing();
  const support::Fd held = lock(root() / ".ocibuild" / "lock");
  Index index = read_index();
  const std::string before = oci::to_json(index);
  change(index);
  forget_oldest_nameless(index);
  if (index.manifests.size() > most_entries) {
    throw Error(Errc::failed, "store-full",
                concat(quote(root().native()), " would list more than ", most_entries, " images"))
        .help("remove some of them first");
  }
  const std::string after = oci::to_json(index);
  if (after == before && std::filesystem::exists(root() / "index.json")) return;
  support::TempFile file(blobs_.temp_directory());
  file.write(support::as_bytes(after));
  file.commit(root() / "index.json");
}

void OciLayout::set_name(const Descriptor& manifest, const std::string& name) {
  update_index([&](Index& index) { assign_name(index, manifest, name, repository_of(root())); });
}

std::optional<Reference> OciLayout::name_of(const Descriptor& entry) const {
  return entry_name(entry, repository_of(root()));
}

}  // namespace ocibuild::store
