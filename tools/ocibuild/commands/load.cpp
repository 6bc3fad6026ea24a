// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/transfer.hpp>

#include "commands/commands.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "settings.hpp"

namespace ocibuild::program {

void load_images(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 0, 0, "");
  const std::string input = flags.text("input").value_or("-");
  if (input == "-" && io.in_is_terminal) {
    usage_error(
        "load reads an archive from standard input, which is a terminal; redirect it or use -i "
        "FILE");
  }
  const Endpoint source = input == "-" ? Endpoint(io.in) : Endpoint(io.resolve(input));
  const std::filesystem::path root = store_root(flags, io);
  const std::vector<StoredImage> loaded = load(root, source, io.stop);
  const ImageStore store(root);
  std::string out;
  // docker's words, which scripts read.
  for (const StoredImage& image : loaded) {
    out += image.name ? "Loaded image: " + tagged(*image.name)
                      : "Loaded image ID: " + store.details(image).manifest.config.digest.str();
    out += '\n';
  }
  io.out.sink->write(out);
}

}  // namespace ocibuild::program
