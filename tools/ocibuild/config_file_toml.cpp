// SPDX-License-Identifier: Apache-2.0
#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

#include <ocibuild/error.hpp>
#include <ocibuild/reference.hpp>

#include "config_file.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

std::string in_quotes(std::string_view text) {
  return '"' + terminal_text(text, 100) + '"';
}

/// The line that a mistake is in, for the excerpt.
std::string line_of(std::string_view text, unsigned number) {
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

class Reader {
public:
  Reader(std::string_view text, const fs::path& file) : text_(text), file_(file) {}

  ConfigFile read() {
    read_root(parse());
    if (faults_.empty()) return std::move(out_);
    std::stable_sort(faults_.begin(), faults_.end(), [](const Diagnostic& a, const Diagnostic& b) {
      return a.where->line < b.where->line;
    });
    throw Error(Errc::usage, std::move(faults_));
  }

private:
  toml::table parse() {
    try {
      return toml::parse(text_, file_.string());
    } catch (const toml::parse_error& error) {
      fault(error.source(), "not valid TOML: " + std::string(error.description()));
      throw Error(Errc::usage, std::move(faults_));
    }
  }

  void fault(const toml::source_region& at, const std::string& message,
             const std::vector<std::string>& helps = {}) {
    const unsigned line = at.begin.line;
    const bool one_line = at.end.line == line && at.end.column > at.begin.column;
    SourceRange where{.file = file_.string(),
                      .line = line,
                      .column = at.begin.column,
                      .length = one_line ? at.end.column - at.begin.column : 1,
                      .label = {},
                      .first_line = line,
                      .excerpt = {line_of(text_, line)}};
    faults_.push_back({.id = "config-invalid", .message = message, .where = where, .helps = helps});
  }

  void read_root(const toml::table& root) {
    for (const auto& [key, node] : root) {
      if (key == "registry") {
        read_registries(node);
      } else if (key == "cache") {
        read_cache(node);
      } else if (const Flag* flag = find_setting(key)) {
        read_setting(*flag, key, node);
      }
    }
  }

  const Flag* find_setting(const toml::key& key) {
    const std::string name(key.str());
    const Flag* flag = find_flag(build_command, name);
    if (flag != nullptr && is_setting(*flag)) return flag;
    if (flag == nullptr) {
      std::vector<std::string> known{"cache", "registry"};
      for (const Flag& one : flag_table()) {
        if (is_setting(one)) known.emplace_back(one.name);
      }
      unknown(key, "there is no setting " + in_quotes(name), known);
    } else if (flag->status == FlagStatus::refused) {
      fault(key.source(), in_quotes(name) + " is refused: " + std::string(flag->help));
    } else {
      fault(key.source(),
            in_quotes(name) + " is for the command line only, as it is about one build");
    }
    return nullptr;
  }

  void unknown(const toml::key& key, const std::string& message,
               const std::vector<std::string>& known) {
    const auto near = closest_match(key.str(), known);
    std::vector<std::string> helps;
    if (near) helps.push_back("did you mean " + in_quotes(*near) + "?");
    fault(key.source(), message, helps);
  }

  void read_setting(const Flag& flag, const toml::key& key, const toml::node& node) {
    std::vector<std::string> values = values_of(flag, std::string(key.str()), node);
    if (values.empty()) return;
    for (std::string& value : values) rebase(flag, value);
    const std::string name(flag.same_as.empty() ? flag.name : flag.same_as);
    if (!names_.insert(name).second)
      return fault(key.source(), in_quotes(key.str()) + " is the same as " + in_quotes(name));
    out_.settings[std::string(flag.name)] = {std::move(values), origin(flag.name, key)};
  }

  std::vector<std::string> values_of(const Flag& flag, const std::string& name,
                                     const toml::node& node) {
    if (flag.kind == FlagKind::list) return strings(name, node);
    const auto boolean = node.value_exact<bool>();
    if (boolean && flag.kind != FlagKind::text) return {*boolean ? "true" : "false"};
    if (flag.kind == FlagKind::boolean) {
      fault(node.source(), in_quotes(name) + " takes true or false, without quotes");
      return {};
    }
    if (const auto number = node.value_exact<std::int64_t>()) return {std::to_string(*number)};
    const auto text = string(name, node);
    return text ? std::vector{*text} : std::vector<std::string>{};
  }

  std::optional<std::string> string(const std::string& name, const toml::node& node) {
    const auto text = node.value_exact<std::string>();
    if (!text) fault(node.source(), in_quotes(name) + " takes a text in quotes");
    return text;
  }

  /// One text is a list of one.
  std::vector<std::string> strings(const std::string& name, const toml::node& node) {
    if (const auto one = node.value_exact<std::string>()) return {*one};
    const toml::array* list = node.as_array();
    if (list == nullptr) {
      fault(node.source(), in_quotes(name) + " takes a list of texts: [\"…\", \"…\"]");
      return {};
    }
    std::vector<std::string> out;
    for (const toml::node& element : *list) {
      if (auto text = string(name, element)) out.push_back(*std::move(text));
    }
    return out;
  }

  /// Files that tell how to work lie near the configuration; those that a build writes do not.
  void rebase(const Flag& flag, std::string& value) const {
    if (flag.group == FlagGroup::output) return;
    if (flag.value == "FILE" || flag.value == "DIR") value = beside(value);
    if (!flag.value.starts_with("HOST=")) return;
    std::string out = value.substr(0, value.find('=') + 1);
    std::string_view files = std::string_view(value).substr(out.size());
    while (!files.empty()) {
      const std::string_view one = files.substr(0, files.find(','));
      out += beside(one);
      files.remove_prefix(one.size());
      if (files.empty()) break;
      out += ',';
      files.remove_prefix(1);
    }
    value = out;
  }

  std::string beside(std::string_view path) const {
    return path.empty() ? std::string() : (file_.parent_path() / path).lexically_normal().string();
  }

  void read_cache(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) return fault(node.source(), "\"cache\" is no table: write [cache]");
    for (const auto& [key, value] : *table) {
      const std::string name(key.str());
      if (name != "max-used-space") {
        unknown(key, "[cache] has no setting " + in_quotes(name), {"max-used-space"});
      } else if (const auto bytes = value.value_exact<std::int64_t>()) {
        out_.max_used_space = {std::to_string(*bytes), origin(name, key)};
      } else if (auto text = string(name, value)) {
        out_.max_used_space = {*std::move(text), origin(name, key)};
      }
    }
  }

  void read_registries(const toml::node& node) {
    const toml::table* tables = node.as_table();
    if (tables == nullptr)
      return fault(node.source(), "\"registry\" is no table: write [registry.\"HOST\"]");
    for (const auto& [key, inner] : *tables) {
      const toml::table* table = inner.as_table();
      const auto registry = registry_name(key);
      if (!registry) continue;
      if (table == nullptr) {
        fault(inner.source(), "settings of a registry are a table: write [registry.\"HOST\"]");
        continue;
      }
      RegistrySettings settings{.registry = *registry, .origin = origin({}, key)};
      for (const auto& [name, value] : *table) read_registry(name, value, settings);
      if (settings.certificate.empty() != settings.key.empty())
        fault(inner.source(), "\"cert\" and \"key\" of a registry belong together");
      out_.registries.push_back(std::move(settings));
    }
  }

  std::optional<std::string> registry_name(const toml::key& key) {
    try {
      const Reference name = Reference::parse(std::string(key.str()) + "/x");
      if (name.repository == "x" || name.repository == "library/x") return name.registry;
    } catch (const Error&) {
      // Told below, in our words.
    }
    fault(key.source(), in_quotes(key.str()) + " is no registry: write [registry.\"HOST[:PORT]\"]");
    return std::nullopt;
  }

  void read_registry(const toml::key& key, const toml::node& node, RegistrySettings& out) {
    const std::string name(key.str());
    if (name == "mirrors") {
      out.mirrors = strings(name, node);
      check_mirrors(node, out.mirrors);
    } else if (name == "ca") {
      for (const std::string& file : strings(name, node)) out.authorities.push_back(beside(file));
    } else if (name == "cert" || name == "key") {
      (name == "cert" ? out.certificate : out.key) = beside(string(name, node).value_or(""));
    } else if (name == "mirror-only" || name == "insecure") {
      const auto value = node.value_exact<bool>();
      if (!value) return fault(node.source(), in_quotes(name) + " takes true or false");
      (name == "insecure" ? out.insecure : out.mirror_only) = *value;
    } else {
      unknown(key, "a registry has no setting " + in_quotes(name),
              {"mirrors", "mirror-only", "insecure", "ca", "cert", "key"});
    }
  }

  void check_mirrors(const toml::node& node, const std::vector<std::string>& mirrors) {
    for (const std::string& mirror : mirrors) {
      try {
        Reference::parse(mirror + "/x");
      } catch (const Error&) {
        fault(node.source(), "the mirror " + in_quotes(mirror) + " is no HOST[:PORT][/PREFIX]");
      }
    }
  }

  std::string origin(std::string_view name, const toml::key& key) const {
    const std::string place =
        terminal_text(file_.string()) + ':' + std::to_string(key.source().begin.line);
    return name.empty() ? place : std::string(name) + " (" + place + ')';
  }

  std::string_view text_;
  const fs::path& file_;
  ConfigFile out_;
  std::set<std::string> names_;  ///< of flags, one of several that mean the same
  std::vector<Diagnostic> faults_;
};

}  // namespace

ConfigFile parse_config(std::string_view text, const fs::path& file) {
  return Reader(text, file).read();
}

}  // namespace ocibuild::program
