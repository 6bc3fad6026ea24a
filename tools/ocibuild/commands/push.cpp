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
  PushSettings settings{.store = store_root(flags, io), .network = network_settings(invocation)};
  if (settings.network.offline) usage_error("push needs a registry, and --offline forbids it");
  const Reference destination = Reference::parse(flags.arguments.back());
  const Descriptor image = ImageStore(settings.store).find(flags.arguments.front()).manifest;
  if (flags.on("quiet")) invocation.console.be_quiet();
  Pusher pusher(std::move(settings), invocation.console, io.stop);
  const PushResult result = pusher.send(image, {destination});
  if (const auto file = flags.text("digestfile"))
    write_output_file(io.resolve(*file), result.digest.str());
  io.out.sink->write(destination.registry + "/" + destination.repository + "@" +
                     result.digest.str() + "\n");
}

}  // namespace ocibuild::program
