// SPDX-License-Identifier: Apache-2.0
#include "commands/build_options.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

#include <ocibuild/transfer.hpp>

#include "commands/annotation.hpp"
#include "commands/build_arguments.hpp"
#include "commands/compression_option.hpp"
#include "commands/context_option.hpp"
#include "network_settings.hpp"
#include "output_file.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t last_second =
    253402300799;  // of the year 9999, the last that RFC 3339 can write
constexpr std::uint64_t most_jobs = 1024;

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

class OptionsReader {
public:
  OptionsReader(const ParsedFlags& flags, const Io& io) : flags_(flags), io_(io) {}

  /// What a Dockerfile means, without what becomes of it.
  BuildOptions run_source() {
    read_source();
    return std::move(out_);
  }

  BuildOptions run() {
    read_pull();
    read_source();
    read_outputs();
    read_identity();
    read_compression();
    read_times();
    read_files();
    if (const auto cache = flags_.text("cache-dir")) request().cache = io_.resolve(*cache);
    request().use_cache = !flags_.on("no-cache");
    for (const std::string& names : flags_.list("no-cache-filter")) {
      for (std::string& name : csv_fields(names)) request().no_cache_stages.push_back(name);
    }
    request().omit_history = flags_.on("omit-history");
    request().explain = flags_.on("explain");
    read_shared_caches();
    if (const auto jobs = flags_.text("jobs")) {
      request().jobs =
          static_cast<unsigned>(parse_count(*jobs, flags_.origin("jobs"), 1, most_jobs));
    }
    return std::move(out_);
  }

private:
  BuildRequest& request() { return out_.request; }

  void read_source() {
    request().store = store_root(flags_, io_);
    request().network = network_settings(flags_, io_);
    read_input();
    request().build_args = build_arguments(flags_, io_);
    read_contexts();
  }

  /// docker's words and buildah's: a bare --pull is "always".
  void read_pull() {
    const std::string pull = flags_.text("pull").value_or("missing");
    if (pull == "always" || pull == "true") {
      request().pull = PullPolicy::always;
    } else if (pull == "newer") {
      request().pull = PullPolicy::newer;
    } else if (pull == "never") {
      request().pull = PullPolicy::never;
    } else if (pull != "missing" && pull != "false") {
      usage_error(flags_.origin("pull") + " takes always, missing, newer or never, not " +
                  shown(pull));
    }
    out_.push = flags_.on("push");
  }

  void read_input() {
    if (flags_.arguments.size() > 1) {
      usage_error("there is one PATH, not " + std::to_string(flags_.arguments.size()) +
                  ": second is " + shown(flags_.arguments[1]));
    }
    const std::string path = flags_.arguments.empty() ? "." : flags_.arguments.front();
    if (path.find("://") != std::string::npos || path.starts_with("git@") ||
        path.starts_with("github.com/")) {
      usage_error("the context " + shown(path) + " is a URL, which is not fetched: clone it first");
    }
    if (path.empty()) usage_error("the context needs a name; use . for the working directory");
    out_.context_from_stdin = path == "-";
    request().context = out_.context_from_stdin ? fs::path(path) : io_.resolve(path);
    if (const auto file = flags_.text("file")) read_file_flag(*file);
    read_ignore_file();
    request().target = flags_.text("target").value_or("");
    read_platforms();
  }

  void read_file_flag(const std::string& file) {
    std::error_code ignored;
    if (file.empty()) usage_error(flags_.origin("file") + " needs the name of a file");
    if (out_.context_from_stdin) {
      if (file == "-")
        usage_error("standard input is either the context or the Dockerfile, and both are -");
      request().dockerfile = file;  // a path in the tar
      return;
    }
    if (file == "-") {
      out_.dockerfile_from_stdin = true;
      return;
    }
    request().dockerfile = io_.resolve(file);
    if (!fs::exists(request().dockerfile, ignored) &&
        fs::exists(request().context / file, ignored)) {
      request().dockerfile = request().context / file;
    }
    // `-f <(generate)`: a pipe can be read once only, and has no place in the context.
    const fs::file_status status = fs::status(request().dockerfile, ignored);
    if (!fs::is_fifo(status) && !fs::is_character_file(status)) return;
    std::ostringstream text;
    text << std::ifstream(request().dockerfile, std::ios::binary).rdbuf();
    request().dockerfile_text = std::move(text).str();
  }

  void read_ignore_file() {
    const auto file = flags_.text("ignorefile");
    if (!file) return;
    const std::string origin = flags_.origin("ignorefile");
    std::error_code ignored;
    if (out_.context_from_stdin)
      usage_error(origin + " is for a directory: a context from standard input has no such rules");
    request().ignore_file = io_.resolve(*file);
    const fs::file_status status = fs::status(request().ignore_file, ignored);
    if (!fs::exists(status) || fs::is_directory(status))
      usage_error(origin + ": there is no file " + shown(*file));
  }

  /// The flag may be repeated, and each value be a list.
  void read_platforms() {
    std::vector<std::string> given = flags_.list("platform");
    if (given.empty() || given == std::vector<std::string>{"local"}) return;
    std::vector<Platform>& platforms = request().platforms;
    for (const std::string& names : given) {
      for (const std::string& name : csv_fields(names)) {
        const Platform platform = name == "local" ? Platform::host() : Platform::parse(name);
        if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end())
          platforms.push_back(platform);
      }
    }
  }

  void read_contexts() {
    const bool asks = request().pull == PullPolicy::always || request().pull == PullPolicy::newer;
    const auto image = [&](std::string_view name) {
      return resolve_name(name, *request().network, asks ? fs::path() : request().store);
    };
    for (const std::string& text : flags_.list("build-context")) {
      auto [name, context] = parse_context(text, io_, flags_.origin("build-context"), image);
      request().build_contexts.insert_or_assign(std::move(name), std::move(context));
    }
  }

  void read_outputs() {
    for (const std::string& tag : flags_.list("tag")) add_name(Reference::parse(tag));
    bool in_store = out_.load = flags_.on("load");
    const std::vector<std::string> texts = flags_.list("output");
    bool to_stdout = false;
    for (const std::string& text : texts) {
      OutputSpec spec = parse_output(text, io_);
      if (spec.archive && !spec.path) {
        if (to_stdout) usage_error("only one -o can go to standard output");
        to_stdout = true;
      }
      in_store = in_store || spec.in_store;
      out_.load = out_.load || spec.load;
      out_.push = out_.push || spec.push;
      for (const Reference& name : spec.names) add_name(name);
      auto& annotations = request().annotations;
      annotations.insert(annotations.end(), spec.annotations.begin(), spec.annotations.end());
      specs_.push_back(std::move(spec));
    }
    if (out_.load) engine_choice(flags_, io_);  // mistakes first
    if (flags_.on("no-push")) out_.push = false;
    if (out_.push && out_.names.empty()) usage_error("--push needs a name: -t NAME");
    if (out_.push && request().network->offline)
      usage_error("--push needs a registry, and --offline forbids it");
    for (const OutputSpec& spec : specs_) {
      if (spec.archive) out_.outputs.push_back(spec);
    }
    in_store = in_store || (!out_.push && out_.outputs.empty());  // nowhere else
    request().keep_nameless = in_store;
    if (in_store) request().names = out_.names;
    // What is only pushed needs no base layers here: they are in a registry.
    request().keep_base_layers = in_store || !out_.outputs.empty();
    out_.prints_id = !to_stdout && (flags_.on("quiet") || !io_.out.is_terminal);
  }

  void add_name(const Reference& name) {
    if (name.digest) usage_error("a name for the result has no digest: " + shown(name.familiar()));
    const bool known = std::find(out_.names.begin(), out_.names.end(), name) != out_.names.end();
    if (!known) out_.names.push_back(name);
  }

  void read_identity() {
    for (const std::string& label : flags_.list("label")) {
      const std::size_t equals = label.find('=');
      if (equals == 0 || label.empty())
        usage_error(flags_.origin("label") + " needs K=V, not " + shown(label));
      request().labels[label.substr(0, equals)] =
          equals == std::string::npos ? "" : label.substr(equals + 1);
    }
    for (const std::string& text : flags_.list("annotation")) {
      for (Annotation& annotation : parse_annotation(text, flags_.origin("annotation")))
        request().annotations.push_back(std::move(annotation));
    }
    std::optional<std::string> format = flags_.text("format");
    const bool of_plan = flags_.on("dry-run") && (format == "table" || format == "json");
    if (of_plan) format.reset();
    if (format && *format != "oci" && *format != "docker") {
      usage_error(flags_.origin("format") + " takes oci or docker, not " + shown(*format));
    }
    if (format) request().format = *format == "docker" ? ImageFormat::docker : ImageFormat::oci;
    agree(format && is_typed("format") ? std::optional(request().format) : std::nullopt,
          &OutputSpec::format, "oci-mediatypes",
          [&](ImageFormat value) { request().format = value; });
  }

  /// Said for this build; general variables and files only say what happens else.
  bool is_typed(std::string_view name) const {
    return flags_.has(name) && flags_.level(name) <= Level::variable;
  }
  std::optional<std::string> typed_text(std::string_view name) const {
    return is_typed(name) ? flags_.text(name) : std::nullopt;
  }

  /// One build has one result: what several -o and the flag say about it must be the same.
  template <typename T, typename Set>
  void agree(std::optional<T> value, std::optional<T> OutputSpec::*member, const char* key,
             Set set) {
    for (const OutputSpec& spec : specs_) {
      const auto& other = spec.*member;
      if (!other) continue;
      if (value && *value != *other) {
        usage_error(std::string("the outputs disagree about ") + key +
                    ": one build makes one image");
      }
      value = other;
    }
    if (value) set(*value);
  }

  void read_compression() {
    std::string kind = flags_.text("compression").value_or("gzip");
    bool is_chosen = false;
    agree(typed_text("compression"), &OutputSpec::compression, "compression",
          [&](const std::string& value) {
            kind = value;
            is_chosen = true;
          });
    request().compression = compression_named(kind);
    std::optional<bool> forced;
    request().force_compression = flags_.on("force-compression");
    if (is_typed("force-compression")) forced = request().force_compression;
    agree(forced, &OutputSpec::force_compression, "force-compression",
          [&](bool value) { request().force_compression = value; });
    std::optional<std::string> level;
    // The level of a file is that of the compression there.
    if (!is_chosen) level = flags_.text("compression-level");
    agree(typed_text("compression-level"), &OutputSpec::compression_level, "compression-level",
          [&](const std::string& value) { level = value; });
    if (level) request().compression_level = compression_level(*level, request().compression);
  }

  void read_shared_caches() {
    for (const std::string& text : flags_.list("cache-from"))
      request().cache_from.push_back(parse_cache_from(text, io_, flags_.origin("cache-from")));
    request().keep_shared_layers = request().keep_base_layers;
    for (const std::string& text : flags_.list("cache-to")) {
      const std::string origin = flags_.origin("cache-to");
      out_.cache_to.push_back(parse_cache_to(text, io_, origin, request()));
      const bool local = std::holds_alternative<LayoutImage>(out_.cache_to.back().to);
      if (!local && request().network->offline)
        usage_error(origin + " needs a registry, and --offline forbids it");
      if (local) request().keep_shared_layers = true;
    }
  }

  void read_times() {
    std::optional<std::int64_t> epoch;
    const auto level = flags_.level("source-date-epoch");
    const bool own = level && (level <= Level::variable || level <= flags_.level("timestamp"));
    const auto text = flags_.text("source-date-epoch");
    if (text && *text == "git") {
      if (out_.context_from_stdin)
        usage_error("a context from standard input is in no git repository to take the time from");
      epoch = commit_time(request().context, io_.stop);
    } else if (text) {
      epoch = seconds(*text, flags_.origin("source-date-epoch"));
    }
    request().created = epoch.value_or(0);
    FileTimes& times = request().file_times;
    const auto fixed = flags_.text("timestamp");
    const bool is_fixed = flags_.holds_against("timestamp", "timestamps");
    if (is_fixed) {
      times.fixed = seconds(*fixed, flags_.origin("timestamp"));
      if (!own) request().created = times.fixed;
    }
    const auto kept = flags_.text("timestamps");
    if (flags_.holds_against("timestamps", "timestamp")) {
      if (*kept != "preserve")
        usage_error(flags_.origin("timestamps") + " takes preserve, not " + shown(*kept));
      if (is_fixed) usage_error("--timestamp and --timestamps=preserve exclude each other");
      times.preserve = true;
    }
    std::optional<bool> typed;
    bool rewrite = flags_.on("rewrite-timestamp");
    if (is_typed("rewrite-timestamp")) typed = rewrite;
    agree(typed, &OutputSpec::rewrite_timestamp, "rewrite-timestamp",
          [&](bool value) { rewrite = value; });
    if (rewrite && !epoch)
      usage_error("rewrite-timestamp needs --source-date-epoch or SOURCE_DATE_EPOCH");
    if (rewrite) times.not_after = epoch;
  }

  static std::int64_t seconds(const std::string& text, const std::string& origin) {
    return static_cast<std::int64_t>(parse_count(text, origin, 0, last_second));
  }

  void read_files() {
    const auto file = [&](const char* name) -> std::optional<fs::path> {
      const auto given = flags_.text(name);
      if (!given) return std::nullopt;
      const fs::path path = io_.resolve(*given);
      check_output_file(path, flags_.origin(name));
      return path;
    };
    out_.iidfile = file("iidfile");
    out_.metadata_file = file("metadata-file");
    out_.digest_file = file("digest-file");
    out_.name_file = file("image-name-with-digest-file");
    out_.tag_file = file("image-name-tag-with-digest-file");
    for (const char* names : {"image-name-with-digest-file", "image-name-tag-with-digest-file"}) {
      if (flags_.has(names) && out_.names.empty())
        usage_error(flags_.origin(names) + " needs at least one -t");
    }
  }

  const ParsedFlags& flags_;
  const Io& io_;
  BuildOptions out_;
  std::vector<OutputSpec> specs_;
};

}  // namespace

BuildOptions parse_source_options(const ParsedFlags& flags, const Io& io) {
  return OptionsReader(flags, io).run_source();
}

void read_standard_input(BuildOptions& options, const Io& io) {
  if (options.dockerfile_from_stdin) options.request.dockerfile_text = io.read_input();
  if (!options.context_from_stdin) return;
  options.context_file = io.keep_input();
  options.request.context_file = ::fileno(options.context_file.get());
}

BuildOptions parse_build_options(const ParsedFlags& flags, const Io& io) {
  return OptionsReader(flags, io).run();
}

}  // namespace ocibuild::program
