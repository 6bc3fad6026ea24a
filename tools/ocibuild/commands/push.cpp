// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/transfer.hpp>

#include "commands/commands.hpp"
#include "commands/compression_option.hpp"
#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "commands/push_source.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "output_file.hpp"
#include "settings.hpp"

namespace ocibuild::program {

namespace {

/// What goes where: one image under some names.
struct Load {
  Descriptor image;
  std::vector<Reference> names;
};

bool names_a_tag(const std::string& text) {
  return text.find_first_of(":@", text.rfind('/') + 1) != std::string::npos;
}

Descriptor image_for(const ImageStore& store, const StoredImage& image,
                     const std::optional<Platform>& platform) {
  return platform ? store.details(image, platform).descriptor : image.manifest;
}

std::vector<Reference> destinations(const ParsedFlags& flags) {
  std::vector<Reference> out;
  const bool only_one = flags.arguments.size() == 1;
  for (std::size_t i = only_one ? 0 : 1; i < flags.arguments.size(); ++i) {
    const Reference name = Reference::parse(flags.arguments[i]);
    if (std::find(out.begin(), out.end(), name) == out.end()) out.push_back(name);
  }
  return out;
}

/// Every tag of a repository in the store, to the same repository or to each of those given.
std::vector<Load> all_tags(const ParsedFlags& flags, const ImageStore& store,
                           const std::optional<Platform>& platform) {
  for (const std::string& word : flags.arguments) {
    if (names_a_tag(word)) usage_error("--all-tags takes names without a tag, not '" + word + "'");
  }
  const Reference wanted = Reference::parse(flags.arguments.front());
  std::vector<Load> out;
  for (const StoredImage& image : store.images()) {
    const bool meant = image.name && image.name->registry == wanted.registry &&
                       image.name->repository == wanted.repository && !image.name->tag.empty();
    if (!meant) continue;
    const Descriptor manifest = image_for(store, image, platform);
    auto load = std::find_if(out.begin(), out.end(), [&](const Load& known) {
      return known.image.digest == manifest.digest;
    });
    if (load == out.end()) load = out.insert(out.end(), Load{manifest, {}});
    for (Reference name : destinations(flags)) {
      name.tag = image.name->tag;
      load->names.push_back(std::move(name));
    }
  }
  if (out.empty()) {
    throw Error(Errc::not_found, "image-unknown",
                "the store has no tag of '" + repository_of(wanted) + '\'');
  }
  return out;
}

/// "REPOSITORY@DIGEST", a line for each repository.
std::string result_lines(const std::vector<Reference>& names, const Digest& digest) {
  std::string out;
  for (const Reference& name : names) {
    const std::string line = name.registry + '/' + name.repository + '@' + digest.str() + '\n';
    if (out.find(line) == std::string::npos) out += line;
  }
  return out;
}

void send(const std::vector<Load>& loads, PushSettings settings, Invocation& invocation) {
  Pusher pusher(std::move(settings), invocation.console, invocation.io.stop);
  const auto file = invocation.flags.text("digestfile");
  for (const Load& load : loads) {
    const Digest sent = pusher.send(load.image, load.names).digest;
    if (file) write_output_file(invocation.io.resolve(*file), sent.str());
    invocation.io.out.sink->write(result_lines(load.names, sent));
  }
}

}  // namespace

void push_image(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 1, flags.arguments.size(), "the name of an image");
  PushSettings settings{.store = store_root(flags, io),
                        .network = network_settings(invocation),
                        .compression = sent_compression(flags)};
  if (settings.network.offline) usage_error("push needs a registry, and --offline forbids it");
  const std::optional<Platform> platform = wanted_platform(flags);
  if (flags.on("quiet")) invocation.console.be_quiet();
  if (flags.on("all-tags")) {
    if (flags.has("digestfile")) usage_error("--digestfile holds one digest, not --all-tags");
    const ImageStore store(settings.store);
    return send(all_tags(flags, store, platform), std::move(settings), invocation);
  }
  const std::vector<Reference> names = destinations(flags);
  const std::string& word = flags.arguments.front();
  // A file has no name of its own, so "oci:1" alone is an image.
  const auto source = flags.arguments.size() > 1 ? parse_push_source(word, io) : std::nullopt;
  if (!source) {
    const ImageStore store(settings.store);
    // Alone it is also the name to push to, which is taken as it is (registry.md R5.4).
    const std::string wanted = flags.arguments.size() > 1 ? stored_name(invocation, word) : word;
    const Descriptor image = image_for(store, store.find(wanted), platform);
    return send({{image, names}}, std::move(settings), invocation);
  }
  const TemporaryImages images(settings.store, source->path, io.stop);
  const Descriptor image =
      image_for(ImageStore(images.store()), choose_image(images, *source), platform);
  settings.cache = settings.store / "cache";
  settings.store = images.store();
  send({{image, names}}, std::move(settings), invocation);
}

}  // namespace ocibuild::program
