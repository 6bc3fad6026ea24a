// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/transfer.hpp>

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "settings.hpp"

namespace ocibuild::program {

void pull_images(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 1, flags.arguments.size(), "the name of an image");
  PullRequest request;
  request.network = network_settings(invocation);
  if (request.network.offline) usage_error("pull needs a registry, and --offline forbids it");
  request.store = store_root(flags, io);
  for (const std::string& text : flags.list("platform"))
    request.platforms.push_back(Platform::parse(text));
  if (flags.on("quiet")) invocation.console.be_quiet();
  std::vector<Reference> names;
  for (const std::string& word : flags.arguments) names.push_back(Reference::parse(word));
  for (const Reference& name : names) {
    request.name = name;
    const PullResult result = pull(request, invocation.console, io.stop);
    io.out.sink->write(name.registry + "/" + name.repository + "@" +
                       result.image.manifest.digest.str() + "\n");
  }
}

}  // namespace ocibuild::program
