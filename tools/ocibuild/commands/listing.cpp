// SPDX-License-Identifier: Apache-2.0
#include "commands/listing.hpp"

#include "table.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

bool wants_json(const ParsedFlags& flags) {
  const std::string format = flags.text("format").value_or("table");
  if (format != "table" && format != "json") {
    usage_error("--format takes table or json here, not '" + terminal_text(format, 100) + "'");
  }
  return format == "json";
}

ListingFormat listing_format(const ParsedFlags& flags) {
  const std::string format = flags.text("format").value_or("table");
  if (format == "table") return {};
  if (format == "json") return {.json = true};
  if (format.find("{{") == std::string::npos) {
    usage_error("--format takes table, json or a template such as '{{.ID}}', not '" +
                terminal_text(format, 100) + "'");
  }
  return {.own = GoTemplate::parse(format, "--format")};
}

namespace {

/// docker's words.
std::string title_of(const std::string& field, const std::string& id) {
  if (field == "ID") return id;
  if (field == "CreatedSince") return "CREATED";
  if (field == "CreatedAt") return "CREATED AT";
  if (field == "CreatedBy") return "CREATED BY";
  std::string out = field;
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::vector<std::string> cells_of(const std::string& line, std::size_t count) {
  std::vector<std::string> cells(1);
  for (const char c : line) {
    if (c == '\t' && cells.size() < count) {
      cells.emplace_back();
    } else {
      cells.back() += c == '\t' || c == '\n' ? ' ' : c;
    }
  }
  cells.resize(count);
  return cells;
}

}  // namespace

std::string rendered(const GoTemplate& format, const std::vector<std::string>& rows,
                     const std::string& id) {
  std::string out;
  if (!format.is_table()) {
    for (const std::string& row : rows) out += format.render(row) + '\n';
    return out;
  }
  std::vector<std::string> header;
  for (const std::string& field : format.columns()) header.push_back(title_of(field, id));
  const std::size_t count = header.size();
  Table table(std::move(header));
  for (const std::string& row : rows) table.add(cells_of(format.render(row), count));
  return table.str();
}

std::optional<Platform> wanted_platform(const ParsedFlags& flags) {
  const auto text = flags.text("platform");
  return text ? std::optional(Platform::parse(*text)) : std::nullopt;
}

void check_arguments(const ParsedFlags& flags, std::size_t least, std::size_t most,
                     const char* what) {
  const std::size_t count = flags.arguments.size();
  if (count < least) usage_error(std::string("this command needs ") + what);
  if (count > most) {
    usage_error("'" + terminal_text(flags.arguments[most], 100) + "' is one argument too many");
  }
}

}  // namespace ocibuild::program
