// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include <ocibuild/check.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/login.hpp>

#include "commands/build_options.hpp"
#include "commands/image_names.hpp"
#include "config_file.hpp"
#include "network_settings.hpp"
#include "program.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr unsigned image_commands = push_command | save_command | rmi_command | tag_command |
                                    inspect_command | history_command | images_command;

class Completer {
public:
  Completer(std::span<const std::string> words, const Io& io)
      : current_(words.back()), before_(words.first(words.size() - 1)), io_(io) {}

  std::string run() {
    if (!find_command_word()) return std::move(out_);
    const std::size_t equals = current_.find('=');
    if (current_.starts_with("--") && equals != std::string::npos) {
      const Flag* flag = find_flag(id(), std::string_view(current_).substr(2, equals - 2));
      prefix_ = current_.substr(0, equals + 1);
      if (flag != nullptr) offer_values(*flag);
    } else if (const Flag* flag = waiting_flag()) {
      before_ = before_.first(before_.size() - 1);
      offer_values(*flag);
    } else if (current_.starts_with("-")) {
      offer_flags();
    } else {
      offer_arguments();
    }
    return std::move(out_);
  }

private:
  Command id() const { return command_->id == plan_command ? build_command : command_->id; }

  void offer(std::string_view word) {
    const std::string whole = prefix_ + std::string(word);
    // Words of files: a line end would make two of one.
    if (whole.starts_with(current_) && whole == terminal_text(whole)) out_ += whole + '\n';
  }

  /// False when the current word is that of the command itself, or nothing can be known.
  bool find_command_word() {
    globals_ = global_prefix(before_);
    const auto rest = before_.subspan(globals_);
    command_ = find_command("build");
    if (rest.empty()) {
      if (globals_ > 0 && waiting_flag() != nullptr) return true;
      if (is_short_form(current_)) return true;
      offer_commands("");
      offer("help");
      return false;
    }
    if (is_short_form(rest.front())) return true;
    if (rest.front() == "help") {
      offer_commands("");
      return false;
    }
    const CommandWords found = find_command(rest);
    command_ = found.command;
    first_ = globals_ + found.count;
    if (command_ == nullptr && rest.size() == 1) offer_commands(rest.front() + ' ');
    return command_ != nullptr;
  }

  /// The next word of the commands that begin with `group`.
  void offer_commands(const std::string& group) {
    std::string last;
    for (const CommandInfo& command : command_table()) {
      if (!command.name.starts_with(group)) continue;
      const std::string_view rest = command.name.substr(group.size());
      const std::string word(rest.substr(0, rest.find(' ')));
      if (word != last) offer(word);  // commands of one group stand together
      last = word;
    }
  }

  /// The flag whose value the current word is.
  const Flag* waiting_flag() const {
    if (before_.empty()) return nullptr;
    const std::string& word = before_.back();
    const Flag* flag = nullptr;
    if (word.starts_with("--")) {
      flag = find_flag(id(), std::string_view(word).substr(2));
    } else if (word.size() == 2 && word.front() == '-') {
      for (const Flag& one : flag_table()) {
        if (flag == nullptr && one.letter == word[1] && (one.commands & id()) != 0) flag = &one;
      }
    }
    const bool takes =
        flag != nullptr && (flag->kind == FlagKind::text || flag->kind == FlagKind::list);
    return takes ? flag : nullptr;
  }

  void offer_flags() {
    for (const Flag& flag : flag_table()) {
      if ((flag.commands & id()) != 0 && flag.status == FlagStatus::honoured)
        offer("--" + std::string(flag.name));
    }
  }

  void offer_values(const Flag& flag) {
    if (flag.name == "target") {
      for (const std::string& stage : dockerfile().stages) offer(stage);
    } else if (flag.name == "build-arg") {
      for (const std::string& argument : dockerfile().arguments) offer(argument + '=');
    } else if (flag.kind == FlagKind::boolean) {
      offer("true");
      offer("false");
    } else if (flag.value.starts_with("FILE")) {
      out_ += ":files\n";
    } else if (flag.value == "DIR") {
      out_ += ":dirs\n";
    } else {
      offer_words(flag.value);
    }
  }

  /// Of "auto|tty|plain"; what is written large is for the user to fill in.
  void offer_words(std::string_view value) {
    if (value.find('|') == std::string_view::npos) return;
    while (!value.empty()) {
      const std::string_view word = value.substr(0, value.find('|'));
      const bool literal = word.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ[],=") == word.npos;
      if (literal) offer(word);
      value.remove_prefix(std::min(word.size() + 1, value.size()));
    }
  }

  void offer_arguments() {
    if (id() == completion_command) {
      for (const char* shell : {"bash", "zsh", "fish"}) offer(shell);
    } else if ((id() & (build_command | check_command)) != 0) {
      out_ += ":dirs\n";
    } else if (id() == logout_command) {
      for (const std::string& registry : saved_logins(login_file(flags(), io_))) offer(registry);
    } else if ((id() & image_commands) != 0) {
      for (const StoredImage& image : ImageStore(store_root(flags(), io_)).images()) {
        if (image.name) offer(tagged(*image.name));
      }
    }
  }

  ParsedFlags flags() const {
    std::vector<std::string> words(before_.begin(),
                                   before_.begin() + static_cast<std::ptrdiff_t>(globals_));
    if (first_ < before_.size())
      words.insert(words.end(), before_.begin() + static_cast<std::ptrdiff_t>(first_),
                   before_.end());
    ParsedFlags out = parse_flags(id(), words, io_.environment, globals_);
    add_configuration(out, id(), io_);
    return out;
  }

  Choices dockerfile() const {
    ParsedFlags given = flags();
    if (id() == pull_command) given.arguments.clear();  // names of images
    return choices(parse_source_options(given, io_).request);
  }

  const std::string& current_;
  std::span<const std::string> before_;
  const Io& io_;
  const CommandInfo* command_ = nullptr;
  std::size_t globals_ = 0;
  std::size_t first_ = 0;  ///< of the words behind the command
  std::string prefix_;     ///< "--target=" when the value stands in the same word
  std::string out_;
};

}  // namespace

std::string completions(std::span<const std::string> words, const Io& io) {
  if (!words.empty() && words.front() == "--") words = words.subspan(1);
  if (words.empty()) return "";
  try {
    return Completer(words, io).run();
  } catch (const std::exception&) {
    return "";  // a shell is no place for messages
  }
}

}  // namespace ocibuild::program
