// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include <ocibuild/event.hpp>

#include "settings.hpp"

/// Words that every kind of progress shares. Whatever comes from a registry, a file or an image is
/// made printable here.
namespace ocibuild::program {

/// Signs of a terminal in UTF-8, and what stands for them elsewhere.
struct Symbols {
  const char* done;
  const char* failed;
  const char* warning;
  const char* ellipsis;
  const char* arrow;  ///< from unpacked to stored size
  const char* bar_full;
  const char* bar_head;  ///< of a cell that is half full
  const char* bar_rest;
  const char* const* spinner;
  std::size_t spinner_size;
};
const Symbols& symbols(const Look& look);

/// One printable line that the library wrote, cut when it is long: signs beyond ASCII that are ours
/// (there is only one) are written as the look wants it.
std::string message_text(const std::string& message, const Look& look);

/// What is said of blobs that move: "push", "sent", "pushing" and "blob".
struct MovementWords {
  const char* verb;
  const char* done;
  const char* under_way;  ///< BuildKit's, where it has one
  const char* thing;
};
const MovementWords& words_of(Movement movement);

/// "sha256:5f56605b8849…", or without the algorithm; whole if it is no longer.
std::string short_digest(const std::string& digest, const Look& look);
/// "5f56605b8849".
std::string bare_digest(const std::string& digest);

/// "429 too many requests, attempt 2 of 6 in 8s (Retry-After)". `left`: of the wait.
std::string retry_text(const Retrying& retrying, std::chrono::milliseconds left);

/// "linux/arm64 builder", what of it there is.
std::string place_of(const std::string& platform, const std::string& stage);
/// "[linux/arm64 builder 2/5] COPY a b", as BuildKit writes it.
std::string step_title(const std::string& place, std::size_t number, std::size_t total,
                       const std::string& instruction);
/// What a wait is for: "FROM docker.io/library/alpine:3.20, asking harbor.corp/hub".
std::string asking_text(const Asking& event);
/// "importing cache from ghcr.io/acme/app:cache 12 layers".
std::string cache_text(const CacheRead& event);
/// "FROM docker.io/library/alpine:3.20@sha256:… via harbor.corp/hub".
std::string base_text(const StepDone& step);
/// "4 files 23.4 MB (212 ignored)".
std::string context_text(const ContextRead& context);
/// "ghcr.io/acme/app as octo-bot (GITHUB_TOKEN)".
std::string push_check_text(const PushChecked& checked);
/// The first word of an instruction.
std::string keyword_of(const std::string& instruction);

}  // namespace ocibuild::program
