// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ocibuild/build.hpp>
#include <ocibuild/transfer.hpp>

#include "io.hpp"

namespace ocibuild::program {

/// What a file or directory holds: an image, or its files.
using OutputContainer = std::variant<ImageContainer, FilesContainer>;

/// One -o: the text after it, understood (docs/reference/cli.md, section 5).
struct OutputSpec {
  bool in_store = false;  ///< names go to the store
  bool push = false;      ///< and to their registries
  bool load = false;      ///< and to a container engine: what --load asks for
  bool archive = false;   ///< `container` is written to `path`
  OutputContainer container = ImageContainer::oci_archive;
  std::optional<std::filesystem::path> path{};  ///< absent: standard output
  std::vector<Reference> names{};               ///< from name=, beside those of -t
  std::optional<std::string> compression{};
  std::optional<std::string> compression_level{};
  std::optional<bool> force_compression{};
  std::optional<ImageFormat> format{};
  std::optional<bool> rewrite_timestamp{};
  std::vector<Annotation> annotations{};
};

/// @throws Error(Errc::usage) for whatever cannot be honoured
OutputSpec parse_output(std::string_view text, const Io& io);

/// The fields of one line of CSV, as Go's encoding/csv splits it.
/// @throws Error(Errc::usage) naming `text`
std::vector<std::string> csv_fields(std::string_view text);

/// The container a directory or file `path` gets, checked against what is there now.
/// @throws Error(Errc::usage) for a file where a directory is needed, or the other way round
void check_destination(OutputContainer container, const std::filesystem::path& path,
                       const std::string& origin);

/// Refuses to write an archive to a terminal, or to a process without standard output.
void check_archive_to_stdout(const Io& io, const std::string& origin);

/// Writes images; a standard output whose reader has gone throws ClosedOutput.
void write_archive(const std::filesystem::path& store, const std::vector<SavedImage>& images,
                   ImageContainer container, const std::optional<std::filesystem::path>& path,
                   const Io& io);

/// Writes the root file system of `image`, which `request` made; as write_archive().
void write_files(const BuildRequest& request, const Descriptor& image, FilesContainer container,
                 const std::optional<std::filesystem::path>& path, const Io& io);

}  // namespace ocibuild::program
