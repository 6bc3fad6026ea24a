// SPDX-License-Identifier: Apache-2.0
#include "flags.hpp"

#include <algorithm>
#include <charconv>

#include <ocibuild/error.hpp>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

std::string dashed(std::string_view name) {
  return (name.size() == 1 ? "-" : "--") + terminal_text(name);
}

const Flag* find_letter(Command command, char letter) {
  for (const Flag& flag : flag_table()) {
    if (flag.letter == letter && (flag.commands & command) != 0) return &flag;
  }
  return nullptr;
}

[[noreturn]] void unknown_flag(Command command, std::string_view name) {
  std::vector<std::string> known;
  for (const Flag& flag : flag_table()) {
    if ((flag.commands & command) != 0 && flag.status == FlagStatus::honoured) {
      known.emplace_back(flag.name);
    }
  }
  std::string message = "no flag '" + dashed(name) + "'";
  if (name.size() > 1) {
    if (const auto near = closest_match(name, known))
      message += "; did you mean '--" + *near + "'?";
  }
  usage_error(message);
}

}  // namespace

void usage_error(const std::string& message) {
  throw Error(Errc::usage, "", message);
}

std::uint64_t parse_count(std::string_view text, const std::string& origin, std::uint64_t least,
                          std::uint64_t most) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || value < least || value > most) {
    usage_error(origin + " needs a whole number from " + std::to_string(least) + " to " +
                std::to_string(most) + ", not '" + terminal_text(text) + "'");
  }
  return value;
}

const Flag* find_flag(Command command, std::string_view name) {
  for (const Flag& flag : flag_table()) {
    if (flag.name == name && (flag.commands & command) != 0) return &flag;
  }
  return nullptr;
}

std::string environment_name(const Flag& flag) {
  if ((flag.commands & build_command) == 0 || flag.name == "help") return "";
  std::string out = "OCIBUILD_";
  for (const char c : flag.name) {
    out += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

bool ParsedFlags::on(std::string_view name, bool otherwise) const {
  const auto at = given_.find(name);
  return at == given_.end() ? otherwise : at->second.values.back() == "true";
}

std::optional<std::string> ParsedFlags::text(std::string_view name) const {
  const auto at = given_.find(name);
  if (at == given_.end()) return std::nullopt;
  return at->second.values.back();
}

std::vector<std::string> ParsedFlags::list(std::string_view name) const {
  const auto at = given_.find(name);
  return at == given_.end() ? std::vector<std::string>{} : at->second.values;
}

std::string ParsedFlags::origin(std::string_view name) const {
  const auto at = given_.find(name);
  const bool typed = at == given_.end() || at->second.level == Level::command_line;
  return typed ? "--" + std::string(name) : at->second.origin;
}

std::optional<Level> ParsedFlags::level(std::string_view name) const {
  const auto at = given_.find(name);
  return at == given_.end() ? std::nullopt : std::optional(at->second.level);
}

bool ParsedFlags::holds_against(std::string_view name, std::string_view other) const {
  const auto own = level(name);
  return own && (own < Level::user_file || !has(other) || own <= level(other));
}

void ParsedFlags::add(const Flag& flag, const std::vector<std::string>& values, Level level,
                      const std::string& origin) {
  const std::string name(flag.same_as.empty() ? flag.name : flag.same_as);
  const auto [at, first] = given_.try_emplace(name, Given{{}, level, origin});
  if (!first && at->second.level != level && !flag.adds_up) return;
  for (const std::string& value : values) {
    at->second.values.push_back(!flag.opposite ? value : value == "true" ? "false" : "true");
  }
}

class FlagParser {
public:
  FlagParser(Command command, std::span<const std::string> words)
      : command_(command), words_(words) {}

  ParsedFlags run(const std::map<std::string, std::string>& environment, std::size_t globals) {
    const Command command = command_;
    while (at_ < words_.size() && parsed_.help == HelpWanted::none) {
      command_ = at_ < globals ? build_command : command;
      const std::string_view word = words_[at_++];
      if (word == "--") {
        parsed_.arguments.insert(parsed_.arguments.end(),
                                 words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
        break;
      }
      if (word.size() < 2 || word.front() != '-') {
        parsed_.arguments.emplace_back(word);
      } else if (word.starts_with("--")) {
        long_flag(word.substr(2));
      } else {
        letters(word.substr(1));
      }
    }
    command_ = command;
    if (parsed_.help == HelpWanted::none) read_environment(environment);
    return std::move(parsed_);
  }

private:
  void long_flag(std::string_view word) {
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(0, equals);
    if (name.empty() || name.front() == '-')
      usage_error("'--" + terminal_text(word) + "' is no flag");
    const Flag* flag = find_flag(command_, name);
    if (flag == nullptr) unknown_flag(command_, name);
    if (flag->name == "help") {
      const bool wanted =
          equals == std::string_view::npos || boolean("--help", word.substr(equals + 1)) == "true";
      if (wanted) parsed_.help = HelpWanted::full;
    } else if (equals != std::string_view::npos) {
      take(*flag, dashed(name), word.substr(equals + 1));
    } else {
      take(*flag, dashed(name), value_without_equals(*flag, dashed(name), {}));
    }
  }

  /// "-qD", "-fv", "-f=v": all letters but the last are booleans.
  void letters(std::string_view word) {
    while (!word.empty() && parsed_.help == HelpWanted::none) {
      const Flag* flag = find_letter(command_, word.front());
      const std::string shown = dashed(word.substr(0, 1));
      if (flag == nullptr) unknown_flag(command_, word.substr(0, 1));
      if (flag->name == "help") {
        parsed_.help = HelpWanted::brief;
      } else if (word.size() > 2 && word[1] == '=') {
        return take(*flag, shown, word.substr(2));
      } else if (flag->kind == FlagKind::text || flag->kind == FlagKind::list) {
        return take(*flag, shown, value_without_equals(*flag, shown, word.substr(1)));
      } else {
        take(*flag, shown, value_without_equals(*flag, shown, {}));
      }
      word.remove_prefix(1);
    }
  }

  std::string_view value_without_equals(const Flag& flag, const std::string& shown,
                                        std::string_view joined) {
    if (flag.kind == FlagKind::boolean) return "true";
    if (flag.kind == FlagKind::optional_text) return flag.implied;
    if (!joined.empty()) return joined;
    if (at_ == words_.size()) usage_error(shown + " needs a value");
    return words_[at_++];
  }

  /// Refuses what is not honoured; `shown` is how the user wrote the flag.
  void take(const Flag& flag, const std::string& shown, std::string_view value,
            Level level = Level::command_line) {
    const bool attaches_nothing =
        (flag.name == "provenance" || flag.name == "sbom") && value == "false";
    if (flag.kind == FlagKind::boolean) value = boolean(shown, value);
    if (flag.status == FlagStatus::without_effect || attaches_nothing) {
      if (level == Level::command_line) parsed_.without_effect.emplace_back(flag.name);
      return;
    }
    const bool harmless = flag.kind == FlagKind::boolean && value == "false";
    if (flag.status == FlagStatus::refused && !harmless) {
      usage_error(shown + " is refused: " + std::string(flag.help));
    }
    if (flag.status != FlagStatus::honoured) return;
    if (flag.group == FlagGroup::global && flag.name == "config") {
      parsed_.config = value;  // "inspect" has another --config
    } else {
      parsed_.add(flag, {std::string(value)}, level, shown);
    }
  }

  std::string_view boolean(const std::string& shown, std::string_view value) {
    if (value == "true" || value == "1") return "true";
    if (value == "false" || value == "0") return "false";
    usage_error(shown + " takes true or false, not '" + terminal_text(value) + "'");
  }

  /// A variable counts only if the command line does not give its flag.
  void read_environment(const std::map<std::string, std::string>& environment) {
    // A process has many variables and the table many flags: look only at our own.
    for (auto it = environment.lower_bound("OCIBUILD_");
         it != environment.end() && it->first.starts_with("OCIBUILD_"); ++it) {
      for (const Flag& flag : flag_table()) {
        if (is_read(flag) && environment_name(flag) == it->first)
          take_variable(flag, it->first, it->second, Level::variable);
      }
    }
    for (const Flag& flag : flag_table()) {
      if (flag.variable.empty() || (flag.commands & command_) == 0) continue;
      const auto at = environment.find(std::string(flag.variable));
      if (at != environment.end())
        take_variable(flag, at->first, at->second, Level::general_variable);
    }
  }

  /// Rows of one name are different flags: a variable is for that of `build`.
  bool is_read(const Flag& flag) const {
    const bool files = flag.group == FlagGroup::global && flag.name == "config";
    return files || ((flag.commands & command_) != 0 && (flag.commands & build_command) != 0);
  }

  bool is_given(const Flag& flag) const {
    if (flag.group == FlagGroup::global && flag.name == "config") return parsed_.config.has_value();
    const auto level = parsed_.level(flag.same_as.empty() ? flag.name : flag.same_as);
    return level && !flag.adds_up;
  }

  void take_variable(const Flag& flag, const std::string& name, std::string_view value,
                     Level level) {
    if (value.empty() || is_given(flag)) return;
    if (flag.kind != FlagKind::list) return take(flag, name, value, level);
    while (!value.empty()) {
      const std::string_view line = value.substr(0, value.find('\n'));
      if (!line.empty()) take(flag, name, line, level);
      value.remove_prefix(std::min(line.size() + 1, value.size()));
    }
  }

  Command command_;
  std::span<const std::string> words_;
  std::size_t at_ = 0;
  ParsedFlags parsed_;
};

ParsedFlags parse_flags(Command command, std::span<const std::string> words,
                        const std::map<std::string, std::string>& environment,
                        std::size_t globals) {
  if (command != plan_command) return FlagParser(command, words).run(environment, globals);
  ParsedFlags parsed = FlagParser(build_command, words).run(environment, globals);
  parsed.add(*find_flag(build_command, "dry-run"), {"true"}, Level::command_line, "plan");
  return parsed;
}

std::size_t global_prefix(std::span<const std::string> words) {
  std::size_t at = 0;
  while (at < words.size()) {
    const std::string_view word = words[at];
    if (word == "-D" || word.starts_with("-D=")) {
      ++at;
      continue;
    }
    if (!word.starts_with("--")) return at;
    const std::size_t equals = word.find('=');
    const std::string_view name =
        word.substr(2, equals == std::string_view::npos ? equals : equals - 2);
    const Flag* flag = find_flag(build_command, name);
    // Docker's buildx has its flag before its command: `buildx --builder NAME build`.
    const bool global =
        flag != nullptr && (flag->group == FlagGroup::global || flag->name == "builder");
    if (!global || name == "help") return at;
    const bool next = flag->kind == FlagKind::text && equals == std::string_view::npos;
    at = std::min(at + (next ? 2U : 1U), words.size());
  }
  return at;
}

}  // namespace ocibuild::program
