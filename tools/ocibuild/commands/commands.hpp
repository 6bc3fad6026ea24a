// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "program.hpp"

/// One function a command; what it does is in program.cpp's table and docs/reference/cli.md,
/// section 6.
namespace ocibuild::program {

void build(Invocation& invocation);
void check(Invocation& invocation);
void images(Invocation& invocation);
void inspect(Invocation& invocation);
void history(Invocation& invocation);
void tag(Invocation& invocation);
void rmi(Invocation& invocation);
void save_images(Invocation& invocation);
void load_images(Invocation& invocation);
void push_image(Invocation& invocation);
void pull_images(Invocation& invocation);
void log_in(Invocation& invocation);
void log_out(Invocation& invocation);
void examine_network(Invocation& invocation);  // doctor
void list_cache(Invocation& invocation);
void prune_cache(Invocation& invocation);
void collect_garbage(Invocation& invocation);  // cache gc
void print_cache_directory(Invocation& invocation);
void verify_cache(Invocation& invocation);
void print_completion(Invocation& invocation);
void print_version(Invocation& invocation);

}  // namespace ocibuild::program
