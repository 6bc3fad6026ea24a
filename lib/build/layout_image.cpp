// SPDX-License-Identifier: Apache-2.0
#include "build/layout_image.hpp"

#include <algorithm>

#include "oci/image_json.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;

namespace {

/// The tag an entry has: skopeo and umoci write it alone, we and docker behind a whole name.
std::string tag_of(const store::OciLayout& layout, const Descriptor& entry) {
  const auto written = entry.annotations.find(std::string(store::ref_name_annotation));
  if (written == entry.annotations.end()) return {};
  const auto name = layout.name_of(entry);
  return name && !name->tag.empty() ? name->tag : written->second;
}

/// Entries with that tag; several names for one image count once.
std::vector<Descriptor> with_tag(const store::OciLayout& layout, const Index& index,
                                 std::string_view tag) {
  std::vector<Descriptor> found;
  for (const Descriptor& entry : index.manifests) {
    const bool known = std::any_of(found.begin(), found.end(), [&](const Descriptor& other) {
      return other.digest == entry.digest;
    });
    if (!known && tag_of(layout, entry) == tag) found.push_back(entry);
  }
  return found;
}

[[noreturn]] void throw_missing(const store::OciLayout& layout, const Index& index,
                                const LayoutImage& image, std::string_view why,
                                const SourceRange& where) {
  std::vector<std::string> tags;
  for (const Descriptor& entry : index.manifests) {
    const std::string tag = tag_of(layout, entry);
    if (tag.empty()) continue;
    // Several names may have one tag: then only digests tell.
    const bool is_clear = with_tag(layout, index, tag).size() == 1;
    tags.push_back(is_clear ? tag : concat(tag, '@', entry.digest.str()));
  }
  Diagnostic diagnostic{"context-image-missing", concat(title_of(image), ' ', why), where, {}, {}};
  diagnostic.notes.push_back(tags.empty() ? "no image of that layout has a tag"
                                          : concat("it has: ", support::join(tags, ", ")));
  diagnostic.helps.emplace_back(
      "name one:  --build-context NAME=oci-layout://DIR:TAG, or DIR@DIGEST");
  throw Error(Errc::not_found, std::move(diagnostic));
}

std::vector<Descriptor> with_digest(const store::OciLayout& layout, const Index& index,
                                    const Digest& digest) {
  for (const Descriptor& entry : index.manifests) {
    if (entry.digest == digest) return {entry};
  }
  for (const Descriptor& entry : index.manifests) {
    if (!oci::is_index(entry.media_type)) continue;
    const Index inner = oci::parse_index(layout.blobs().read(entry, oci::manifest_limit));
    for (const Descriptor& manifest : inner.manifests) {
      if (manifest.digest == digest) return {manifest};
    }
  }
  return {};
}

}  // namespace

std::string title_of(const LayoutImage& image) {
  std::string title = "oci-layout://" + image.directory.string();
  if (image.digest) return title + '@' + image.digest->str();
  return image.tag.empty() ? title : title + ':' + image.tag;
}

Descriptor find_entry(const store::OciLayout& layout, const LayoutImage& image,
                      const SourceRange& where) {
  const Index index = layout.read_index();
  const bool only_one =
      !index.manifests.empty() &&
      std::all_of(index.manifests.begin(), index.manifests.end(), [&](const Descriptor& entry) {
        return entry.digest == index.manifests.front().digest;
      });
  if (!image.digest && image.tag.empty() && only_one) return index.manifests.front();
  const std::vector<Descriptor> found =
      image.digest ? with_digest(layout, index, *image.digest)
                   : with_tag(layout, index, image.tag.empty() ? "latest" : image.tag);
  if (found.empty()) throw_missing(layout, index, image, "is not there", where);
  if (found.size() > 1) throw_missing(layout, index, image, "may be several images", where);
  return found.front();
}

}  // namespace ocibuild::engine
