// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

void print_completion(Invocation& invocation) {
  check_arguments(invocation.flags, 1, 1, "the name of a shell: bash, zsh or fish");
  const std::string& shell = invocation.flags.arguments.front();
  const std::string_view script = completion_script(shell);
  if (script.empty())
    usage_error("completion is for bash, zsh and fish, not '" + terminal_text(shell, 100) + "'");
  invocation.io.out.sink->write(script);
}

}  // namespace ocibuild::program
