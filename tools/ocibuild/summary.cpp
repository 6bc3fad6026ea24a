// SPDX-License-Identifier: Apache-2.0
#include "summary.hpp"

#include <algorithm>

#include "diagnostic_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t size_column = 9;
constexpr std::size_t longest_instruction = 60;
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

std::string header(const BuildResult& result, const std::vector<Reference>& names) {
  std::string out = names.empty() ? "image" : names.front().familiar();
  out += "   " + terminal_text(result.config.platform.str());
  const std::string& user = result.config.config.user;
  out += "   user " + (user.empty() ? std::string("root") : terminal_text(user));
  const std::string command = joined(result.config.config);
  if (!command.empty()) out += "   cmd " + command;
  return out + '\n';
}

/// The base's layers are one row, since their sizes are the base's affair.
std::vector<Row> rows(const BuildResult& result) {
  std::vector<Row> out;
  std::size_t base_layers = 0;
  for (const LayerReport& layer : result.layers) {
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
                   terminal_text(layer.instruction, longest_instruction), std::move(where)});
  }
  if (base_layers > 0) {
    if (result.base_name) out.front().what = result.base_name->familiar();
    out.front().what +=
        ", " + std::to_string(base_layers) + (base_layers == 1 ? " layer" : " layers");
  }
  return out;
}

std::string cut(const std::string& digest, const Look& look) {
  const std::size_t size = std::min(digest.find(':') + 1 + shown_digits, digest.size());
  return digest.substr(0, size) + (look.utf8 ? "\u2026" : "...");
}

}  // namespace

std::string layer_table(const BuildResult& result, const std::vector<Reference>& names) {
  std::vector<Row> all = rows(result);
  Row total{.kind = "total", .what = "(compressed, unpacked)"};
  std::size_t what_width = 0;
  bool unpacked_known = true;
  for (const Row& row : all) {
    total.size += row.size;
    total.unpacked += row.unpacked;
    unpacked_known = unpacked_known && row.unpacked > 0;  // a tar is never empty
    if (!row.where.empty()) what_width = std::max(what_width, display_width(row.what));
  }
  if (!unpacked_known) total.unpacked = 0;
  all.push_back(std::move(total));
  std::string out = header(result, names);
  for (const Row& row : all) {
    const std::string unpacked = row.unpacked > 0 ? human_size(row.unpacked) : "-";
    out += right(human_size(row.size), size_column) + right(unpacked, size_column + 2) + "  " +
           left(row.kind, 6) + ' ';
    out += row.where.empty() ? row.what : left(row.what, what_width) + "  " + row.where;
    out += '\n';
  }
  return out;
}

std::string image_line(const BuildResult& result, const Look& look) {
  return "image  " + dressed(look, "2", cut(result.image_id.str(), look)) + "   digest " +
         dressed(look, "2", cut(result.manifest.digest.str(), look));
}

std::string closing_line(const BuildResult& result, bool known) {
  std::size_t made = 0;
  std::size_t cached = 0;
  for (const LayerReport& layer : result.layers) {
    if (!layer.from_base) ++(layer.cached ? cached : made);
  }
  const std::string took = human_duration(result.took);
  if (!result.changed && known) return "nothing changed, " + took;
  if (!result.changed) return "no layer changed, " + took;
  std::string out = std::to_string(made) + (made == 1 ? " layer" : " layers") + " built";
  if (cached > 0) out += ", " + std::to_string(cached) + " cached";
  return out + ", " + took;
}

}  // namespace ocibuild::program
