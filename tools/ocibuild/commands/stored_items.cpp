// SPDX-License-Identifier: Apache-2.0
#include "commands/stored_items.hpp"

#include "commands/image_names.hpp"
#include "commands/listing_json.hpp"
#include "table.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t shown_id = 12;
constexpr std::size_t shown_names = 60;

std::string name_of(StoredKind kind) {
  switch (kind) {
    case StoredKind::image:
      return "image";
    case StoredKind::layer:
      return "cached layer";
    case StoredKind::download:
      return "cached download";
    case StoredKind::nameless_image:
      return "image without name";
    case StoredKind::unused:
      return "unused blob";
    case StoredKind::layer_record:
      return "layer record";
    case StoredKind::layer_shape:
      return "layer shape";
    case StoredKind::download_record:
      return "download record";
    case StoredKind::layer_index:
      return "base layer index";
    case StoredKind::archive_index:
      return "archive index";
    case StoredKind::chunk_list:
      return "chunk list";
    case StoredKind::repositories:
      return "repositories";
    case StoredKind::step_records:
      return "step records";
    case StoredKind::stat_index:
      return "context index";
    case StoredKind::temporary:
      return "temporary file";
  }
  return "";
}

StoredRow row_of(const StoredItem& item, std::int64_t now) {
  StoredRow row{.kind = name_of(item.kind),
                .id = item.id,
                .last_use = format_time(item.last_use),
                .age = {},
                .size = item.bytes,
                .names = {},
                .reclaimable = is_reclaimable(item)};
  row.age = human_age(row.last_use, now);
  for (const Reference& name : item.names) row.names.push_back(tagged(name));
  return row;
}

std::string cut_id(const std::string& id, bool whole) {
  if (whole) return terminal_text(id);
  const std::size_t colon = id.find(':');  // of a digest, behind its algorithm
  return terminal_text(id.substr(colon == std::string::npos ? 0 : colon + 1, shown_id));
}

}  // namespace

bool is_reclaimable(const StoredItem& item) {
  return item.kind != StoredKind::image;
}

std::uint64_t bytes_of(const std::vector<StoredItem>& items) {
  std::uint64_t sum = 0;
  for (const StoredItem& item : items) sum += item.bytes;
  return sum;
}

std::string table_of(const std::vector<StoredItem>& items, std::int64_t now, bool whole) {
  Table table({"ID", "KIND", "RECLAIMABLE", "SIZE", "LAST USED", "NAMES"});
  for (const StoredItem& item : items) {
    const StoredRow row = row_of(item, now);
    std::string names;
    for (const std::string& name : row.names) names += (names.empty() ? "" : ", ") + name;
    table.add({cut_id(row.id, whole), row.kind, row.reclaimable ? "true" : "false",
               human_size(row.size, ""), row.age,
               terminal_text(names, whole ? std::string::npos / 8 : shown_names)});
  }
  return table.str();
}

std::string json_of(const std::vector<StoredItem>& items, std::int64_t now) {
  std::string out;
  for (const StoredItem& item : items) out += stored_json(row_of(item, now));
  return out;
}

}  // namespace ocibuild::program
