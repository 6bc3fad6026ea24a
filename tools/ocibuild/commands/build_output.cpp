// SPDX-License-Identifier: Apache-2.0
#include "commands/build_output.hpp"

#include <poll.h>

#include <algorithm>
#include <system_error>

#include "commands/annotation.hpp"
#include "flags.hpp"
#include "output_file.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view known_keys[] = {
    "type",
    "dest",
    "name",
    "tar",
    "push",
    "compression",
    "compression-level",
    "force-compression",
    "oci-mediatypes",
    "rewrite-timestamp",
};

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 100) + '\'';
}

bool is_directory(OutputContainer container) {
  return container == OutputContainer(ImageContainer::oci_directory) ||
         container == OutputContainer(FilesContainer::directory);
}

bool parse_bool(std::string_view key, std::string_view value) {
  if (value == "true" || value == "1") return true;
  if (value == "false" || value == "0") return false;
  usage_error("-o " + std::string(key) + "= takes true or false, not " + shown(value));
}

[[noreturn]] void unknown_key(const std::string& key) {
  const std::vector<std::string> known(std::begin(known_keys), std::end(known_keys));
  std::string message = "-o has no key " + shown(key);
  if (const auto near = closest_match(key, known)) message += "; did you mean '" + *near + "'?";
  usage_error(message);
}

/// Collects the keys, which may come in any order, and gives them a meaning at the end.
class OutputParser {
public:
  explicit OutputParser(const Io& io) : io_(io) {}

  OutputSpec run(std::string_view text) {
    const std::vector<std::string> fields = csv_fields(text);
    // docker's short forms for a root file system.
    if (fields.size() == 1 && fields.front() == text && text.find('=') == std::string_view::npos) {
      type_ = text == "-" ? "tar" : "local";
      dest_ = std::string(text);
      finish(text);
      return std::move(spec_);
    }
    for (const std::string& field : fields) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) usage_error("-o needs KEY=VALUE, not " + shown(field));
      take(field.substr(0, equals), field.substr(equals + 1));
    }
    finish(text);
    return std::move(spec_);
  }

private:
  void take(const std::string& key, const std::string& value) {
    if (key == "type") {
      type_ = value;
    } else if (key == "dest") {
      dest_ = value;
    } else if (key == "tar") {
      tar_ = parse_bool(key, value);
    } else if (key == "name") {
      take_names(value);
    } else if (key == "compression") {
      spec_.compression = value;
    } else if (key == "compression-level") {
      spec_.compression_level = value;
    } else if (key == "oci-mediatypes") {
      spec_.format = parse_bool(key, value) ? ImageFormat::oci : ImageFormat::docker;
    } else if (key == "rewrite-timestamp") {
      spec_.rewrite_timestamp = parse_bool(key, value);
    } else if (key == "push") {
      spec_.push = parse_bool(key, value);
    } else if (key == "force-compression") {
      spec_.force_compression = parse_bool(key, value);
    } else if (key.starts_with("annotation")) {
      take_annotation(key, value);
    } else {
      unknown_key(key);
    }
  }

  void take_names(std::string_view names) {
    while (!names.empty()) {
      const std::string_view name = names.substr(0, names.find(','));
      spec_.names.push_back(Reference::parse(name));
      names.remove_prefix(std::min(name.size() + 1, names.size()));
    }
  }

  /// "annotation.K", "annotation-TYPE.K", "annotation-TYPE[PLATFORM].K".
  void take_annotation(const std::string& key, const std::string& value) {
    constexpr std::string_view plain = "annotation.";
    constexpr std::string_view typed = "annotation-";
    const std::size_t bracket = key.find(']');
    const std::size_t dot = key.find('.', bracket == std::string::npos ? 0 : bracket);
    if (dot == std::string::npos || dot + 1 == key.size()) unknown_key(key);
    const std::string name = key.substr(dot + 1);
    if (key.starts_with(plain)) {
      spec_.annotations.push_back({name, value});
    } else if (key.starts_with(typed)) {
      spec_.annotations.push_back(annotation_on(
          std::string_view(key).substr(typed.size(), dot - typed.size()), name, value, "-o"));
    } else {
      unknown_key(key);
    }
  }

  void finish(std::string_view text) {
    if (type_.empty())
      usage_error("-o " + shown(text) +
                  " has no type=; use image, registry, oci, docker, tar or local");
    if (type_ == "image" || type_ == "registry") {
      spec_.in_store = type_ == "image";
      spec_.push = spec_.push || type_ == "registry";
      if (dest_)
        usage_error("-o type=" + type_ + " goes to the " + (spec_.in_store ? "store" : "registry") +
                    " and has no dest=; use type=oci or docker for a file");
    } else if (type_ == "oci" || type_ == "oci-archive" || type_ == "oci-layout") {
      const bool directory =
          type_ == "oci-layout" || !tar_.value_or(true) || (dest_ && dest_->ends_with('/'));
      spec_.container = directory ? ImageContainer::oci_directory : ImageContainer::oci_archive;
    } else if (type_ == "docker" || type_ == "docker-archive") {
      spec_.container = ImageContainer::docker_archive;
      spec_.load = spec_.in_store = !dest_;
      if (!tar_.value_or(true))
        usage_error("-o type=docker is always a tar; use type=oci,tar=false for a directory");
    } else if (type_ == "tar") {
      spec_.container = FilesContainer::tar;
    } else if (type_ == "local") {
      spec_.container = FilesContainer::directory;
    } else {
      usage_error("-o has no type " + shown(type_) +
                  "; use image, registry, oci, docker, tar or local");
    }
    if (spec_.push && type_ != "image" && type_ != "registry")
      usage_error("-o type=" + type_ + " writes a file; use --push, or -o type=registry beside it");
    check_file();
  }

  void check_file() {
    spec_.archive = !spec_.in_store && !spec_.push;
    if (!spec_.archive) return;
    if (!dest_ || *dest_ == "-") {
      if (is_directory(spec_.container)) usage_error("-o for a directory needs dest=DIR");
      return check_archive_to_stdout(io_, "-o type=" + type_);
    }
    if (dest_->empty())
      usage_error(is_directory(spec_.container) ? "-o dest= needs the name of a directory"
                                                : "-o dest= needs the name of a file");
    spec_.path = io_.resolve(*dest_);
    check_destination(spec_.container, *spec_.path, "-o dest=");
  }

  const Io& io_;
  OutputSpec spec_;
  std::string type_;
  std::optional<std::string> dest_;
  std::optional<bool> tar_;
};

/// True when nobody will ever read what we write there.
bool reader_is_gone(int descriptor) {
  pollfd state{descriptor, POLLOUT, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & POLLERR) != 0;
}

}  // namespace

std::vector<std::string> csv_fields(std::string_view text) {
  std::vector<std::string> fields(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ',') {
      fields.emplace_back();
    } else if (text[at] != '"') {
      fields.back() += text[at];
    } else if (at != 0 && text[at - 1] != ',') {
      usage_error("a quote inside a field of " + shown(text) +
                  "; quote the whole field: \"name=a,b\"");
    } else {
      const auto is_double = [&] { return text.substr(at, 2) == "\"\""; };
      for (++at; at < text.size() && (text[at] != '"' || is_double()); ++at) {
        at += text[at] == '"' ? 1 : 0;
        fields.back() += text[at];
      }
      const bool closed = at < text.size() && (at + 1 == text.size() || text[at + 1] == ',');
      if (!closed) usage_error("a quoted field of " + shown(text) + " does not end");
    }
  }
  return fields;
}

void check_destination(OutputContainer container, const fs::path& path, const std::string& origin) {
  std::error_code ignored;
  if (!is_directory(container)) return check_output_file(path, origin);
  if (fs::exists(path, ignored) && !fs::is_directory(path, ignored)) {
    usage_error(origin + ": " + shown(path.string()) + " is no directory");
  }
}

void check_archive_to_stdout(const Io& io, const std::string& origin) {
  if (io.out.is_terminal) {
    usage_error(
        origin +
        ": an archive is not written to a terminal; redirect standard output or name a file");
  }
  if (io.out.descriptor < 0)
    usage_error(origin + ": there is no standard output to write an archive to");
}

OutputSpec parse_output(std::string_view text, const Io& io) {
  return OutputParser(io).run(text);
}

namespace {

/// Calls `write` with the place; a standard output whose reader has gone throws ClosedOutput.
template <typename Write>
void write_to(const std::optional<fs::path>& path, const Io& io, const Write& write) {
  if (path) return write(Endpoint(*path));
  try {
    write(Endpoint(io.out.descriptor));
  } catch (const Error&) {
    if (!io.stop.stop_requested() && reader_is_gone(io.out.descriptor)) throw ClosedOutput{};
    throw;
  }
}

}  // namespace

void write_archive(const fs::path& store, const std::vector<SavedImage>& images,
                   ImageContainer container, const std::optional<fs::path>& path, const Io& io) {
  write_to(path, io,
           [&](const Endpoint& place) { save(store, images, container, place, io.stop); });
}

void write_files(const BuildRequest& request, const Descriptor& image, FilesContainer container,
                 const std::optional<fs::path>& path, const Io& io) {
  write_to(path, io, [&](const Endpoint& place) {
    export_files(request.store, request.cache, image, container, place, io.stop);
  });
}

}  // namespace ocibuild::program
