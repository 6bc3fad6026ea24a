// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <optional>

#include <ocibuild/build.hpp>
#include <ocibuild/image_store.hpp>
#include <ocibuild/transfer.hpp>
#include <ocibuild/upkeep.hpp>

#include "commands/build_json.hpp"
#include "commands/build_options.hpp"
#include "commands/call.hpp"
#include "commands/commands.hpp"
#include "commands/engine_load.hpp"
#include "commands/plan.hpp"
#include "console.hpp"
#include "network_checks.hpp"
#include "network_settings.hpp"
#include "output_file.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

/// Digests of the manifests in the store, to say afterwards whether the result is a new one.
std::vector<Digest> stored_manifests(const fs::path& store) {
  std::vector<Digest> out;
  try {
    for (const StoredImage& image : ImageStore(store).images())
      out.push_back(image.manifest.digest);
  } catch (const Error&) {
    // A broken store is build()'s to report.
  }
  return out;
}

void write_result_files(const BuildOptions& options, const BuildResult& result,
                        const std::optional<PushResult>& pushed) {
  if (options.iidfile) write_output_file(*options.iidfile, result.image_id.str());
  if (options.digest_file) write_output_file(*options.digest_file, result.manifest.digest.str());
  std::string names;
  std::string tags;
  for (const Reference& name : options.names) {
    const std::string repository = name.registry + '/' + name.repository;
    const std::string digest = '@' + result.manifest.digest.str() + '\n';
    names += repository + digest;
    tags += repository + ':' + name.tag + digest;
  }
  if (options.name_file) write_output_file(*options.name_file, names);
  if (options.tag_file) write_output_file(*options.tag_file, tags);
  if (options.metadata_file)
    write_output_file(*options.metadata_file, metadata_json(result, options.names, pushed));
}

void write_output(const BuildOptions& options, const OutputSpec& output, const BuildResult& result,
                  const Io& io) {
  if (const auto* files = std::get_if<FilesContainer>(&output.container))
    return write_files(options.request, result.manifest, *files, output.path, io);
  write_archive(options.request.store, {{result.manifest, options.names, {}}},
                std::get<ImageContainer>(output.container), output.path, io);
}

void write_outputs(const BuildOptions& options, const BuildResult& result, Invocation& invocation) {
  for (const OutputSpec& output : options.outputs) {
    const auto start = std::chrono::steady_clock::now();
    write_output(options, output, result, invocation.io);
    const std::string where =
        output.path ? terminal_text(output.path->string()) : "standard output";
    invocation.console.step("write " + where, std::chrono::steady_clock::now() - start);
  }
}

/// The repositories that a build sends its cache to and that must take it.
std::vector<Reference> needed_caches(const BuildOptions& options) {
  std::vector<Reference> out;
  for (const CacheTarget& target : options.cache_to) {
    const auto* name = std::get_if<Reference>(&target.to);
    if (name != nullptr && !target.ignore_error) out.push_back(*name);
  }
  return out;
}

void write_cache(const CacheTarget& target, const BuildRequest& request, const BuildResult& result,
                 Pusher& pusher, Invocation& invocation) {
  if (const auto* name = std::get_if<Reference>(&target.to)) {
    pusher.send_cache(result, *name);
    return;
  }
  const auto start = std::chrono::steady_clock::now();
  const auto& place = std::get<LayoutImage>(target.to);
  save_cache(request, result, place, invocation.io.stop);
  invocation.console.step("exporting cache to " + terminal_text(place.directory.string()),
                          std::chrono::steady_clock::now() - start);
}

void write_caches(const BuildOptions& options, const BuildResult& result, Pusher& pusher,
                  Invocation& invocation) {
  for (const CacheTarget& target : options.cache_to) {
    try {
      write_cache(target, options.request, result, pusher, invocation);
    } catch (const Error& error) {
      if (!target.ignore_error || error.code() == Errc::interrupted) throw;
      invocation.console.on_event(Warning{{"cache-not-written",
                                           std::string("the cache is not written: ") + error.what(),
                                           {},
                                           {},
                                           {}}});
    }
  }
}

/// Passes events on, and asks the registries whether they take the result as soon as the Dockerfile
/// is known to be right: before anything is done that takes time.
class PushCheck final : public EventSink {
public:
  PushCheck(Pusher& pusher, std::vector<Reference> names, Console& console)
      : pusher_(pusher), names_(std::move(names)), console_(console) {}

  void on_event(const Event& event) override {
    console_.on_event(event);
    if (!std::holds_alternative<DockerfileRead>(event)) return;
    try {
      pusher_.check(names_);
    } catch (const Error&) {
      console_.end_errors_with("nothing was built or sent");
      throw;
    }
  }

private:
  Pusher& pusher_;
  const std::vector<Reference> names_;
  Console& console_;
};

struct Outcome {
  BuildResult result;
  std::optional<PushResult> pushed{};  ///< absent: nothing was to be pushed
};

Outcome build_and_push(const BuildOptions& options, Invocation& invocation) {
  const BuildRequest& request = options.request;
  Console& console = invocation.console;
  const std::stop_token& stop = invocation.io.stop;
  Pusher pusher({request.store, request.cache, *request.network}, console, stop);
  std::vector<Reference> repositories = needed_caches(options);
  if (options.push)
    repositories.insert(repositories.begin(), options.names.begin(), options.names.end());
  PushCheck check(pusher, std::move(repositories), console);
  Outcome out{ocibuild::build(request, check, stop)};
  write_outputs(options, out.result, invocation);
  if (options.load) load_into_engine(options, out.result, invocation);
  if (options.push) out.pushed = pusher.send(out.result.manifest, options.names);
  write_caches(options, out.result, pusher, invocation);
  return out;
}

/// More than one default name in the context is easily a mistake; which one counts is not obvious.
void note_other_dockerfiles(const BuildRequest& request, Console& console) {
  if (!request.dockerfile.empty() || request.dockerfile_text) return;
  std::string used;
  fs::path used_path;
  std::error_code ignored;
  for (const char* name : {"Dockerfile", "Containerfile", "dockerfile"}) {
    const fs::path path = request.context / name;
    if (!fs::is_regular_file(path, ignored)) continue;
    if (used.empty()) {
      used = name;
      used_path = path;
    } else if (!fs::equivalent(path, used_path, ignored)) {  // one file where case does not count
      console.note(used + " is used, " + name + " is there too; choose with -f");
    }
  }
}

void remove_stale(const BuildOptions& options) {
  for (const auto& file :
       {options.iidfile, options.digest_file, options.name_file, options.tag_file}) {
    if (file) remove_output_file(*file);
  }
}

void build_and_write(BuildOptions& options, Invocation& invocation) {
  read_standard_input(options, invocation.io);
  note_other_dockerfiles(options.request, invocation.console);
  const std::vector<Digest> before = stored_manifests(options.request.store);
  const auto [result, pushed] = build_and_push(options, invocation);
  const bool known =
      std::find(before.begin(), before.end(), result.manifest.digest) != before.end();
  write_result_files(options, result, pushed);
  invocation.console.summary(result, options.names, known, pushed);
  if (options.prints_id) invocation.io.out.sink->write(result.image_id.str() + '\n');
}

/// Down to the limit of the configuration, where there is one. That it cannot be done now is no
/// fault of the build.
void keep_within_limit(const std::optional<std::uint64_t>& limit, const Invocation& invocation) {
  if (!limit) return;
  StorePlace place{store_root(invocation.flags, invocation.io)};
  place.cache = cache_directory(invocation.flags, invocation.io);
  try {
    const CleanResult cleaned = clean_store(
        {.place = std::move(place), .all = true, .keep_bytes = limit}, invocation.io.stop);
    if (cleaned.bytes > 0)
      invocation.console.debug("removed " + human_size(cleaned.bytes) + " of old build results");
  } catch (const Error& error) {
    invocation.console.debug("the store was not cleaned: " + terminal_text(error.what()));
  }
}

}  // namespace

void build(Invocation& invocation) {
  BuildOptions options = parse_build_options(invocation.flags, invocation.io);
  log_requests(*options.request.network, invocation.console);
  if (invocation.flags.on("quiet")) invocation.console.be_quiet();
  const Call call = wanted_call(invocation.flags);
  if (call.what != Call::What::build) return answer(call, options, invocation);
  check_network_flags(invocation.flags, invocation.io);
  if (invocation.flags.on("dry-run")) {
    read_standard_input(options, invocation.io);
    note_other_dockerfiles(options.request, invocation.console);
    return print_plan(options, invocation);
  }
  const auto limit = configured_space_limit(invocation.flags);
  invocation.console.debug("store " + terminal_text(options.request.store.string()));
  remove_stale(options);
  try {
    build_and_write(options, invocation);
  } catch (const Error& error) {
    if (options.metadata_file) write_output_file(*options.metadata_file, metadata_json(error));
    throw;
  }
  keep_within_limit(limit, invocation);
}

}  // namespace ocibuild::program
