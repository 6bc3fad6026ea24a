// SPDX-License-Identifier: Apache-2.0
#include "help.hpp"

#include <algorithm>
#include <utility>

namespace ocibuild::program {

namespace {

constexpr std::size_t columns = 80;
constexpr std::size_t text_column = 28;

/// Appends `text` to a line that is `indent` long already, wrapped with that indent.
void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t used = indent;
  bool first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (!first && used + 1 + word.size() > columns) {
      out += '\n';
      out.append(indent, ' ');
      used = indent;
      first = true;
    }
    if (!first) out += ' ';
    used += word.size() + (first ? 0 : 1);
    out += word;
    first = false;
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  out += '\n';
}

void append_entry(std::string& out, const std::string& head, std::string_view text) {
  out += head;
  if (head.size() + 2 > text_column) {
    out += '\n';
    out.append(text_column, ' ');
  } else {
    out.append(text_column - head.size(), ' ');
  }
  append_wrapped(out, text, text_column);
}

void append_flag(std::string& out, const Flag& flag) {
  append_entry(out, "  " + flag_head(flag, true), flag_text(flag));
}

void append_group(std::string& out, const CommandInfo& command, FlagGroup group,
                  std::string_view title) {
  std::string lines;
  for (const Flag& flag : flag_table()) {
    const bool shown = flag.status == FlagStatus::honoured && flag.group == group;
    if (shown && (flag.commands & command.id) != 0) append_flag(lines, flag);
  }
  if (!lines.empty()) out += '\n' + std::string(title) + ":\n" + lines;
}

/// The names of all flags of that status, wrapped.
void append_names(std::string& out, const CommandInfo& command, FlagStatus status,
                  std::string_view title) {
  std::string names;
  for (const Flag& flag : flag_table()) {
    if (flag.status != status || (flag.commands & command.id) == 0) continue;
    if (!names.empty()) names += ' ';
    if (flag.letter != 0) names += std::string("-") + flag.letter + "/";
    names += "--" + std::string(flag.name);
  }
  if (names.empty()) return;
  out += '\n' + std::string(title) + ":\n  ";
  append_wrapped(out, names, 2);
}

/// "Build:     -f FILE  -t NAME …", from the rows of the table that name `row`.
std::string brief_row(std::string_view row, Command command) {
  std::string out = std::string(row) + ':';
  out.append(11 - out.size(), ' ');
  std::string words;
  for (const Flag& flag : flag_table()) {
    if (flag.brief != row || (flag.commands & command) == 0) continue;
    std::string word =
        flag.letter != 0 ? std::string("-") + flag.letter : "--" + std::string(flag.name);
    const bool joined = flag.kind == FlagKind::optional_text;
    if (flag.kind != FlagKind::boolean)
      word += (joined ? '=' : '\xA0') + std::string(flag.value);  // not to be parted
    words += (words.empty() ? "" : " ") + word;
  }
  if (words.empty()) return words;
  append_wrapped(out, words, 11);
  for (char& c : out) {
    if (c == '\xA0') c = ' ';
  }
  return out;
}

void append_command(std::string& out, const CommandInfo& command) {
  std::string head = "  " + std::string(command.name);
  if (!command.alias.empty()) head += ", " + std::string(command.alias);
  append_entry(out, head, command.summary);
}

std::string command_names() {
  std::string names;
  std::string_view last;  // commands of two words share the first
  for (const CommandInfo& command : command_table()) {
    const std::string_view word = command.name.substr(0, command.name.find(' '));
    if (word != last) names += std::string(word) + ' ';
    last = word;
  }
  return names + "help";
}

constexpr std::string_view brief_rows[] = {"Build", "Result", "Network", "Work"};

/// How the command is called, what it does, and an example.
std::string help_head(const CommandInfo& command) {
  std::string out = "Usage: ocibuild " + std::string(command.name);
  for (const Flag& flag : flag_table()) {
    if (flag.status == FlagStatus::honoured && (flag.commands & command.id) != 0) {
      out += " [FLAGS]";
      break;
    }
  }
  if (!command.arguments.empty()) out += ' ' + std::string(command.arguments);
  out += '\n';
  append_wrapped(out, command.summary, 0);
  if (!command.example.empty()) out += "Example: " + std::string(command.example) + '\n';
  return out;
}

}  // namespace

std::span<const GroupTitle> flag_groups() {
  static constexpr GroupTitle groups[] = {
      {FlagGroup::input, "Input"},
      {FlagGroup::output, "Name and output"},
      {FlagGroup::base, "Base images"},
      {FlagGroup::work, "Cache and work"},
      {FlagGroup::reproducible, "Reproducibility"},
      {FlagGroup::display, "Display"},
      {FlagGroup::command, "Flags"},
      {FlagGroup::global, "Flags of every command"},
  };
  return groups;
}

std::span<const ExitCode> exit_codes() {
  static constexpr ExitCode codes[] = {
      {"0", "done"},
      {"1", "the build or the check failed"},
      {"2", "wrong usage: flag, name, configuration"},
      {"3", "network or registry; a later try may succeed"},
      {"4", "credentials are missing or refused"},
      {"5", "image, tag or repository not there"},
      {"6", "proxy, certificate or firewall; a later try will not help"},
      {"100", "a bug in ocibuild"},
      {"130, 143", "interrupted, terminated"},
  };
  return codes;
}

std::string flag_head(const Flag& flag, bool letter_room) {
  std::string out = letter_room ? "    --" : "--";
  if (flag.letter != 0) out = std::string("-") + flag.letter + ", --";
  out += flag.name;
  if (flag.kind == FlagKind::optional_text) {
    out += "[=" + std::string(flag.value) + "]";
  } else if (flag.kind != FlagKind::boolean) {
    out += ' ' + std::string(flag.value);
  }
  return out;
}

std::string flag_text(const Flag& flag) {
  std::string text(flag.help);
  if (text.empty()) text = "the same as --" + std::string(flag.same_as);
  if (!flag.initial.empty()) text += " [" + std::string(flag.initial) + "]";
  return text;
}

std::string short_help() {
  std::string out =
      "Usage: ocibuild [FLAGS] [PATH]            build an image from a Dockerfile\n"
      "       ocibuild COMMAND [ARGS]\n"
      "Examples:\n"
      "  ocibuild -t app:1 .                     into the local store\n"
      "  ocibuild -t ghcr.io/me/app:1 --push .   straight to a registry\n"
      "  ocibuild -t app:1 -o type=docker,dest=- . | docker load\n";
  for (const std::string_view row : brief_rows) out += brief_row(row, build_command);
  out += "Commands:  ";
  append_wrapped(out, command_names(), 11);
  return out + "ocibuild build --help: every flag    ocibuild doctor: network or login trouble?\n";
}

std::string root_help() {
  std::string out = short_help() + '\n';
  for (const CommandInfo& command : command_table()) append_command(out, command);
  append_entry(out, "  help [COMMAND]", "this text, or that of a command");
  out += "\nExit status:\n";
  for (const auto& [code, meaning] : exit_codes())
    append_entry(out, "  " + std::string(code), meaning);
  return out;
}

std::string group_help(std::string_view word) {
  std::string out = "Usage: ocibuild " + std::string(word) + " COMMAND [FLAGS]\n\n";
  const std::string first = std::string(word) + ' ';
  for (const CommandInfo& command : command_table()) {
    const bool alias = (", " + std::string(command.alias)).find(", " + first) != std::string::npos;
    if (alias || command.name.starts_with(first)) append_command(out, command);
  }
  return out;
}

std::string brief_help(const CommandInfo& command) {
  if (command.id == build_command) return short_help();
  const Command flags = command.id == plan_command ? build_command : command.id;
  std::string out = help_head(command);
  append_group(out, command, FlagGroup::command, "Flags");
  std::string rows;
  for (const std::string_view row : brief_rows) rows += brief_row(row, flags);
  if (!rows.empty()) out += '\n' + rows;
  return out + "ocibuild " + std::string(command.name) + " --help: every flag\n";
}

std::string command_help(const CommandInfo& command) {
  std::string out = help_head(command);
  for (const auto& [group, title] : flag_groups()) append_group(out, command, group, title);
  if (command.id == build_command) {
    out +=
        "\nEvery flag is also read from OCIBUILD_ and its name: OCIBUILD_BUILD_ARG for\n"
        "--build-arg. A list has one value a line there. The command line wins.\n";
  }
  append_names(out, command, FlagStatus::without_effect,
               "Taken from other tools, with nothing to act on here");
  append_names(out, command, FlagStatus::refused, "Refused, with the reason");
  return out;
}

}  // namespace ocibuild::program
