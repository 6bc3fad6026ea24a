// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/transfer.hpp>

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "output_file.hpp"
#include "settings.hpp"

namespace ocibuild::program {

void push_image(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 1, 2, "the name of an image");
  PushRequest request;
  request.network = network_settings(invocation);
  if (request.network.offline) usage_error("push needs a registry, and --offline forbids it");
  request.store = store_root(flags, io);
  const Reference destination = Reference::parse(flags.arguments.back());
  request.image = ImageStore(request.store).find(flags.arguments.front()).manifest;
  request.names = {destination};
  if (flags.on("quiet")) invocation.console.be_quiet();
  const PushResult result = push(request, invocation.console, io.stop);
  if (const auto file = flags.text("digestfile"))
    write_output_file(io.resolve(*file), result.digest.str());
  io.out.sink->write(destination.registry + "/" + destination.repository + "@" +
                     result.digest.str() + "\n");
}

}  // namespace ocibuild::program
