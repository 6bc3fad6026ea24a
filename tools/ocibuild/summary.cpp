// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include <algorithm>
#include <map>

#include "diagnostic_text.hpp"
#include "live_lines.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t size_column = 9;
constexpr std::size_t kind_column = 7;
constexpr std::size_t longest_instruction = 60;
constexpr std::size_t shortest_instruction = 12;
constexpr std::size_t width_for_all_columns = 60;
constexpr std::size_t longest_command = 60;
constexpr std::size_t shown_digits = 12;

struct Row {
  std::uint64_t size = 0;
  std::uint64_t unpacked = 0;
  std::string kind{};
  std::string what{};
  std::string where{};
};

std::string right(const std::string& text, std::size_t width) {
  return text.size() >= width ? text : std::string(width - text.size(), ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
  const std::size_t used = display_width(text);
  return used >= width ? text : text + std::string(width - used, ' ');
}

std::string joined(const ContainerConfig& config) {
  std::string out;
  for (const auto* words : {&config.entrypoint, &config.cmd}) {
    for (const std::string& word : *words) out += (out.empty() ? "" : " ") + word;
  }
  return terminal_text(out, longest_command);
}

std::string header(const PlatformResult& image, const std::vector<Reference>& names) {
  std::string out = names.empty() ? "image" : names.front().familiar();
  out += "   " + terminal_text(image.config.platform.str());
  const std::string& user = image.config.config.user;
  out += "   user " + (user.empty() ? std::string("root") : terminal_text(user));
  const std::string command = joined(image.config.config);
  if (!command.empty()) out += "   cmd " + command;
  return out;
}

/// The base's layers are one row, since their sizes are the base's affair.
std::vector<Row> rows(const PlatformResult& image) {
  std::vector<Row> out;
  std::size_t base_layers = 0;
  for (const LayerReport& layer : image.layers) {
    if (layer.from_base) {
      if (base_layers++ == 0)
        out.push_back({.kind = "base", .what = terminal_text(layer.instruction)});
      out.front().size += layer.descriptor.size;
      out.front().unpacked += layer.unpacked;
      continue;
    }
    std::string where =
        layer.file.empty() ? "" : terminal_text(layer.file) + ':' + std::to_string(layer.line);
    out.push_back({layer.descriptor.size, layer.unpacked, layer.cached ? "cached" : "layer",
                   terminal_text(layer.instruction), std::move(where)});
  }
  if (base_layers > 0) {
    if (image.base_name) out.front().what = image.base_name->familiar();
    out.front().what +=
        ", " + std::to_string(base_layers) + (base_layers == 1 ? " layer" : " layers");
  }
  return out;
}

std::string cut(const std::string& digest, const Look& look) {
  const std::size_t size = std::min(digest.find(':') + 1 + shown_digits, digest.size());
  return digest.substr(0, size) + (look.utf8 ? "\u2026" : "...");
}

/// The columns of the table that there is room for, and how wide that of the instructions may be.
struct Columns {
  bool unpacked = true;
  bool where = true;
  std::size_t what = longest_instruction;
};

Columns columns_for(const std::vector<Row>& all, std::size_t width) {
  if (width == 0) return {};
  std::size_t used = 1 + size_column + 2 + kind_column;  // the last one makes some terminals wrap
  if (width < width_for_all_columns) return {false, false, width > used ? width - used : 1};
  used += size_column + 2;
  std::size_t where = 0;
  for (const Row& row : all) where = std::max(where, display_width(row.where) + 2);
  const bool fits = used + where + shortest_instruction <= width;
  if (fits) used += where;
  return {true, fits, std::min(width - used, longest_instruction)};
}

}  // namespace

std::string layer_table(const PlatformResult& image, const std::vector<Reference>& names,
                        const Look& look, std::size_t width) {
  std::vector<Row> all = rows(image);
  Row total{.kind = "total"};
  bool unpacked_known = true;
  for (const Row& row : all) {
    total.size += row.size;
    total.unpacked += row.unpacked;
    unpacked_known = unpacked_known && row.unpacked > 0;  // a tar is never empty
  }
  if (!unpacked_known) total.unpacked = 0;
  const Columns columns = columns_for(all, width);
  total.what = columns.unpacked ? "(compressed, unpacked)" : "(compressed)";
  all.push_back(std::move(total));
  std::size_t what_width = 0;
  for (Row& row : all) {
    row.what = cut_columns(row.what, columns.what, look);
    if (!row.where.empty()) what_width = std::max(what_width, display_width(row.what));
  }
  const std::string head = header(image, names);
  std::string out = (width > 0 ? cut_columns(head, width - 1, look) : head) + '\n';
  for (const Row& row : all) {
    const std::string unpacked = row.unpacked > 0 ? human_size(row.unpacked) : "-";
    out += right(human_size(row.size), size_column);
    if (columns.unpacked) out += right(unpacked, size_column + 2);
    out += "  " + left(row.kind, kind_column - 1) + ' ';
    const bool place = columns.where && !row.where.empty();
    out += place ? left(row.what, what_width) + "  " + row.where : row.what;
    out += '\n';
  }
  return out;
}

std::string image_lines(const BuildResult& result, const Look& look, std::size_t width) {
  const bool several = result.platforms.size() > 1;
  const char* between = width > 0 && width < width_for_all_columns ? "\ndigest " : "   digest ";
  std::string out;
  for (const PlatformResult& image : result.platforms) {
    out += "image  " + dressed(look, "2", cut(image.image_id.str(), look)) + between +
           dressed(look, "2", cut(image.manifest.digest.str(), look));
    if (several) out += "   " + terminal_text(image.config.platform.str());
    out += '\n';
  }
  if (several)
    out += "index  " + dressed(look, "2", cut(result.manifest.digest.str(), look)) + '\n';
  return out;
}

std::uint64_t layer_bytes(const BuildResult& result) {
  std::map<Digest, std::uint64_t> sizes;
  for (const PlatformResult& image : result.platforms) {
    for (const LayerReport& layer : image.layers)
      sizes.emplace(layer.descriptor.digest, layer.descriptor.size);
  }
  std::uint64_t sum = 0;
  for (const auto& [digest, size] : sizes) sum += size;
  return sum;
}

namespace {

/// "pushed 11.4 MB, 2.0 MB was there, 1.1s: check 0.1, resolve 0.2, layers 0.1, push 0.7".
std::string pushed_line(const PushResult& pushed, const Phases& phases,
                        std::chrono::nanoseconds build) {
  std::string out = "pushed " + human_size(pushed.uploaded);
  if (pushed.mounted > 0) out += ", " + human_size(pushed.mounted) + " mounted";
  if (pushed.was_there > 0) out += ", " + human_size(pushed.was_there) + " was there";
  const auto seconds = [](std::chrono::nanoseconds time) {
    std::string text = plain_seconds(time);
    text.pop_back();
    return text;
  };
  out += ", " + plain_seconds(build + phases.push) + ": ";
  if (phases.check.count() > 0) out += "check " + seconds(phases.check) + ", ";
  if (phases.resolve.count() > 0) out += "resolve " + seconds(phases.resolve) + ", ";
  // Layers are made side by side: their times together may be more than it took.
  const auto rest = std::max(build - phases.check - phases.resolve, std::chrono::nanoseconds(0));
  return out + "layers " + seconds(std::min(phases.layers, rest)) + ", push " +
         seconds(phases.push);
}

}  // namespace

std::string closing_line(const BuildSummary& summary) {
  const BuildResult& result = summary.result;
  const std::string took = human_duration(result.took + summary.phases.push);
  const bool sent = summary.pushed && summary.pushed->uploaded + summary.pushed->mounted > 0;
  if (sent) return pushed_line(*summary.pushed, summary.phases, result.took);
  std::map<Digest, bool> cached_layers;  // what several platforms share counts once
  for (const PlatformResult& image : result.platforms) {
    for (const LayerReport& layer : image.layers) {
      if (!layer.from_base) cached_layers.emplace(layer.descriptor.digest, layer.cached);
    }
  }
  std::size_t cached = 0;
  for (const auto& [digest, was_cached] : cached_layers) cached += was_cached ? 1 : 0;
  const std::size_t made = cached_layers.size() - cached;
  if (!result.changed && summary.known) return "nothing changed, " + took;
  if (!result.changed) return "no layer changed, " + took;
  std::string out = std::to_string(made) + (made == 1 ? " layer" : " layers") + " built";
  if (cached > 0) out += ", " + std::to_string(cached) + " cached";
  return out + ", " + took;
}

std::string summary_text(const BuildSummary& summary, std::size_t warnings, const Look& look,
                         std::size_t width) {
  std::string text;
  for (const PlatformResult& image : summary.result.platforms) {
    if (summary.result.changed) text += '\n' + layer_table(image, summary.names, look, width);
  }
  text += image_lines(summary.result, look, width);
  if (warnings > 0) text += counted(warnings, "warning") + '\n';
  return text + closing_line(summary) + '\n';
}

}  // namespace ocibuild::program
