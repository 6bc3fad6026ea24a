// SPDX-License-Identifier: Apache-2.0
#include "registry/location.hpp"

#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "oci/host_name.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

std::optional<Location> parse_location(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  // Unlike in an image name the host cannot be left out, so any word in front is one.
  if (!oci::is_host(host)) return std::nullopt;
  Location out{.registry = support::to_lower(host)};
  if (out.registry == "index.docker.io" || out.registry == "registry-1.docker.io")
    out.registry = "docker.io";
  if (slash == std::string_view::npos) return out;
  out.path = text.substr(slash + 1);
  try {
    // The path follows the rules of image names; a host that is none by itself would change it.
    const Reference name = Reference::parse("host.example/" + out.path);
    if (name.repository != out.path || name.digest || name.tag != "latest") return std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
  return out;
}

}  // namespace ocibuild::registry
