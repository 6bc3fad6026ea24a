// SPDX-License-Identifier: Apache-2.0
#include "build/copy_errors.hpp"

#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;
using support::escape_controls;

namespace {

/// The nearest existing path: the deepest directory on the way that exists, and the name in it most
/// like the next one.
std::optional<std::string> nearest_path(const oci::FileTree& tree, const oci::RootfsPath& wanted) {
  oci::RootfsPath directory;
  for (const oci::RootfsPath& parent : wanted.parents()) {
    const auto file = tree.lookup(parent);
    if (!file || !file->entry.is_directory()) break;
    directory = parent;
  }
  const std::string_view rest = wanted.relative_to(directory);
  const std::string name(rest.substr(0, rest.find('/')));
  const auto match = closest_match(name, tree.list(directory));
  if (!match) return std::nullopt;
  return (directory / *match).str() + std::string(rest.substr(name.size()));
}

std::string what_it_is(const oci::Entry& entry) {
  switch (entry.type) {
    case oci::EntryType::directory:
      return "a directory";
    case oci::EntryType::symlink:
      return concat("a symbolic link to ", support::quote(entry.link_target));
    case oci::EntryType::fifo:
      return "a FIFO";
    case oci::EntryType::character_device:
    case oci::EntryType::block_device:
      return "a device";
    case oci::EntryType::regular:
    case oci::EntryType::hard_link:
      return "a file";
  }
  return "a file";
}

}  // namespace

void report_source_missing(dockerfile::Findings& findings, const plan::Text& source,
                           const CopyOrigin& origin) {
  const oci::RootfsPath path(source.text);
  const std::string shown = escape_controls(source.text);
  const std::string clean = escape_controls(path.str());
  const std::string message = concat("'", shown, "' is not in ", origin.name);
  if (oci::leaves_root(source.text)) {
    return findings.error(
        "copy-outside-context", message, source.span,
        {.notes = {concat("'", shown, "' means '", clean, "': nothing outside ", origin.name,
                          " can be read")},
         .helps = {"copy the file into the context first, or build with a context further up"}});
  }
  dockerfile::Explanation why;
  const auto culprit = origin.context != nullptr ? origin.context->hidden_by(path) : std::nullopt;
  const auto link = origin.tree.lookup(path);
  if (culprit) {
    why.notes.push_back(concat("./", clean, " exists, but ", culprit->file, ":", culprit->line,
                               " '", escape_controls(culprit->pattern), "' leaves it out"));
    why.helps.push_back(concat("add '!", clean, "' below that line"));
  } else if (link && link->entry.type == oci::EntryType::symlink) {
    why.notes.push_back(concat("it is a symbolic link to ", support::quote(link->entry.link_target),
                               ", which is not in ", origin.name));
  } else if (const auto nearest = nearest_path(origin.tree, path)) {
    why.helps.push_back(concat("did you mean '", escape_controls(*nearest), "'?"));
  }
  findings.error("copy-source-missing", message, source.span, std::move(why));
}

void report_destination_blocked(const StepPlace& place, const InTheWay& blocked,
                                const dockerfile::Span& span) {
  dockerfile::Explanation why;
  const std::string maker = place.image.made_by(blocked.entry.path);
  if (blocked.is_new) {
    why.notes.push_back("the same instruction made it");
  } else if (!maker.empty()) {
    why.notes.push_back(concat("it comes from ", escape_controls(maker)));
  }
  if (blocked.entry.is_directory()) {
    why.helps.push_back("end the destination in '/' to copy into that directory");
  } else {
    why.notes.push_back(
        "a copied directory never replaces a file or link of the image, and a file never a "
        "directory");
  }
  place.findings.error(
      "destination-blocked",
      concat("'", escape_controls(blocked.entry.path.absolute()), "' in the image is ",
             what_it_is(blocked.entry), ", not ", blocked.wanted),
      span, std::move(why));
}

void warn_account_unknown(dockerfile::Findings& findings, const rootfs::UnknownAccount& account,
                          const dockerfile::Span& span) {
  dockerfile::Explanation why;
  if (account.nearest) {
    why.helps.push_back(concat("did you mean '", escape_controls(*account.nearest), "'?"));
  }
  findings.warning("chown-unknown",
                   concat("'", escape_controls(account.name), "' is not in ", account.file,
                          " of the image, 0 is used as docker does"),
                   span, std::move(why));
}

}  // namespace ocibuild::engine
