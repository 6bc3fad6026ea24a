// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <ocibuild/build.hpp>
#include <ocibuild/transfer.hpp>

#include "commands/build_options.hpp"
#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "settings.hpp"

namespace ocibuild::program {

namespace {

class Puller {
public:
  explicit Puller(Invocation& invocation) : invocation_(invocation) {
    request_.network = network_settings(invocation);
    if (request_.network.offline) usage_error("pull needs a registry, and --offline forbids it");
    request_.store = store_root(invocation.flags, invocation.io);
  }

  void pull_named(const std::vector<std::string>& words) {
    std::vector<Reference> names;
    for (const std::string& word : words) names.push_back(resolve_name(word, request_.network));
    std::vector<Platform> platforms;
    for (const std::string& text : invocation_.flags.list("platform"))
      platforms.push_back(Platform::parse(text));
    for (const Reference& name : names) pull_one(name, platforms);
  }

  /// What the Dockerfile needs, until nothing more: the triggers of a base may name images too.
  void pull_needed() {
    ParsedFlags source = invocation_.flags;
    source.arguments.clear();  // names of images, not a context
    BuildOptions options = parse_source_options(source, invocation_.io);
    read_standard_input(options, invocation_.io);
    std::vector<std::string> done;
    for (;;) {
      std::vector<NeededImage> missing = needed_images(options.request);
      std::erase_if(missing, [&](const NeededImage& image) {
        return std::find(done.begin(), done.end(), key_of(image)) != done.end();
      });
      if (missing.empty()) break;
      for (const NeededImage& image : missing) {
        done.push_back(key_of(image));
        std::vector<Platform> platforms;
        if (image.platform) platforms.push_back(*image.platform);
        pull_one(image.name, platforms);
      }
    }
    if (done.empty()) invocation_.console.note("this Dockerfile needs no image");
  }

private:
  static std::string key_of(const NeededImage& image) {
    return image.name.str() + ' ' + (image.platform ? image.platform->str() : std::string());
  }

  void pull_one(const Reference& name, const std::vector<Platform>& platforms) {
    request_.name = name;
    request_.platforms = platforms;
    const PullResult result = pull(request_, invocation_.console, invocation_.io.stop);
    invocation_.io.out.sink->write(name.registry + "/" + name.repository + "@" +
                                   result.image.manifest.digest.str() + "\n");
  }

  Invocation& invocation_;
  PullRequest request_;
};

}  // namespace

void pull_images(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  const bool from_file = flags.has("file");
  if (!from_file) {
    for (const char* name : {"target", "build-arg"}) {
      if (flags.has(name)) usage_error(flags.origin(name) + " is for pull -f DOCKERFILE");
    }
    check_arguments(flags, 1, flags.arguments.size(), "the name of an image");
  }
  if (flags.on("quiet")) invocation.console.be_quiet();
  Puller puller(invocation);
  puller.pull_named(flags.arguments);
  if (from_file) puller.pull_needed();
}

}  // namespace ocibuild::program
