// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/error.hpp>
#include <ocibuild/image_store.hpp>

#include "commands/commands.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "settings.hpp"

namespace ocibuild::program {

namespace {

/// What one argument stands for: a name, or an image with all its names.
struct Removal {
  std::optional<Reference> name{};
  Digest manifest{};
};

/// @throws Error(Errc::failed, image-in-use) for an ID of an image with several names: docker
/// refuses that too
Removal removal_of(const ImageStore& store, const std::vector<StoredImage>& all,
                   const std::string& wanted, bool force) {
  const auto named = std::find_if(
      all.begin(), all.end(), [&](const StoredImage& image) { return is_named(image, wanted); });
  if (named != all.end()) return {*named->name, named->manifest.digest};
  const Digest manifest = store.find(wanted).manifest.digest;
  const std::vector<Reference> names = names_of(all, manifest);
  if (names.size() > 1 && !force) {
    Error error(
        Errc::failed, "image-in-use",
        "the image " + short_digest(manifest) + " has " + std::to_string(names.size()) + " names");
    for (const Reference& name : names) error.note(tagged(name));
    throw error.help("remove them one by one, or all with -f");
  }
  return {std::nullopt, manifest};
}

std::vector<Removal> removals(const ImageStore& store, const Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  const std::vector<StoredImage> all = store.images();
  std::vector<Removal> out;
  if (flags.on("all")) {
    for (const StoredImage& image : all) out.push_back({image.name, image.manifest.digest});
    return out;
  }
  for (const std::string& wanted : flags.arguments) {
    try {
      out.push_back(removal_of(store, all, stored_name(invocation, wanted), flags.on("force")));
    } catch (const Error& error) {
      if (error.code() != Errc::not_found || !flags.on("force")) throw;
    }
  }
  return out;
}

}  // namespace

void rmi(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  const bool all = flags.on("all");
  check_arguments(flags, all ? 0 : 1, all ? 0 : flags.arguments.size(),
                  "the name or ID of an image");
  ImageStore store(store_root(flags, invocation.io));
  // Everything is looked up before anything is removed.
  for (const Removal& removal : removals(store, invocation)) {
    if (removal.name) {
      if (store.untag(*removal.name))
        invocation.io.out.sink->write("Untagged: " + tagged(*removal.name) + '\n');
    } else if (store.remove(removal.manifest) > 0) {
      invocation.io.out.sink->write("Removed: " + removal.manifest.str() + '\n');
    }
  }
}

}  // namespace ocibuild::program
