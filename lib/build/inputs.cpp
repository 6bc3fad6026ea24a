// SPDX-License-Identifier: Apache-2.0
#include "build/inputs.hpp"

#include <algorithm>
#include <limits>
#include <system_error>

#include "build/tar_context.hpp"
#include "rootfs/resolve.hpp"
#include "store/blob_store.hpp"
#include "support/fd.hpp"
#include "support/text.hpp"
#include "support/worker_group.hpp"

namespace ocibuild::engine {

namespace fs = std::filesystem;
using support::concat;

namespace {

constexpr std::size_t dockerfile_limit = 64 * 1024 * 1024;
constexpr const char* default_names[] = {"Dockerfile", "Containerfile", "dockerfile"};

/// Names in `directory` that look like a Dockerfile, for the error.
std::vector<std::string> similar_files(const fs::path& directory) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(directory, ignored)) {
    const std::string name = file.path().filename().string();
    const std::string lower = support::to_lower(name);
    const bool like = lower.find("dockerfile") != std::string::npos ||
                      lower.find("containerfile") != std::string::npos;
    if (like && !lower.ends_with(".dockerignore")) found.push_back(name);
  }
  std::sort(found.begin(), found.end());
  return found;
}

[[noreturn]] void throw_missing(const fs::path& wanted, const fs::path& directory) {
  Error error(Errc::failed, "dockerfile-missing",
              concat("there is no ", support::quote(wanted.string())));
  const std::vector<std::string> similar = similar_files(directory.empty() ? "." : directory);
  if (!similar.empty())
    error.note(concat("files nearby: ", support::escape_controls(support::join(similar, ", "))));
  throw error.help("name the Dockerfile with -f FILE");
}

fs::path find_dockerfile(const BuildRequest& request) {
  std::error_code ignored;
  if (!request.dockerfile.empty()) {
    if (fs::is_regular_file(request.dockerfile, ignored)) return request.dockerfile;
    throw_missing(request.dockerfile, request.dockerfile.parent_path());
  }
  for (const char* name : default_names) {
    if (fs::is_regular_file(request.context / name, ignored)) return request.context / name;
  }
  throw_missing(request.context / default_names[0], request.context);
}

/// How messages call the Dockerfile: short when it lies in the context.
std::string display_name(const fs::path& file, const fs::path& context) {
  const fs::path below = file.lexically_relative(context);
  return below.empty() || *below.begin() == ".." ? file.string() : below.string();
}

context::IgnoreRules parse_rules(const fs::path& file, const fs::path& context) {
  return context::IgnoreRules::parse(display_name(file, context),
                                     support::read_file(file, dockerfile_limit), file);
}

/// The ignore file: beside the Dockerfile with its name, else the context's; never both.
context::IgnoreRules read_rules(const fs::path& dockerfile, const fs::path& context) {
  std::error_code ignored;
  fs::path file = dockerfile;
  file += ".dockerignore";
  if (fs::is_regular_file(file, ignored)) return parse_rules(file, context);
  return read_ignore_file(context);
}

/// The Dockerfile of a tar: as in a directory, links of the tar followed.
Inputs read_from_tar(const BuildRequest& request, rootfs::View files) {
  std::vector<std::string> names(std::begin(default_names), std::end(default_names));
  if (!request.dockerfile.empty()) names = {request.dockerfile.string()};
  for (const std::string& name : names) {
    const auto file = rootfs::find(files, oci::RootfsPath(name));
    if (!file || file->entry.type != oci::EntryType::regular) continue;
    Inputs inputs{.name = name, .text = {}, .path = {}, .rules = {}};
    if (file->content)
      inputs.text = support::read_all(*file->content->open(), dockerfile_limit, name);
    inputs.files = std::move(files);
    return inputs;
  }
  throw Error(Errc::failed, "dockerfile-missing",
              concat("there is no ", support::quote(names.front()), " in the tar"))
      .help("name the Dockerfile with -f FILE, by its path in the tar");
}

Inputs read_context_file(const BuildRequest& request, Fetching fetching) {
  auto files = read_tar_context(*request.context_file,
                                scratch_of(store::BlobStore(request.store), fetching));
  if (files && request.dockerfile_text)
    return {request.dockerfile.string(), *request.dockerfile_text, {}, {}, std::move(files)};
  if (files) return read_from_tar(request, *std::move(files));
  if (!request.dockerfile.empty() || request.dockerfile_text) {
    throw Error(Errc::usage, "context-not-a-tar",
                concat("the build context is no tar, and a Dockerfile is named besides: ",
                       support::quote(request.dockerfile.string())))
        .help("without -f it is taken for the Dockerfile itself");
  }
  constexpr auto all = std::numeric_limits<std::uint64_t>::max();
  support::FdRangeSource text(*request.context_file, request.context, 0, all);
  return {request.context.string(),
          support::read_all(text, dockerfile_limit, "the Dockerfile"),
          {},
          {},
          rootfs::View()};
}

}  // namespace

context::IgnoreRules read_ignore_file(const fs::path& directory) {
  std::error_code ignored;
  const fs::path file = directory / ".dockerignore";
  if (!fs::is_regular_file(file, ignored)) return {};
  return parse_rules(file, directory);
}

void check_annotations(const BuildRequest& request) {
  for (const Annotation& annotation : request.annotations) {
    const bool of_index = annotation.place == AnnotationPlace::index ||
                          annotation.place == AnnotationPlace::index_descriptor;
    if (of_index && request.platforms.size() < 2) {
      throw Error(Errc::usage, "annotation-misplaced",
                  concat("the annotation ", support::quote(annotation.key),
                         " is for an index, and one platform makes none"))
          .help("annotate the manifest, or build for several platforms");
    }
    const auto& platforms = request.platforms;
    if (annotation.platform &&
        std::find(platforms.begin(), platforms.end(), *annotation.platform) == platforms.end()) {
      throw Error(Errc::usage, "annotation-misplaced",
                  concat("the annotation ", support::quote(annotation.key), " is for ",
                         annotation.platform->str(), ", which is not built"));
    }
  }
}

Inputs read_dockerfile(const BuildRequest& request, Fetching fetching) {
  if (request.context_file) return read_context_file(request, fetching);
  std::error_code ignored;
  if (!fs::is_directory(request.context, ignored)) {
    throw Error(
        Errc::failed, "context-missing",
        concat("the build context ", support::quote(request.context.string()), " is no directory"));
  }
  if (request.dockerfile_text) {
    const std::string name = request.dockerfile.empty() ? "-" : request.dockerfile.string();
    return {name, *request.dockerfile_text, {}, {}, {}};
  }
  const fs::path file = find_dockerfile(request);
  return {display_name(file, request.context),
          support::read_file(file, dockerfile_limit),
          file,
          {},
          {}};
}

unsigned jobs_of(const BuildRequest& request) {
  return request.jobs > 0 ? request.jobs : support::available_cpus();
}

dockerfile::Dockerfile parse_dockerfile(const Inputs& inputs, support::Diagnostics& diagnostics) {
  return dockerfile::parse(inputs.name, inputs.text, diagnostics, inputs.path);
}

void read_ignore_rules(const BuildRequest& request, Inputs& inputs) {
  if (inputs.files) return;  // no engine looks for rules in a tar
  if (!request.ignore_file.empty()) {
    inputs.rules = parse_rules(request.ignore_file, request.context);
    return;
  }
  inputs.rules = inputs.path.empty() ? read_ignore_file(request.context)
                                     : read_rules(inputs.path, request.context);
}

Inputs read_inputs(const BuildRequest& request, Fetching fetching) {
  Inputs inputs = read_dockerfile(request, fetching);
  read_ignore_rules(request, inputs);
  return inputs;
}

}  // namespace ocibuild::engine
