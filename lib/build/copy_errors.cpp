// SPDX-License-Identifier: Apache-2.0
#include "build/copy_errors.hpp"

#include "support/text.hpp"

namespace ocibuild::engine {

using support::concat;
using support::escape_controls;

namespace {

/// True when ".." in `path` leaves the root, wherever it comes back to.
bool leaves_root(std::string_view path) {
  int depth = 0;
  for (const std::string& component : support::split(path, '/')) {
    if (component == "..") --depth;
    if (!component.empty() && component != "." && component != "..") ++depth;
    if (depth < 0) return true;
  }
  return false;
}

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

Diagnostic source_missing(const plan::Text& source, const CopyOrigin& origin,
                          const dockerfile::SourceText& text) {
  const oci::RootfsPath path(source.text);
  const std::string shown = escape_controls(source.text);
  Diagnostic out{"copy-source-missing",
                 concat("'", shown, "' is not in ", origin.name),
                 text.range(source.span),
                 {},
                 {}};
  if (leaves_root(source.text)) {
    out.id = "copy-outside-context";
    out.notes.push_back(concat("'", shown, "' means '", escape_controls(path.str()),
                               "': nothing outside ", origin.name, " can be read"));
    out.helps.push_back("copy the file into the context first, or build with a context further up");
    return out;
  }
  if (origin.context != nullptr) {
    if (const auto culprit = origin.context->hidden_by(path)) {
      out.notes.push_back(concat("./", escape_controls(path.str()), " exists, but ", culprit->file,
                                 ":", culprit->line, " '", escape_controls(culprit->pattern),
                                 "' leaves it out"));
      out.helps.push_back(concat("add '!", escape_controls(path.str()), "' below that line"));
      return out;
    }
  }
  const auto link = origin.tree.lookup(path);
  if (link && link->entry.type == oci::EntryType::symlink) {
    out.notes.push_back(concat("it is a symbolic link to ", support::quote(link->entry.link_target),
                               ", which is not in ", origin.name));
  } else if (const auto nearest = nearest_path(origin.tree, path)) {
    out.helps.push_back(concat("did you mean '", escape_controls(*nearest), "'?"));
  }
  return out;
}

Diagnostic destination_blocked(const InTheWay& blocked, const dockerfile::Span& span,
                               const dockerfile::SourceText& text) {
  const std::string path = escape_controls(blocked.entry.path.absolute());
  Diagnostic out{
      "destination-blocked",
      concat("'", path, "' in the image is ", what_it_is(blocked.entry), ", not ", blocked.wanted),
      text.range(span),
      {},
      {}};
  if (blocked.entry.is_directory()) {
    out.helps.push_back(concat("end the destination in '/' to copy into that directory"));
  } else {
    out.notes.push_back(
        "a copied directory never replaces a file or link of the image, and a file never a "
        "directory");
  }
  return out;
}

Diagnostic account_unknown(const rootfs::UnknownAccount& account, const dockerfile::Span& span,
                           const dockerfile::SourceText& text) {
  Diagnostic out{"chown-unknown",
                 concat("'", escape_controls(account.name), "' is not in ", account.file,
                        " of the image, 0 is used as docker does"),
                 text.range(span),
                 {},
                 {}};
  if (account.nearest)
    out.helps.push_back(concat("did you mean '", escape_controls(*account.nearest), "'?"));
  return out;
}

}  // namespace ocibuild::engine
