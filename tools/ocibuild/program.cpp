// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <algorithm>
#include <exception>
#include <new>

#include <ocibuild/error.hpp>
#include <ocibuild/version.hpp>

#include "commands/commands.hpp"
#include "completion.hpp"
#include "config_file.hpp"
#include "console.hpp"
#include "executor_flags.hpp"
#include "help.hpp"
#include "manual.hpp"
#include "other_tools.hpp"
#include "prompt.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

constexpr CommandInfo commands[] = {
    {build_command, "build", "bud, buildx build, buildx b, builder build, image build", "[PATH]",
     "Build the image that PATH/Dockerfile describes, from the files in PATH [.].",
     "ocibuild build -t app:1 --build-arg VERSION=1.4 .", build},
    {plan_command, "plan", "", "[PATH]",
     "Show what a build with the same flags would do, and do nothing of it: which layers would be "
     "made and why, and how many bytes would go to or come from which host. Every flag of build is "
     "taken.",
     "ocibuild plan -t ghcr.io/me/app:1 --push .", build},
    {check_command, "check", "lint", "[PATH]",
     "Look for mistakes in PATH/Dockerfile [.] without building, and without network.",
     "ocibuild check --format github .", check},
    {images_command, "images", "ls, image ls, image list", "[NAME]",
     "List the store. SIZE is what the stored layers take, compressed.", "ocibuild images app",
     images},
    {inspect_command, "inspect", "image inspect", "IMAGE...",
     "Show config and identity of images as JSON. docker://NAME is one of a registry, without a "
     "pull.",
     "ocibuild inspect app:1", inspect},
    {history_command, "history", "image history", "IMAGE",
     "Show the instructions of an image, newest first. IMAGE is the layer's digest, SIZE its "
     "stored size. docker://NAME is an image of a registry, without a pull.",
     "ocibuild history app:1", history},
    {tag_command, "tag", "image tag", "SRC DST...", "Give an image of the store more names.",
     "ocibuild tag app:1 ghcr.io/me/app:1", tag},
    {rmi_command, "rmi", "rm, image rm, image remove", "IMAGE...",
     "Remove names from the store. The blobs stay until the store is cleaned.",
     "ocibuild rmi app:1", rmi},
    {save_command, "save", "image save", "IMAGE...", "Write images as an archive or OCI layout.",
     "ocibuild save app:1 | docker load", save_images},
    {load_command, "load", "image load", "",
     "Read every image of an archive or OCI layout into the store.",
     "docker save alpine | ocibuild load", load_images},
    {push_command, "push", "image push", "IMAGE [DEST...]",
     "Send an image to its registry, or to each DEST. IMAGE is of the store; before a DEST also "
     "oci:DIR[:TAG], oci-archive:FILE[:TAG] or docker-archive:FILE[:TAG].",
     "ocibuild push ghcr.io/me/app:1", push_image},
    {pull_command, "pull", "image pull", "REF...", "Bring images of registries into the store.",
     "ocibuild pull alpine:3.20", pull_images},
    {login_command, "login", "", "[HOST]",
     "Check and save user and password for a registry [docker.io].",
     "ocibuild login -u me --password-stdin ghcr.io < token", log_in},
    {logout_command, "logout", "", "[HOST]", "Remove the saved login of a registry [docker.io].",
     "ocibuild logout ghcr.io", log_out},
    {doctor_command, "doctor", "", "[REF|HOST...]",
     "Can this machine pull and push, and if not why: each registry and mirror is asked step by "
     "step, and nothing is changed. Without a name: the bases of ./Dockerfile, else docker.io.",
     "ocibuild doctor --push ghcr.io/me/app:1", examine_network},
    {cache_ls_command, "cache ls", "df, system df", "",
     "List what the store and its build records take, and what could be reclaimed.",
     "ocibuild cache ls --format json", list_cache},
    {cache_prune_command, "cache prune", "builder prune", "",
     "Remove what no image with a name and no build record needs; with -a also the records and the "
     "layers that only they know. Nothing that a running build uses.",
     "ocibuild cache prune -af --filter until=240h", prune_cache},
    {cache_gc_command, "cache gc", "", "",
     "As cache prune, without asking: with a limit down to it, else what nothing needs.",
     "ocibuild cache gc --max-used-space 20GB", collect_garbage},
    {cache_dir_command, "cache dir", "", "", "Print the directory of the build records.",
     "du -sh \"$(ocibuild cache dir)\"", print_cache_directory},
    {cache_verify_command, "cache verify", "", "",
     "Read every blob and build record and tell what is damaged or missing.", "", verify_cache},
    {completion_command, "completion", "", "bash|zsh|fish",
     "Print a script that completes words for a shell: commands, flags, stages, build arguments, "
     "images and registries.",
     "source <(ocibuild completion bash)", print_completion},
    {executor_command, "executor", "", "",
     "Build with the flags of kaniko's executor, as a link of that name to ocibuild does: what is "
     "built is pushed to every --destination.",
     "ocibuild executor --context . --destination ghcr.io/me/app:1", build},
    {version_command, "version", "executor version", "", "Show the version.", "", print_version},
};

constexpr std::string_view later_commands[] = {
    "lock", "vendor", "copy", "diff", "rebase",
};
constexpr std::string_view container_commands[] = {
    "run",     "ps",      "exec",  "compose", "up",    "down",   "start",  "stop",
    "restart", "kill",    "logs",  "attach",  "cp",    "create", "commit", "container",
    "network", "volume",  "pod",   "stats",   "top",   "wait",   "port",   "rename",
    "pause",   "unpause", "swarm", "service", "stack", "from",   "mount",
};

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// The name and the aliases of a command.
std::vector<std::string_view> words_for(const CommandInfo& command) {
  std::vector<std::string_view> out = {command.name};
  for (std::string_view rest = command.alias; !rest.empty();) {
    out.push_back(rest.substr(0, rest.find(',')));
    rest.remove_prefix(std::min(rest.size(), out.back().size() + 2));
  }
  return out;
}

/// "ls, prune" for the first word of commands that have two; empty for another word.
std::string group_members(std::string_view word) {
  std::string members;
  for (const CommandInfo& command : commands) {
    for (const std::string_view name : words_for(command)) {
      // `executor` is a command by itself.
      if (!name.starts_with(std::string(word) + ' ') || find_command(word) != nullptr) continue;
      members += (members.empty() ? "" : ", ") + std::string(name.substr(word.size() + 1));
    }
  }
  return members;
}

[[noreturn]] void unknown_command(const std::string& word, const Io& io) {
  if (contains(container_commands, word))
    usage_error("ocibuild builds images and does not run containers");
  const std::string shown = terminal_text(word, 100);
  if (const auto members = group_members(word); !members.empty())
    usage_error("'" + shown + "' needs one of: " + members);
  if (contains(later_commands, word))
    usage_error("'" + shown + "' is not in this release of ocibuild");
  std::vector<std::string> known = {"help"};
  for (const CommandInfo& command : commands) known.emplace_back(command.name);
  std::string message = "no command '" + shown + "'";
  const auto near = closest_match(word, known);
  std::error_code ignored;
  const bool directory = std::filesystem::is_directory(io.resolve(word), ignored);
  if (near) message += "; did you mean '" + *near + "'?";
  if (near || directory) message += " (a directory: ocibuild ./" + shown + ")";
  usage_error(message);
}

/// What is to be run: a command and the words that belong to it.
struct Call {
  const CommandInfo* command = nullptr;  ///< null: print `text`
  std::vector<std::string> words{};
  std::size_t globals = 0;  ///< so many words stood before the command
  std::string text{};
  int status = 0;
};

/// What only the program's own scripts and build call; nothing else is read or printed.
std::optional<std::string> hidden_call(std::span<const std::string> words, const Io& io) {
  if (words.front() == "__complete") return completions(words.subspan(1), io);
  if (words.front() == "__man" && words.size() == 2) return manual_page(words[1]);
  if (words.front() == "__flags" && words.size() == 2) return flags_of_tool(words[1]);
  return std::nullopt;
}

/// Global flags between the two words of a command go behind them.
void join_words(std::vector<std::string>& words) {
  if (find_command(words.front()) != nullptr || is_short_form(words.front())) return;
  const std::size_t between = global_prefix(std::span<const std::string>(words).subspan(1));
  if (between + 1 >= words.size()) return;
  const auto second = words.begin() + 1 + static_cast<std::ptrdiff_t>(between);
  std::rotate(words.begin() + 1, second, second + 1);
}

Call help_call(std::span<const std::string> words) {
  const bool asks_help = !words.empty() && (words.front() == "-h" || words.front() == "--help");
  if (words.empty() || asks_help) return {.text = root_help()};
  if (!group_members(words.front()).empty() && words.size() == 1)
    return {.text = group_help(words.front())};
  const CommandInfo* command = find_command(words).command;
  if (command == nullptr)
    usage_error("no command '" + terminal_text(words.front(), 100) + "' to help with");
  return {.text = command_help(*command)};
}

Call find_call(const Arguments& arguments, const Io& io) {
  const std::size_t prefix = global_prefix(arguments);
  std::vector<std::string> rest(arguments.begin() + static_cast<std::ptrdiff_t>(prefix),
                                arguments.end());
  if (rest.empty()) return {.text = short_help(), .status = static_cast<int>(Errc::usage)};
  const std::string& word = rest.front();
  if (word == "-h") return {.text = short_help()};
  if (word == "--help") return {.text = root_help()};
  if (word == "-v" || word == "--version")
    return {.text = std::string("ocibuild ") + version + "\n"};
  if (word == "help") return help_call(std::span<const std::string>(rest).subspan(1));
  if (auto text = hidden_call(rest, io)) return {.text = *std::move(text)};
  Call call;
  call.globals = prefix;
  call.words.assign(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(prefix));
  join_words(rest);
  const CommandWords found = find_command(rest);
  call.command = found.command;
  if (call.command == nullptr) {
    const bool asks_help = rest.size() > 1 && (rest[1] == "-h" || rest[1] == "--help");
    if (asks_help && !group_members(word).empty()) return {.text = group_help(word)};
    if (!is_short_form(word)) unknown_command(word, io);
    call.command = &commands[0];
    call.words = arguments;
  } else {
    call.words.insert(call.words.end(), rest.begin() + static_cast<std::ptrdiff_t>(found.count),
                      rest.end());
  }
  return call;
}

void say_without_effect(const ParsedFlags& flags, Console& console) {
  std::vector<std::string> names = flags.without_effect;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  for (const std::string& name : names) console.debug("--" + name + " has nothing to act on here");
}

int run_command(const Call& call, Io& io, Console& console) {
  ParsedFlags flags = parse_flags(call.command->id, call.words, io.environment, call.globals);
  if (flags.help != HelpWanted::none) {
    const bool brief = flags.help == HelpWanted::brief;
    io.out.sink->write(brief ? brief_help(*call.command) : command_help(*call.command));
    return 0;
  }
  Command command = call.command->id == plan_command ? build_command : call.command->id;
  UnnamedFile context;
  if (command == executor_command) {
    command = build_command;
    context = use_kaniko_flags(flags, io);
  }
  add_configuration(flags, command, io);
  console.set_up(look_of(flags, io, io.err), progress_mode(flags, io), flags.on("debug"),
                 ci_log(io));
  say_without_effect(flags, console);
  complete_credentials(flags, command, io, console);
  Invocation invocation{flags, io, console};
  call.command->run(invocation);
  return invocation.status;
}

/// Everything that is no finding about the user's input.
Error bug(const std::string& what) {
  Error error(Errc::internal, "internal", "bug in ocibuild: " + what);
  error.note("ocibuild " + std::string(version) + "; nothing in your files should cause this");
  error.help("report it to the project with this text, the Dockerfile and the output with --debug");
  return error;
}

Error as_error(const Error& error) {
  return error.code() == Errc::internal ? bug(error.what()) : error;
}

}  // namespace

std::span<const CommandInfo> command_table() {
  return commands;
}

const CommandInfo* find_command(std::string_view word) {
  for (const CommandInfo& command : commands) {
    for (const std::string_view name : words_for(command)) {
      if (word == name) return &command;
    }
  }
  return nullptr;
}

CommandWords find_command(std::span<const std::string> words) {
  for (std::size_t count = std::min<std::size_t>(2, words.size()); count > 0; --count) {
    const std::string word = count == 2 ? words[0] + ' ' + words[1] : words[0];
    if (const CommandInfo* command = find_command(word)) return {command, count};
  }
  return {};
}

bool is_short_form(std::string_view word) {
  return word.starts_with("-") || word == "." || word == ".." ||
         word.find('/') != std::string_view::npos;
}

namespace {

/// Both streams are often one screen: what changes on it must be gone before results come.
class ResultSink final : public TextSink {
public:
  ResultSink(TextSink& inner, Console& console) : inner_(inner), console_(console) {}
  void write(std::string_view text) override {
    console_.pause();
    inner_.write(text);
  }

private:
  TextSink& inner_;
  Console& console_;
};

int run(const Arguments& arguments, Io& io, Console& console) {
  Call call;
  const auto fail = [&](const Error& error) {
    std::string see;
    if (error.code() == Errc::usage && error.diagnostic().id.empty()) {
      see = "see: ocibuild " +
            (call.command != nullptr ? std::string(call.command->name) + ' ' : "") + "-h";
    }
    console.error(error, see);
    return static_cast<int>(error.code());
  };
  try {
    call = find_call(arguments, io);
    if (call.command != nullptr) return run_command(call, io, console);
    (call.status == 0 ? io.out : io.err).sink->write(call.text);
    return call.status;
  } catch (const ClosedOutput&) {
    return 0;  // the reader has all it wanted
  } catch (const Error& error) {
    return fail(as_error(error));
  } catch (const std::bad_alloc&) {
    return fail(Error(Errc::failed, "out-of-memory", "there is not enough memory"));
  } catch (const std::exception& error) {
    return fail(bug(error.what()));
  }
}

}  // namespace

int run(const Arguments& arguments, Io& io) {
  Console console(io.err, look_of({}, io, io.err));
  ResultSink results(*io.out.sink, console);
  Io with_console = io;
  with_console.out.sink = &results;
  const int status = run(arguments, with_console, console);
  try {
    console.print_request_log();
    console.close();
  } catch (const std::exception&) {
    // Nobody reads it any more.
  }
  return status;
}

}  // namespace ocibuild::program
