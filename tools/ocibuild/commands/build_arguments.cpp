// SPDX-License-Identifier: Apache-2.0
#include "commands/build_arguments.hpp"

#include <fstream>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

using Values = std::map<std::string, std::string>;

std::string shown(const std::string& text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

void add(Values& out, const std::string& text, const std::string& origin, const Io& io) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  if (name.empty()) usage_error(origin + " needs K=V, not " + shown(text));
  if (equals != std::string::npos) {
    out[name] = text.substr(equals + 1);
  } else if (const auto at = io.environment.find(name); at != io.environment.end()) {
    out[name] = at->second;
  }
}

/// K=V lines; empty ones and comments say nothing.
void add_file(Values& out, const std::string& file, const std::string& origin, const Io& io) {
  std::ifstream in(io.resolve(file), std::ios::binary);
  if (!in) usage_error(origin + ": " + shown(file) + " cannot be read");
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t start = line.find_first_not_of(" \t");
    if (start != std::string::npos && line[start] != '#') add(out, line.substr(start), origin, io);
  }
}

}  // namespace

std::map<std::string, std::string> build_arguments(const ParsedFlags& flags, const Io& io) {
  Values out;
  for (const std::string& file : flags.list("build-arg-file"))
    add_file(out, file, flags.origin("build-arg-file"), io);
  for (const std::string& argument : flags.list("build-arg"))
    add(out, argument, flags.origin("build-arg"), io);
  return out;
}

}  // namespace ocibuild::program
