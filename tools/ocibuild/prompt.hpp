// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "console.hpp"
#include "flags.hpp"
#include "io.hpp"

/// Questions, which are asked on a terminal only.
namespace ocibuild::program {

/// Writes `question` on standard error and returns the line that is typed.
/// @throws Error(Errc::interrupted)
std::string ask(const Io& io, std::string_view question);
/// The same for what nobody should read: it is not shown while it is typed.
std::string ask_secret(const Io& io, std::string_view question);

/// --creds USER: asks for the password. One that stands on the command line is warned about.
/// @throws Error(Errc::usage) when nobody can be asked
void complete_credentials(ParsedFlags& flags, Command command, const Io& io, Console& console);

}  // namespace ocibuild::program
