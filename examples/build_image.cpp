// SPDX-License-Identifier: Apache-2.0
// Builds an image from a directory into a store:  build_image STORE CONTEXT NAME

#include <iostream>
#include <ocibuild/ocibuild.hpp>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: build_image STORE CONTEXT NAME\n";
    return 2;
  }
  try {
    ocibuild::BuildRequest request{.store = argv[1], .context = argv[2]};
    request.names = {ocibuild::Reference::parse(argv[3])};
    ocibuild::NullEvents events;
    const auto result = ocibuild::build(request, events);
    for (const auto& layer : result.platforms.front().layers) {
      std::cerr << layer.descriptor.size << " bytes  " << layer.instruction << '\n';
    }
    std::cout << result.manifest.digest.str() << '\n';
  } catch (const ocibuild::Error& error) {
    for (const auto& diagnostic : error.diagnostics()) {
      std::cerr << diagnostic.id << ": " << diagnostic.message << '\n';
    }
    return static_cast<int>(error.code());
  }
}
