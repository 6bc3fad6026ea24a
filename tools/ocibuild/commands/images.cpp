// SPDX-License-Identifier: Apache-2.0
#include <map>

#include <ocibuild/image_store.hpp>

#include "commands/commands.hpp"
#include "commands/image_filter.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "commands/listing_json.hpp"
#include "console.hpp"
#include "settings.hpp"
#include "table.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

/// `wanted` without a tag means every tag of that repository.
bool matches(const StoredImage& image, const std::string& wanted) {
  if (!image.name) return false;
  const Reference pattern = Reference::parse(wanted);
  if (image.name->registry != pattern.registry || image.name->repository != pattern.repository)
    return false;
  const std::size_t slash = wanted.rfind('/');
  const bool any_tag =
      wanted.find_first_of(":@", slash == std::string::npos ? 0 : slash) == std::string::npos;
  return any_tag || (image.name->tag == pattern.tag && image.name->digest == pattern.digest);
}

/// Of all platforms together; a layer that several have counts once.
std::uint64_t size_of(const ImageStore& store, const StoredImage& image) {
  std::map<Digest, std::uint64_t> layers;
  for (const Descriptor& manifest : store.manifests(image)) {
    for (const Descriptor& layer : store.details({image.name, manifest}).manifest.layers)
      layers.emplace(layer.digest, layer.size);
  }
  std::uint64_t size = 0;
  for (const auto& [digest, bytes] : layers) size += bytes;
  return size;
}

/// An image that cannot be read is listed all the same: it may be the one to remove.
ImageRow row_of(const ImageStore& store, const StoredImage& image, Invocation& invocation) {
  ImageRow row{
      .repository = "<none>", .tag = "<none>", .digest = image.manifest.digest.str(), .age = "N/A"};
  if (image.name) {
    row.repository = repository_of(*image.name);
    if (!image.name->tag.empty()) row.tag = image.name->tag;
  }
  try {
    const ImageDetails details = store.details(image);
    row.id = image_id(details).str();
    row.created = details.config.created;
    row.age = human_age(row.created, invocation.io.now);
    row.size = size_of(store, image);
  } catch (const Error& error) {
    invocation.console.note(terminal_text(error.what()));
  }
  return row;
}

std::string cut_id(const std::string& id, bool whole) {
  if (id.empty()) return "<unreadable>";
  return whole ? id : short_digest(Digest::parse(id));
}

std::string table_of(const std::vector<ImageRow>& rows, bool digests, bool whole) {
  std::vector<std::string> header = {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"};
  if (digests) header.insert(header.begin() + 2, "DIGEST");
  Table table(header);
  for (const ImageRow& row : rows) {
    std::vector<std::string> line = {row.repository, row.tag, cut_id(row.id, whole), row.age,
                                     human_size(row.size, "")};
    if (digests) line.insert(line.begin() + 2, row.digest);
    table.add(std::move(line));
  }
  return table.str();
}

/// As --format json has them, but that IDs are cut as docker does.
std::vector<std::string> json_rows(std::vector<ImageRow> rows, bool whole) {
  std::vector<std::string> out;
  for (ImageRow& row : rows) {
    row.id = cut_id(row.id, whole);
    out.push_back(image_json(row));
  }
  return out;
}

}  // namespace

void images(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  check_arguments(flags, 0, 1, "");
  const ListingFormat format = listing_format(flags);
  const ImageFilter filter = ImageFilter::parse(flags);
  const bool whole = flags.on("no-trunc");
  const ImageStore store(store_root(flags, invocation.io));
  std::vector<ImageRow> rows;
  for (const StoredImage& image : store.images()) {
    if (!flags.arguments.empty() && !matches(image, flags.arguments.front())) continue;
    if (!filter.takes(image, store)) continue;
    rows.push_back(row_of(store, image, invocation));
  }
  std::string out;
  if (flags.on("quiet")) {
    for (const ImageRow& row : rows) out += cut_id(row.id, whole) + '\n';
  } else if (format.json) {
    for (const ImageRow& row : rows) out += image_json(row);
  } else if (format.own) {
    out = rendered(*format.own, json_rows(std::move(rows), whole), "IMAGE ID");
  } else {
    out = table_of(rows, flags.on("digests"), whole);
  }
  invocation.io.out.sink->write(out);
}

}  // namespace ocibuild::program
