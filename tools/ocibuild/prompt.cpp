// SPDX-License-Identifier: Apache-2.0
#include "prompt.hpp"

#include <termios.h>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

/// A terminal that shows nothing of what is typed, as long as this lives.
class HiddenTyping {
public:
  explicit HiddenTyping(int terminal) : terminal_(terminal) {
    changed_ = ::tcgetattr(terminal_, &before_) == 0;
    if (!changed_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(terminal_, TCSAFLUSH, &hidden);
  }
  ~HiddenTyping() {
    if (changed_) ::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  HiddenTyping(const HiddenTyping&) = delete;
  HiddenTyping& operator=(const HiddenTyping&) = delete;

private:
  const int terminal_;
  termios before_{};
  bool changed_ = false;
};

}  // namespace

std::string ask(const Io& io, std::string_view question) {
  io.err.sink->write(question);
  return io.read_line();
}

std::string ask_secret(const Io& io, std::string_view question) {
  const HiddenTyping hidden(io.in);  // before the question, so that nothing typed early is shown
  std::string answer = ask(io, question);
  io.err.sink->write("\n");  // the one that was typed is hidden too
  return answer;
}

void complete_credentials(ParsedFlags& flags, Command command, const Io& io, Console& console) {
  const auto given = flags.text("creds");
  if (!given) return;
  const std::string origin = flags.origin("creds");
  const std::size_t colon = given->find(':');
  if (given->empty() || colon == 0) usage_error(origin + " takes USER[:PASSWORD]");
  const bool typed = flags.level("creds") == Level::command_line;
  if (colon != std::string::npos) {
    if (typed && !flags.on("quiet"))
      console.note("a password on the command line is seen by every user of this machine; with " +
                   origin + " USER it is asked for");
    return;
  }
  if (!io.in_is_terminal)
    usage_error(origin + " has no password, and standard input is no terminal to ask for it");
  const std::string password = ask_secret(io, "Password of " + terminal_text(*given, 100) + ": ");
  flags.add(*find_flag(command, "creds"), {*given + ':' + password}, *flags.level("creds"), origin);
}

}  // namespace ocibuild::program
