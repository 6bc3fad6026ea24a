// SPDX-License-Identifier: Apache-2.0
// The only user of toml++ in the library.
#include <toml++/toml.h>

#include <ocibuild/error.hpp>

#include "registry/registries_conf.hpp"
#include "support/text.hpp"

namespace ocibuild::registry {

using support::concat;
using support::quote;

namespace {

/// The line that a fault is in, for the excerpt.
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
  Reader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  RegistriesConf read() {
    RegistriesConf out;
    const toml::table root = parse();
    if (const toml::node* search = root.get("unqualified-search-registries")) {
      out.search = strings(*search, "unqualified-search-registries");
      for (const std::string& host : *out.search) location(*search, host);
      out.version_2_file = file_;
    }
    if (const toml::node* aliases = root.get("aliases")) read_aliases(*aliases, out);
    if (const toml::node* list = root.get("registry")) {
      out.version_2_file = file_;
      const toml::array* tables = list->as_array();
      if (tables == nullptr)
        invalid(*list, "\"registry\" is no list of tables: write [[registry]]");
      for (const toml::node& node : *tables) out.registries.push_back(read_registry(node));
    }
    if (const toml::node* old = root.get("registries")) read_version_1(*old, out);
    return out;
  }

private:
  toml::table parse() const {
    try {
      return toml::parse(text_, file_);
    } catch (const toml::parse_error& error) {
      fail(error.source().begin, concat("not valid TOML: ", error.description()));
    }
  }

  [[noreturn]] void fail(const toml::source_position& at, const std::string& message) const {
    SourceRange where{.file = file_,
                      .line = at.line,
                      .column = at.column,
                      .length = 1,
                      .label = {},
                      .first_line = at.line,
                      .excerpt = {line_of(text_, at.line)}};
    throw Error(Errc::usage,
                Diagnostic{.id = "config-invalid", .message = message, .where = std::move(where)});
  }

  [[noreturn]] void invalid(const toml::node& node, const std::string& message) const {
    fail(node.source().begin, message);
  }

  std::string string(const toml::node& node, std::string_view key) const {
    if (const auto value = node.value_exact<std::string>()) return *value;
    invalid(node, concat(quote(key), " is no string"));
  }

  std::string string_member(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    return node == nullptr ? std::string() : string(*node, key);
  }

  bool bool_member(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return false;
    if (const auto value = node->value_exact<bool>()) return *value;
    invalid(*node, concat(quote(key), " is neither true nor false"));
  }

  std::vector<std::string> strings(const toml::node& node, std::string_view key) const {
    const toml::array* list = node.as_array();
    if (list == nullptr) invalid(node, concat(quote(key), " is no list"));
    std::vector<std::string> out;
    for (const toml::node& element : *list) out.push_back(string(element, key));
    return out;
  }

  const toml::table& table(const toml::node& node, std::string_view key) const {
    const toml::table* found = node.as_table();
    if (found == nullptr) invalid(node, concat(quote(key), " is no table"));
    return *found;
  }

  Location location(const toml::node& node, const std::string& text) const {
    if (text.find("://") != std::string::npos)
      invalid(node, concat(quote(text), " has a scheme: write HOST[:PORT][/PATH]"));
    auto out = parse_location(text);
    if (!out) invalid(node, concat(quote(text), " is no HOST[:PORT][/PATH]"));
    return *std::move(out);
  }

  void read_aliases(const toml::node& node, RegistriesConf& out) const {
    for (const auto& [name, value] : table(node, "aliases")) {
      const std::string target = string(value, "aliases");
      if (!target.empty() && location(value, target).path.empty())
        invalid(value, concat("the alias ", quote(target), " is no HOST/PATH"));
      out.aliases.emplace(name.str(), target);
    }
  }

  RegistryTable read_registry(const toml::node& node) const {
    const toml::table& from = table(node, "registry");
    RegistryTable out{.file = file_, .line = node.source().begin.line};
    const std::string place = string_member(from, "location");
    out.prefix = string_member(from, "prefix");
    if (out.prefix.empty()) out.prefix = place;
    if (out.prefix.empty()) invalid(node, "a [[registry]] needs \"prefix\" or \"location\"");
    while (out.prefix.ends_with('/')) out.prefix.pop_back();
    check_prefix(node, out.prefix);
    if (!place.empty()) {
      out.location = location(*from.get("location"), place);
    } else if (!out.prefix.starts_with("*.")) {
      invalid(node, concat("\"location\" is missing for the prefix ", quote(out.prefix)));
    }
    out.insecure = bool_member(from, "insecure");
    out.blocked = bool_member(from, "blocked");
    read_mirrors(from, out);
    return out;
  }

  void check_prefix(const toml::node& node, const std::string& prefix) const {
    if (prefix.find("://") != std::string::npos)
      invalid(node,
              concat("the prefix ", quote(prefix), " has a scheme: write HOST[:PORT][/PATH]"));
    if (prefix.find('*') == std::string::npos) return;
    const bool whole = prefix.starts_with("*.") && prefix.size() > 2 &&
                       prefix.find_first_of("*/:@", 1) == std::string::npos;
    if (!whole)
      invalid(node, concat("the prefix ", quote(prefix), " is no *.DOMAIN without port and path"));
  }

  void read_mirrors(const toml::table& from, RegistryTable& out) const {
    const bool digests_only = bool_member(from, "mirror-by-digest-only");
    const toml::node* list = from.get("mirror");
    if (list == nullptr) return;
    const toml::array* tables = list->as_array();
    if (tables == nullptr) invalid(*list, "\"mirror\" is no list: write [[registry.mirror]]");
    for (const toml::node& node : *tables) {
      const toml::table& mirror = table(node, "registry.mirror");
      const toml::node* place = mirror.get("location");
      if (place == nullptr) invalid(node, "a [[registry.mirror]] needs \"location\"");
      out.mirrors.push_back({.location = location(*place, string(*place, "location")),
                             .insecure = bool_member(mirror, "insecure"),
                             .pulls = pulls(mirror, digests_only)});
    }
  }

  MirrorTable::Pulls pulls(const toml::table& mirror, bool digests_only) const {
    using Pulls = MirrorTable::Pulls;
    const toml::node* node = mirror.get("pull-from-mirror");
    if (node == nullptr) return digests_only ? Pulls::by_digest : Pulls::all;
    if (digests_only)
      invalid(*node, "\"pull-from-mirror\" and \"mirror-by-digest-only\" exclude each other");
    const std::string value = string(*node, "pull-from-mirror");
    if (value == "all") return Pulls::all;
    if (value == "digest-only") return Pulls::by_digest;
    if (value == "tag-only") return Pulls::by_tag;
    invalid(*node, concat(quote(value), " is none of all, digest-only and tag-only"));
  }

  void read_version_1(const toml::node& node, RegistriesConf& out) const {
    const toml::table& old = table(node, "registries");
    out.version_1_file = file_;
    std::map<std::string, RegistryTable> tables;
    const auto each = [&](const char* key, bool RegistryTable::*flag) {
      const toml::node* section = old.get(key);
      if (section == nullptr) return;
      const toml::node* list = table(*section, key).get("registries");
      if (list == nullptr) return;
      for (const std::string& host : strings(*list, "registries")) {
        const Location place = location(*list, host);
        RegistryTable& entry = tables[place.str()];
        entry.prefix = place.str();
        entry.location = place;
        entry.file = file_;
        entry.line = list->source().begin.line;
        entry.*flag = true;
      }
    };
    each("insecure", &RegistryTable::insecure);
    each("block", &RegistryTable::blocked);
    for (auto& [host, entry] : tables) out.registries.push_back(std::move(entry));
  }

  std::string_view text_;
  const std::string& file_;
};

}  // namespace

RegistriesConf parse_registries_conf(std::string_view text, const std::string& file) {
  return Reader(text, file).read();
}

}  // namespace ocibuild::registry
