// SPDX-License-Identifier: Apache-2.0
#include "manual.hpp"

#include <algorithm>
#include <utility>

#include <ocibuild/version.hpp>

#include "config_file.hpp"
#include "help.hpp"
#include "program.hpp"

namespace ocibuild::program {

namespace {

/// Text for roff: what it would take for a request or an escape is written out.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\n') {
      out += "\n\\&";
    } else {
      out += c;
    }
  }
  return "\\&" + out;
}

std::string bold(std::string_view text) {
  return "\\fB" + plain(text) + "\\fR";
}

class Page {
public:
  Page(std::string_view name, char section, std::string_view summary) {
    out_ = ".\\\" Made by ocibuild from its table of flags.\n.TH " + plain(name) + ' ' + section +
           " \"\" \"ocibuild " + version + "\" \"ocibuild manual\"\n.nh\n.ad l\n";
    heading("Name");
    out_ += plain(name) + " \\- " + plain(summary) + '\n';
  }

  void heading(std::string_view title) { out_ += ".SH " + plain(title) + '\n'; }
  void part(std::string_view title) { out_ += ".SS " + plain(title) + '\n'; }
  void paragraph(std::string_view text) { out_ += ".P\n" + plain(text) + '\n'; }
  void entry(std::string_view head, std::string_view text) {
    out_ += ".TP\n" + bold(head) + '\n' + plain(text) + '\n';
  }
  void literal(std::string_view text) { out_ += ".P\n.nf\n.RS 4\n" + plain(text) + "\n.RE\n.fi\n"; }
  std::string str() && { return std::move(out_); }

private:
  std::string out_;
};

/// "Build an image" of "Build an image. And more."
std::string first_sentence(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find(". "), text.size() - 1)));
}

void add_status(Page& page) {
  page.heading("Exit status");
  for (const auto& [code, meaning] : exit_codes()) page.entry(code, meaning);
}

void add_flag(Page& page, const Flag& flag) {
  std::string text;
  switch (flag.status) {
    case FlagStatus::honoured:
      text = flag_text(flag);
      break;
    case FlagStatus::without_effect:
      text = "taken, with nothing to act on here";
      break;
    case FlagStatus::refused:
      text = "refused: " + std::string(flag.help);
      break;
  }
  page.entry(flag_head(flag, false), text);
}

void add_flags(Page& page, const CommandInfo& command) {
  const auto add = [&](std::string_view title, auto wanted) {
    bool first = true;
    for (const Flag& flag : flag_table()) {
      if ((flag.commands & command.id) == 0 || !wanted(flag)) continue;
      if (first) page.part(title);
      first = false;
      add_flag(page, flag);
    }
  };
  page.heading("Flags");
  for (const auto& [group, title] : flag_groups()) {
    add(title, [group = group](const Flag& flag) {
      return flag.status == FlagStatus::honoured && flag.group == group;
    });
  }
  add("From other tools",
      [](const Flag& flag) { return flag.status == FlagStatus::without_effect; });
  add("Not carried out", [](const Flag& flag) { return flag.status == FlagStatus::refused; });
}

std::string root_page() {
  Page page("ocibuild", '1', "build container images from Dockerfiles without a daemon");
  page.heading("Synopsis");
  page.literal("ocibuild [FLAGS] [PATH]\nocibuild COMMAND [FLAGS] [ARGS]");
  page.heading("Description");
  page.paragraph(
      "Makes an image of a Dockerfile and a directory, keeps it in a store, sends it to registries "
      "or writes it to files. Without a command it is the command build.");
  page.heading("Commands");
  for (const CommandInfo& command : command_table()) page.entry(command.name, command.summary);
  page.entry("help [COMMAND]", "Show every flag of a command.");
  add_status(page);
  page.heading("See also");
  std::string pages = "ocibuild-config.toml(5)";
  for (const CommandInfo& command : command_table()) pages += ", " + page_name(command) + "(1)";
  page.paragraph(pages);
  return std::move(page).str();
}

std::string command_page(const CommandInfo& command) {
  Page page(page_name(command), '1', first_sentence(command.summary));
  page.heading("Synopsis");
  page.literal("ocibuild " + std::string(command.name) + " [FLAGS] " +
               std::string(command.arguments));
  page.heading("Description");
  page.paragraph(command.summary);
  if (!command.alias.empty()) page.paragraph("Also called " + std::string(command.alias) + ".");
  if (!command.example.empty()) {
    page.heading("Example");
    page.literal(command.example);
  }
  add_flags(page, command);
  page.heading("Environment");
  page.paragraph(
      "A flag that build has too is also read from OCIBUILD_ and its name: OCIBUILD_CACERT for "
      "--cacert. A list has one value a line there. The command line wins.");
  page.heading("See also");
  page.paragraph("ocibuild(1), ocibuild-config.toml(5)");
  return std::move(page).str();
}

std::string_view type_of(const Flag& flag) {
  switch (flag.kind) {
    case FlagKind::boolean:
      return "true or false";
    case FlagKind::list:
      return "list of texts";
    case FlagKind::text:
    case FlagKind::optional_text:
      break;
  }
  return "text";
}

std::string config_page() {
  Page page("ocibuild-config.toml", '5', "what ocibuild does unless it is told otherwise");
  page.heading("Description");
  page.paragraph(
      "Two files, each of which may be missing, give what neither flags nor variables say: the "
      "user's, and below it the system's. Their keys are flags without dashes. --config names "
      "another file in place of both; --config none reads none, those of podman and docker "
      "included.");
  page.heading("Files");
  page.literal(
      "$XDG_CONFIG_HOME/ocibuild/config.toml\n~/.config/ocibuild/config.toml, without that "
      "variable\n"
      "/etc/ocibuild/config.toml");
  page.heading("Example");
  page.literal(
      "pull = \"missing\"\ncacert = [\"/etc/ssl/acme-ca.pem\"]\n[registry.\"docker.io\"]\n"
      "mirrors = [\"harbor.corp/hub\"]\nmirror-only = true\nca = \"/etc/ssl/corp.pem\"\n"
      "[cache]\nmax-used-space = \"20GB\"");
  page.heading("Settings");
  for (const auto& [group, title] : flag_groups()) {
    bool first = true;
    for (const Flag& flag : flag_table()) {
      if (!is_setting(flag) || flag.group != group) continue;
      if (first) page.part(title);
      first = false;
      page.entry(flag.name, std::string(type_of(flag)) + ": " + flag_text(flag));
    }
  }
  page.heading("Registries");
  page.paragraph("In a table [registry.\"HOST[:PORT]\"]:");
  page.entry("mirrors", "list of HOST[:PORT][/PREFIX]: asked before the registry");
  page.entry("mirror-only", "true or false: the registry itself is not asked");
  page.entry("insecure", "true or false: unverified TLS, then plain HTTP");
  page.entry("ca", "file or list of files: trusted for this registry");
  page.entry("cert", "file: shown to this registry; with key");
  page.entry("key", "file: belongs to cert");
  page.heading("Cache");
  page.paragraph("In the table [cache]:");
  page.entry("max-used-space",
             "size: what no image with a name needs takes no more; looked at after each build, and "
             "by ocibuild cache gc");
  page.heading("See also");
  page.paragraph("ocibuild(1), ocibuild-build(1), containers-registries.conf(5)");
  return std::move(page).str();
}

}  // namespace

std::string page_name(const CommandInfo& command) {
  std::string out = "ocibuild-" + std::string(command.name);
  std::replace(out.begin(), out.end(), ' ', '-');
  return out;
}

std::optional<std::string> manual_page(std::string_view name) {
  if (name == "ocibuild") return root_page();
  if (name == "ocibuild-config.toml") return config_page();
  for (const CommandInfo& command : command_table()) {
    if (name == page_name(command)) return command_page(command);
  }
  return std::nullopt;
}

}  // namespace ocibuild::program
