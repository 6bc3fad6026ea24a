// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "build/copy_step.hpp"
#include "rootfs/layer_index.hpp"
#include "support/tree_fixture.hpp"

/// One COPY or ADD on an image, both made by hand, and the layer that comes out.
namespace ocibuild::test {

/// A stage with one layer.
inline rootfs::View image_of(std::vector<oci::Entry> entries) {
  std::vector<rootfs::IndexedFile> files;
  for (oci::Entry& entry : entries) files.push_back({.entry = std::move(entry)});
  rootfs::View view;
  view.add(std::make_shared<rootfs::LayerIndex>(std::move(files), std::vector<oci::RootfsPath>{},
                                                std::vector<oci::RootfsPath>{}),
           nullptr, "layer 1 of base:1");
  return view;
}

inline oci::Entry owned(oci::Entry entry, std::uint32_t uid, std::uint32_t gid) {
  entry.uid = uid;
  entry.gid = gid;
  return entry;
}

/// COPY with its defaults; destination as written.
inline plan::CopyStep copy_step(std::vector<std::string> sources, const std::string& destination) {
  plan::CopyStep step;
  for (std::string& source : sources) step.sources.push_back({std::move(source), {1, 6, 1, 1, 1}});
  step.destination = oci::RootfsPath(destination);
  step.destination_is_directory = destination.empty() || destination.ends_with('/');
  step.destination_text = {destination, {1, 8, 1, 1, 1}};
  return step;
}

/// Runs a step and shows its layer, a line a file: path, type, mode, owner.
struct Copied {
  std::string layer;
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;
  std::vector<layer::LayerFile> files;
};

inline Copied run(const plan::CopyStep& step, const oci::FileTree& origin,
                  const rootfs::View& image, FileTimes times = {},
                  engine::Archives* archives = nullptr) {
  support::Diagnostics diagnostics;
  const dockerfile::SourceText source("Dockerfile", "COPY a b\n");
  const dockerfile::Checks checks;
  dockerfile::Findings findings(source, checks, diagnostics);
  engine::CopyCounts counts;
  Copied out;
  out.files = engine::copy_files(step, {origin, nullptr, "stage 'a'", archives},
                                 {image, times, findings}, counts)
                  .finish();
  for (const layer::LayerFile& file : out.files) {
    static constexpr const char* types = "fdlhpcb";
    char line[256];
    std::snprintf(line, sizeof line, "%s %c %o %u:%u\n", file.entry.path.str().c_str(),
                  types[static_cast<int>(file.entry.type)], file.entry.mode, file.entry.uid,
                  file.entry.gid);
    out.layer += line;
  }
  out.errors = diagnostics.errors();
  out.warnings = diagnostics.warnings();
  return out;
}

}  // namespace ocibuild::test
