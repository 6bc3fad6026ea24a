// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

/// Names of images in the index of an OCI image layout (docs/reference/image.md, 6.1).
namespace ocibuild::store {

inline constexpr std::string_view ref_name_annotation = "org.opencontainers.image.ref.name";
/// Written by docker and containerd beside a ref.name that is only a tag.
inline constexpr std::string_view containerd_name_annotation = "io.containerd.image.name";

/// The repository name for bare tags of the layout or archive at `path`: its file name without
/// ".tar", ".gz" and the like. Empty if that is no repository name.
std::string repository_of(const std::filesystem::path& path);

/// The name that an index entry gives its image; nothing if it has none or it is no image name.
/// A bare tag, as umoci and skopeo write it, belongs to `repository`, and is no name when that is
/// empty.
std::optional<Reference> entry_name(const Descriptor& entry, std::string_view repository);

/// True when no annotation names the image.
bool is_nameless(const Descriptor& entry);

/// The descriptor without the annotations that name it.
Descriptor without_name(Descriptor entry);

/// Lets `name` point to `manifest`; with an empty name the manifest is only listed, once.
///
/// The manifest that had the name stays in the index without one when it has no other, as docker
/// keeps "<none>" images. `repository`: as for entry_name
void assign_name(Index& index, const Descriptor& manifest, const std::string& name,
                 std::string_view repository);

}  // namespace ocibuild::store
