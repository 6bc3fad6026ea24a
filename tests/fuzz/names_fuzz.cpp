// SPDX-License-Identifier: Apache-2.0
// Everything that is one short text: image names, platforms, digests, modes, durations, ports,
// signals, paths. Every reader gets the whole input.
#include <ocibuild/digest.hpp>
#include <ocibuild/image.hpp>
#include <ocibuild/reference.hpp>

#include <string>

#include "dockerfile/duration.hpp"
#include "fuzz.hpp"
#include "oci/mode_change.hpp"
#include "oci/rootfs_path.hpp"
#include "plan/ports.hpp"
#include "plan/signals.hpp"

namespace {

using namespace ocibuild;

void read_reference(std::string_view text) {
  const Reference reference = Reference::parse(text);
  fuzz::require(Reference::parse(reference.str()) == reference, "str() names the same image");
  fuzz::require(Reference::parse(reference.familiar()) == reference, "familiar() does too");
  fuzz::require(!reference.registry.empty() && !reference.repository.empty(), "nothing is missing");
}

void read_platform(std::string_view text) {
  const Platform platform = Platform::parse(text);
  fuzz::require(Platform::parse(platform.str()) == platform, "str() names the same platform");
}

void read_digest(std::string_view text) {
  const Digest digest = Digest::parse(text);
  fuzz::require(digest.str() == text, "a digest is its text");
  fuzz::require(digest.hex().size() == (digest.algorithm() == "sha256" ? 64 : 128), "it is whole");
}

void read_path(std::string_view text) {
  const oci::RootfsPath path(text);
  fuzz::require(oci::RootfsPath(path.str()) == path, "a clean path stays");
  fuzz::require(path.is_root() || path.parent() / path.name() == path, "parent and name make it");
  fuzz::require(path.is_within(path.parent()), "a path is within its parent");
}

void read_mode(std::string_view text) {
  const auto change = oci::ModeChange::parse(text);
  if (!change) return;
  for (const std::uint32_t mode : {0U, 0644U, 0755U, 07777U}) {
    fuzz::require(change->apply(mode, false) <= 07777 && change->apply(mode, true) <= 07777,
                  "a mode has twelve bits");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::accepts([&] { read_reference(text); });
  fuzz::accepts([&] { read_platform(text); });
  fuzz::accepts([&] { read_digest(text); });
  read_path(text);
  read_mode(text);
  dockerfile::parse_duration(text);
  plan::is_signal(text);
  std::string wrong;
  const auto ports = plan::parse_ports(text, wrong);
  fuzz::require(ports.has_value() == wrong.empty(), "no ports, and the reason");
  fuzz::require(!ports || !ports->ports.empty(), "a port, at least");
  return 0;
}
