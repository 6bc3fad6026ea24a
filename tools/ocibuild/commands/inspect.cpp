// SPDX-License-Identifier: Apache-2.0
#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "commands/listing_json.hpp"
#include "commands/wanted_image.hpp"

namespace ocibuild::program {

void inspect(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  const bool raw = flags.on("raw");
  const bool config = flags.on("config");
  if (raw && config) usage_error("--raw and --config exclude each other");
  check_arguments(flags, 1, raw || config ? 1 : flags.arguments.size(),
                  "the name or ID of an image");
  const std::optional<GoTemplate> format = listing_format(flags).own;
  if (flags.text("format") == "table" || (format && format->is_table()))
    usage_error("inspect has no table; --format takes json or a template such as '{{.Id}}'");
  if (format && (raw || config))
    usage_error("--raw and --config print stored bytes, and take no --format");
  const WantedImages images(invocation);
  std::string out;
  for (const std::string& wanted : flags.arguments) {
    auto [details, names] = images.find(wanted);
    if (flags.has("platform"))
      details.index_json.clear();  // from here on it is an image like any other
    if (raw || config) {
      const bool index = raw && !details.index_json.empty();
      invocation.io.out.sink->write(index ? details.index_json
                                    : raw ? details.manifest_json
                                          : details.config_json);
      return;
    }
    std::string object = inspect_json(details, names);
    if (format) {
      out += format->render(object) + '\n';
      continue;
    }
    object.pop_back();
    out += (out.empty() ? "[\n" : ",\n") + object;
  }
  invocation.io.out.sink->write(format ? out : out + "\n]\n");
}

}  // namespace ocibuild::program
