// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/image_store.hpp>
#include <ocibuild/upkeep.hpp>

#include "commands/commands.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "commands/listing_json.hpp"
#include "commands/wanted_image.hpp"
#include "settings.hpp"
#include "table.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t shown_instruction = 42;  // docker cuts to 45 columns, our "..." included

using Sizes = std::vector<std::optional<std::uint64_t>>;

/// Sizes of the layers' tars, which take time, only where they are shown.
Sizes unpacked_of(const ImageDetails& details, const ListingFormat& format,
                  const Invocation& invocation) {
  if (!format.json && !format.own) return Sizes(details.manifest.layers.size());
  StorePlace place{store_root(invocation.flags, invocation.io)};
  place.cache = cache_directory(invocation.flags, invocation.io);
  return unpacked_sizes(place, details, invocation.io.stop);
}

/// Oldest first, as the config has them.
std::vector<HistoryRow> rows_of(const ImageDetails& details, const Sizes& unpacked,
                                std::int64_t now) {
  std::vector<HistoryRow> rows;
  const std::vector<Descriptor>& layers = details.manifest.layers;
  std::size_t next = 0;
  const auto take_layer = [&](HistoryRow& row) {
    if (next == layers.size()) return;
    row.id = layers[next].digest.str();
    row.size = layers[next].size;
    row.unpacked = unpacked[next++];
  };
  for (const HistoryEntry& entry : details.config.history) {
    HistoryRow row{.created = entry.created,
                   .age = human_age(entry.created, now),
                   .created_by = entry.created_by,
                   .comment = entry.comment};
    if (entry.empty_layer) {
      row.unpacked = 0;
    } else {
      take_layer(row);
    }
    rows.push_back(std::move(row));
  }
  // Some builders write no history: their layers are shown all the same.
  while (next < layers.size()) {
    HistoryRow row{.age = "N/A"};
    take_layer(row);
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string cut_id(const std::string& id, bool whole) {
  if (id.empty()) return "-";
  return whole ? id : short_digest(Digest::parse(id));
}

/// As --format json has them, but cut as the table is.
std::vector<std::string> json_rows(std::vector<HistoryRow> rows, bool whole) {
  std::vector<std::string> out;
  for (HistoryRow& row : rows) {
    row.id = cut_id(row.id, whole);
    if (!whole) row.created_by = terminal_text(row.created_by, shown_instruction);
    out.push_back(history_json(row));
  }
  return out;
}

}  // namespace

void history(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  check_arguments(flags, 1, 1, "the name or ID of an image");
  const ListingFormat format = listing_format(flags);
  const bool whole = flags.on("no-trunc");
  const WantedImage image = WantedImages(invocation).find(flags.arguments.front());
  std::vector<HistoryRow> rows =
      rows_of(image.details, unpacked_of(image.details, format, invocation), invocation.io.now);
  std::reverse(rows.begin(), rows.end());
  std::string out;
  if (flags.on("quiet")) {
    for (const HistoryRow& row : rows) {
      if (!row.id.empty()) out += cut_id(row.id, whole) + '\n';
    }
  } else if (format.json) {
    for (const HistoryRow& row : rows) out += history_json(row);
  } else if (format.own) {
    out = rendered(*format.own, json_rows(std::move(rows), whole), "IMAGE");
  } else {
    Table table({"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"});
    const std::size_t limit = whole ? std::string::npos / 8 : shown_instruction;
    for (const HistoryRow& row : rows) {
      table.add({cut_id(row.id, whole), row.age, terminal_text(row.created_by, limit),
                 human_size(row.size, ""), terminal_text(row.comment, limit)});
    }
    out = table.str();
  }
  invocation.io.out.sink->write(out);
}

}  // namespace ocibuild::program
