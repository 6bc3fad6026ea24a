// SPDX-License-Identifier: Apache-2.0
#include "progress_text.hpp"

#include <iterator>
#include <string_view>

#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

constexpr std::size_t longest_instruction = 160;
constexpr std::size_t longest_reason = 200;
constexpr std::size_t shown_digits = 12;

constexpr const char* utf8_spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
constexpr const char* ascii_spinner[] = {"|", "/", "-", "\\"};
constexpr Symbols utf8_symbols{"✔", "✘", "!", "…",          "→",
                               "━", "╸", "─", utf8_spinner, std::size(utf8_spinner)};
constexpr Symbols ascii_symbols{"ok", "FAIL", "warn", "...",         "->",
                                "#",  "#",    "-",    ascii_spinner, std::size(ascii_spinner)};

}  // namespace

const Symbols& symbols(const Look& look) {
  return look.utf8 ? utf8_symbols : ascii_symbols;
}

std::string message_text(const std::string& message, const Look& look) {
  static constexpr std::string_view ellipsis = "…";
  std::string out = terminal_text(message);
  if (look.utf8) return out;
  for (std::size_t at = 0; (at = out.find(ellipsis, at)) != std::string::npos;)
    out.replace(at, ellipsis.size(), symbols(look).ellipsis);
  return out;
}

const MovementWords& words_of(Movement movement) {
  static constexpr MovementWords pull{"pull", "received", "pulling", "blob"};
  static constexpr MovementWords push{"push", "sent", "pushing", "blob"};
  static constexpr MovementWords compress{"compress", "compressed", "compressing", "layer"};
  static constexpr MovementWords load{"load into", "loaded", "loading", "image"};
  switch (movement) {
    case Movement::push:
      return push;
    case Movement::compress:
      return compress;
    case Movement::load:
      return load;
    default:
      return pull;
  }
}

std::string bare_digest(const std::string& digest) {
  return terminal_text(digest.substr(digest.find(':') + 1).substr(0, shown_digits));
}

std::string short_digest(const std::string& digest, const Look& look) {
  const std::size_t size = digest.find(':') + 1 + shown_digits;
  if (digest.size() <= size) return terminal_text(digest);
  return terminal_text(digest.substr(0, size)) + symbols(look).ellipsis;
}

std::string retry_text(const Retrying& retrying, std::chrono::milliseconds left) {
  std::string out = terminal_text(retrying.reason, longest_reason);
  if (retrying.attempt == 0) return out + ", goes on";
  out += ", attempt " + std::to_string(retrying.attempt) + " of " +
         std::to_string(retrying.attempts) + " in ";
  out += left.count() % 1000 == 0 || left.count() > 10'000
             ? std::to_string(left.count() / 1000) + 's'
             : plain_seconds(left);
  return retrying.told ? out + " (Retry-After)" : out;
}

std::string place_of(const std::string& platform, const std::string& stage) {
  std::string out = terminal_text(platform);
  if (!stage.empty()) out += (out.empty() ? "" : " ") + terminal_text(stage);
  return out;
}

std::string step_title(const std::string& place, std::size_t number, std::size_t total,
                       const std::string& instruction) {
  std::string out = '[' + place + (place.empty() ? "" : " ");
  out += std::to_string(number) + '/' + std::to_string(total) + "] ";
  return out + terminal_text(instruction, longest_instruction);
}

std::string asking_text(const Asking& event) {
  const std::string name = terminal_text(event.name);
  const std::string host = terminal_text(event.host);
  switch (event.purpose) {
    case Asking::For::base:
      return "FROM " + name + ", asking " + host;
    case Asking::For::pull:
      return "pull " + name + ", asking " + host;
    case Asking::For::push_check:
      return "push check " + name;
    case Asking::For::cache_from:
      return "importing cache from " + name;
    case Asking::For::cache_to:
      return "exporting cache to " + name;
    case Asking::For::diagnosis:
      return "asking " + host;
    default:
      return "push " + name;
  }
}

std::string cache_text(const CacheRead& event) {
  const std::string text = "importing cache from " + terminal_text(event.name);
  switch (event.state) {
    case CacheRead::State::absent:
      return text + " not there";
    case CacheRead::State::unreadable:
      return text + " failed";
    default:
      return text + ' ' + counted(event.layers, "layer");
  }
}

std::string base_text(const StepDone& step) {
  std::string out = terminal_text(step.instruction, longest_instruction);
  if (!step.base.via.empty()) out += " via " + terminal_text(step.base.via);
  return out;
}

std::string context_text(const ContextRead& context) {
  std::string out = counted(context.files, "file") + ' ' + human_size(context.bytes);
  if (context.ignored > 0) out += " (" + std::to_string(context.ignored) + " ignored)";
  return out;
}

std::string push_check_text(const PushChecked& checked) {
  std::string out = terminal_text(checked.name);
  if (!checked.user.empty()) out += " as " + terminal_text(checked.user);
  if (!checked.source.empty()) out += " (" + terminal_text(checked.source) + ')';
  return out;
}

std::string keyword_of(const std::string& instruction) {
  return terminal_text(instruction.substr(0, instruction.find_first_of(" \t")));
}

}  // namespace ocibuild::program
