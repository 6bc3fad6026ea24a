// SPDX-License-Identifier: Apache-2.0
#include "commands/listing.hpp"

#include "terminal_text.hpp"

namespace ocibuild::program {

bool wants_json(const ParsedFlags& flags) {
  const std::string format = flags.text("format").value_or("table");
  if (format != "table" && format != "json") {
    usage_error("--format takes table or json in this release, not '" + terminal_text(format, 100) +
                "'");
  }
  return format == "json";
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
