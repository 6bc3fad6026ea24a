// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>
#include <ocibuild/login.hpp>
#include <ocibuild/reference.hpp>

#include "commands/commands.hpp"
#include "commands/listing.hpp"
#include "console.hpp"
#include "network_settings.hpp"
#include "prompt.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

/// The name under which credentials of a registry are kept; a scheme in front is docker's habit.
std::string registry_argument(const ParsedFlags& flags) {
  std::string name = flags.arguments.empty() ? "docker.io" : flags.arguments.front();
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (name.starts_with(scheme)) name.erase(0, scheme.size());
  }
  name = name.substr(0, name.find('/'));
  // As a reference would read it: checked, lower case, docker.io's other names folded.
  return Reference::parse(name + "/a").registry;
}

std::string without_line_end(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::string user_of(const ParsedFlags& flags, const Io& io) {
  const bool piped = flags.on("password-stdin") || flags.text("password") == "-";
  std::string user = flags.text("username").value_or("");
  if (user.empty() && io.in_is_terminal && !piped) user = ask(io, "Username: ");
  if (user.empty()) usage_error("login needs a user: -u USER");
  return user;
}

void print_user(const std::string& registry, const NetworkSettings& network, const Io& io) {
  const auto user = login_user(registry, network.credentials, io.stop);
  if (!user) {
    throw Error(Errc::credentials, "auth-needed", "not logged in to " + registry)
        .help("ocibuild login " + registry);
  }
  io.out.sink->write(terminal_text(*user) + '\n');
}

std::string password_of(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  const std::string given = flags.text("password").value_or("");
  if (flags.on("password-stdin") || given == "-")
    return without_line_end(invocation.io.read_input());
  if (given.empty() && invocation.io.in_is_terminal) {
    const std::string typed = ask_secret(invocation.io, "Password: ");
    if (!typed.empty()) return typed;
  }
  if (given.empty()) usage_error("login needs a password: --password-stdin < FILE");
  invocation.console.note(
      "a password on the command line is seen by every user of this machine; use --password-stdin");
  return given;
}

}  // namespace

void log_in(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 0, 1, "");
  LoginRequest request;
  request.registry = registry_argument(flags);
  request.network = network_settings(invocation);
  if (flags.on("get-login")) return print_user(request.registry, request.network, io);
  request.verify = !flags.on("no-verify");
  if (request.verify && request.network.offline)
    usage_error("login asks the registry; with --offline also give --no-verify");
  request.user = user_of(flags, io);
  request.password = password_of(invocation);
  request.file = login_file(flags, io);
  const LoginResult result = login(request, io.stop);
  if (!result.encrypted)
    invocation.console.note("the password is not encrypted in " + terminal_text(result.place));
  io.out.sink->write((request.verify ? "Login Succeeded: " : "saved, and not tried: ") +
                     terminal_text(result.place) + "\n");
}

void log_out(Invocation& invocation) {
  const ParsedFlags& flags = invocation.flags;
  Io& io = invocation.io;
  check_arguments(flags, 0, 1, "");
  const std::string registry = flags.on("all") ? std::string() : registry_argument(flags);
  const std::vector<std::string> places =
      logout(login_file(flags, io), registry, io.in_is_terminal, io.stop);
  if (places.empty()) io.out.sink->write("not logged in to " + registry + "\n");
  for (const std::string& place : places)
    io.out.sink->write("removed " + terminal_text(place) + "\n");
}

}  // namespace ocibuild::program
