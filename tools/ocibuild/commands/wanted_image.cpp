// SPDX-License-Identifier: Apache-2.0
#include "commands/wanted_image.hpp"

#include <ocibuild/remote.hpp>
#include <ocibuild/transfer.hpp>

#include "commands/image_names.hpp"
#include "commands/listing.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr std::string_view remote_scheme = "docker://";

}  // namespace

WantedImages::WantedImages(Invocation& invocation)
    : invocation_(invocation),
      platform_(wanted_platform(invocation.flags)),
      store_(store_root(invocation.flags, invocation.io)),
      all_(store_.images()) {}

WantedImage WantedImages::find(const std::string& word) const {
  if (word.starts_with(remote_scheme)) return find_remote(word.substr(remote_scheme.size()));
  WantedImage out{store_.details(store_.find(stored_name(invocation_, word)), platform_)};
  out.names = names_of(all_, out.details.image.manifest.digest);
  return out;
}

WantedImage WantedImages::find_remote(const std::string& name) const {
  const NetworkSettings network = network_settings(invocation_);
  if (network.offline)
    usage_error("'docker://" + terminal_text(name, 150) +
                "' needs a registry, and --offline forbids it");
  const Reference wanted = resolve_name(name, network);
  return {remote_details(wanted, platform_, network, invocation_.console, invocation_.io.stop),
          {wanted}};
}

}  // namespace ocibuild::program
