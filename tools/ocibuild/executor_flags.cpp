// SPDX-License-Identifier: Apache-2.0
#include "executor_flags.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>

#include <ocibuild/reference.hpp>

#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

/// One field of a list with commas, whatever it holds.
std::string quoted_field(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

class KanikoTranslator {
public:
  KanikoTranslator(const ParsedFlags& flags, const Io& io) : flags_(flags), io_(io) {}

  KanikoCall run() {
    copy_flags();
    read_retries();
    read_destinations();
    read_outputs();
    read_cache();
    read_mirrors();
    read_display();
    read_context();
    return std::move(out_);
  }

private:
  void give(std::string_view name, std::string_view value) {
    out_.words.push_back("--" + std::string(name) + '=' + std::string(value));
  }

  /// Those that `build` has too, or has under the name that the table of flags gives. Variables and
  /// files are read again for `build`.
  void copy_flags() {
    if (flags_.config) give("config", *flags_.config);
    for (const Flag& flag : flag_table()) {
      const bool shared = (flag.commands & build_command) != 0 && flag.same_as.empty();
      if (!shared || flag.name == "retry" || flags_.level(flag.name) != Level::command_line)
        continue;
      for (const std::string& value : flags_.list(flag.name)) give(flag.name, value);
    }
  }

  void read_retries() {
    std::uint64_t most = 0;
    const std::vector<std::string> given = flags_.list("retry");
    for (const std::string& value : given) {
      most = std::max(most, parse_count(value, "--push-retry or --image-download-retry", 0,
                                        std::numeric_limits<std::uint32_t>::max()));
    }
    if (!given.empty()) give("retry", std::to_string(most));
  }

  void read_destinations() {
    for (const std::string& name : flags_.list("tag"))
      destinations_.push_back(Reference::parse(name));
    const std::string wish = io_.variable("KANIKO_NO_PUSH").value_or("");
    const bool forbidden = wish == "1" || wish == "true";
    if (forbidden) give("no-push", "true");
    pushes_ = !forbidden && !flags_.on("no-push");
    if (pushes_ && destinations_.empty())
      usage_error("there is no --destination to push to; --no-push builds without one");
    if (pushes_) give("push", "true");
    if (!flags_.on("skip-tls-verify")) return;
    for (const Reference& name : destinations_) give("insecure-registry", name.registry);
  }

  void read_outputs() {
    if (const auto file = flags_.text("tar-path"))
      give("output", "type=docker," + quoted_field("dest=" + *file));
    if (const auto directory = flags_.text("oci-layout-path"))
      give("output", "type=oci,tar=false," + quoted_field("dest=" + *directory));
  }

  /// That a cache cannot be written is a warning, as it is for kaniko.
  void read_cache() {
    if (!flags_.on("cache")) return;
    auto place = flags_.text("cache-repo");
    if (!place && !pushes_)
      usage_error("--cache without a push needs --cache-repo: where the layers are shared");
    if (!place)
      place = destinations_.front().registry + '/' + destinations_.front().repository + "/cache";
    const bool local = place->starts_with("oci:");
    const std::string name = local ? place->substr(4) : *place;
    const std::string type = local ? "type=local," : "type=registry,";
    give("cache-from", type + quoted_field((local ? "src=" : "ref=") + name));
    if (flags_.on("no-push-cache")) return;
    give("cache-to", type + quoted_field((local ? "dest=" : "ref=") + name) + ",ignore-error=true");
  }

  void read_mirrors() {
    std::vector<std::string> maps = flags_.list("registry-map");
    if (const auto more = io_.variable("KANIKO_REGISTRY_MAP")) maps.push_back(*more);
    for (const std::string& map : maps) {
      for (std::string_view rest = map; !rest.empty();) {
        const std::string_view pair = rest.substr(0, rest.find(';'));
        if (pair.find('=') == std::string_view::npos)
          usage_error("--registry-map takes REGISTRY=HOST, not '" + terminal_text(pair) + "'");
        give("registry-mirror", pair);
        rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      }
    }
    if (const auto mirror = io_.variable("KANIKO_REGISTRY_MIRROR"))
      give("registry-mirror", *mirror);
  }

  void read_display() {
    const std::string format = flags_.text("log-format").value_or("");
    if (format == "text" || format == "color") {
      give("color", format == "text" ? "never" : "always");
    } else if (format == "json") {
      give("progress", "rawjson");
    } else if (!format.empty()) {
      usage_error("--log-format takes text, color or json, not '" + terminal_text(format) + "'");
    }
    const std::string level = flags_.text("verbosity").value_or("info");
    const auto is = [&](auto... words) { return ((level == words) || ...); };
    if (is("debug", "trace")) {
      give("debug", "true");
    } else if (is("error", "fatal", "panic")) {
      give("progress", "quiet");
    } else if (!is("info", "warn", "warning")) {
      usage_error("--verbosity takes trace, debug, info, warn, error, fatal or panic, not '" +
                  terminal_text(level) + "'");
    }
  }

  void read_context() {
    if (!flags_.arguments.empty()) {
      usage_error("executor takes flags only, and '" + terminal_text(flags_.arguments.front()) +
                  "' is none; the context is --context DIR");
    }
    if (!flags_.has("file")) give("file", "Dockerfile");
    std::string context = flags_.text("context").value_or("/workspace");
    const auto directory = flags_.text("context-sub-path");
    if (context.starts_with("tar://")) {
      if (directory)
        usage_error("--context-sub-path is for a directory; make the tar of that directory");
      if (context != "tar://stdin") out_.context_archive = context.substr(6);
      context = "-";
    } else {
      if (context.starts_with("dir://")) context.erase(0, 6);
      if (context.find("://") != std::string::npos) {
        usage_error("--context " + terminal_text(context) +
                    ": contexts are not fetched; use dir://DIR or tar://FILE");
      }
      if (directory) context = (std::filesystem::path(context) / *directory).string();
    }
    out_.words.insert(out_.words.end(), {"--", context});
  }

  const ParsedFlags& flags_;
  const Io& io_;
  KanikoCall out_{};
  std::vector<Reference> destinations_;
  bool pushes_ = true;
};

}  // namespace

KanikoCall words_of_build(const ParsedFlags& flags, const Io& io) {
  return KanikoTranslator(flags, io).run();
}

UnnamedFile use_kaniko_flags(ParsedFlags& flags, Io& io) {
  const KanikoCall call = words_of_build(flags, io);
  UnnamedFile context;
  if (call.context_archive) {
    const std::filesystem::path path = io.resolve(*call.context_archive);
    context.reset(std::fopen(path.c_str(), "rbe"), [](std::FILE* file) {
      if (file != nullptr) std::fclose(file);
    });
    if (context == nullptr) {
      usage_error("--context tar://" + terminal_text(*call.context_archive) +
                  ": the file cannot be read");
    }
    io.in = ::fileno(context.get());
    io.in_is_terminal = false;
  }
  std::vector<std::string> without_effect = std::move(flags.without_effect);
  flags = parse_flags(build_command, call.words, io.environment);
  flags.without_effect = std::move(without_effect);
  return context;
}

}  // namespace ocibuild::program
