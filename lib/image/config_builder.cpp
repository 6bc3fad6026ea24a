// SPDX-License-Identifier: Apache-2.0
#include "image/config_builder.hpp"

#include <chrono>
#include <cstdio>
#include <utility>

#include <ocibuild/error.hpp>

#include "support/text.hpp"

namespace ocibuild::image {

namespace {

/// Makes the number of entries with a layer equal to the number of layers, as engines expect
/// (docs/reference/image.md, 4.3).
void pad_history(ImageConfig& config) {
  std::size_t missing = config.diff_ids.size();
  for (HistoryEntry& entry : config.history) {
    if (entry.empty_layer) continue;
    if (missing == 0) {
      entry.empty_layer = true;
    } else {
      --missing;
    }
  }
  HistoryEntry padding;
  padding.created = config.created;
  padding.comment = "ocibuild: layer of the base without history";
  config.history.insert(config.history.end(), missing, padding);
}

}  // namespace

std::string rfc3339(std::int64_t seconds) {
  constexpr std::int64_t first = -62167219200;  // 0000-01-01
  constexpr std::int64_t last = 253402300799;   // 9999-12-31T23:59:59Z
  if (seconds < first || seconds > last) {
    throw Error(Errc::usage, "time-invalid",
                support::concat("the time ", seconds, " is not between the years 0 and 9999"));
  }
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

ConfigBuilder::ConfigBuilder(const ImageConfig* base, Platform platform, std::int64_t created) {
  config_.created = rfc3339(created);
  config_.platform = std::move(platform);
  if (base == nullptr) return;
  config_.diff_ids = base->diff_ids;
  config_.history = base->history;
  pad_history(config_);
}

HistoryEntry ConfigBuilder::entry(std::string created_by) const {
  HistoryEntry entry;
  entry.created = config_.created;
  entry.created_by = std::move(created_by);
  entry.comment = "ocibuild";
  return entry;
}

void ConfigBuilder::add_step(std::string created_by) {
  HistoryEntry step = entry(std::move(created_by));
  step.empty_layer = true;
  config_.history.push_back(std::move(step));
}

void ConfigBuilder::add_layer(std::string created_by, DiffId diff_id) {
  config_.history.push_back(entry(std::move(created_by)));
  config_.diff_ids.push_back(std::move(diff_id));
}

ImageConfig ConfigBuilder::finish(ContainerConfig config, std::string author) && {
  config_.config = std::move(config);
  config_.author = std::move(author);
  return std::move(config_);
}

}  // namespace ocibuild::image
