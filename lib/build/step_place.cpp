// SPDX-License-Identifier: Apache-2.0
#include "build/step_place.hpp"

#include "build/copy_errors.hpp"
#include "support/text.hpp"

namespace ocibuild::engine {

std::optional<rootfs::Owner> look_up_owner(std::string_view text, const dockerfile::Span& span,
                                           const StepPlace& place, std::string_view why_empty) {
  const rootfs::OwnerLookup found = rootfs::look_up_owner(place.image, text);
  for (const auto& unknown : {found.unknown_user, found.unknown_group}) {
    if (!unknown) continue;
    if (!place.image.has_layers()) {
      place.findings.error("chown-no-accounts",
                           support::concat("'", support::escape_controls(unknown->name),
                                           "' cannot be looked up: ", why_empty),
                           span, {.helps = {"use numbers, for example --chown=1000:1000"}});
      return std::nullopt;
    }
    warn_account_unknown(place.findings, *unknown, span);
  }
  return found.owner;
}

}  // namespace ocibuild::engine
