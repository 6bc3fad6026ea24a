// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/image_store.hpp>

#include "commands/commands.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

void tag(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  check_arguments(flags, 2, flags.arguments.size(), "an image and at least one name for it");
  std::vector<Reference> names;
  for (std::size_t i = 1; i < flags.arguments.size(); ++i) {
    names.push_back(Reference::parse(flags.arguments[i]));
    if (names.back().digest) {
      usage_error("a new name has no digest: '" + terminal_text(flags.arguments[i]) + "'");
    }
  }
  ImageStore store(store_root(flags, invocation.io));
  const StoredImage image = store.find(stored_name(invocation, flags.arguments.front()));
  for (const Reference& name : names) store.tag(image, name);
}

}  // namespace ocibuild::program
