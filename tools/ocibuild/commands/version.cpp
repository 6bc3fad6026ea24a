// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/version.hpp>

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "commands/listing_json.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

void print_version(Invocation& invocation) {
  check_arguments(invocation.flags, 0, 0, "");
  const std::string format = invocation.flags.text("format").value_or("text");
  if (format != "text" && format != "json") {
    usage_error("--format takes text or json, not '" + terminal_text(format, 100) + "'");
  }
  invocation.io.out.sink->write(format == "json" ? version_json()
                                                 : std::string("ocibuild ") + version + '\n');
}

}  // namespace ocibuild::program
