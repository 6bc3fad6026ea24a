// SPDX-License-Identifier: Apache-2.0
#include "commands/cache_option.hpp"

#include <map>
#include <optional>

#include "commands/build_output.hpp"
#include "flags.hpp"
#include "terminal_text.hpp"

namespace ocibuild::program {

namespace {

std::string shown(std::string_view text) {
  return '\'' + terminal_text(text, 200) + '\'';
}

/// Why a type that docker has is none here; empty for those it has not.
std::string refusal_of(const std::string& type) {
  if (type == "inline")
    return "would put records into the image, whose bytes depend on nothing but its content; use "
           "type=registry";
  if (type == "gha")
    return "is GitHub's own service; use type=registry, or type=local with actions/cache";
  if (type == "s3" || type == "azblob")
    return "is no registry; use type=registry, or type=local and copy the directory";
  return "";
}

std::string word_of(Compression compression) {
  switch (compression) {
    case Compression::zstd:
      return "zstd";
    case Compression::none:
      return "uncompressed";
    default:
      return "gzip";
  }
}

/// The keys of one value. Each is taken once; what nobody took is refused at the end.
class CacheKeys {
public:
  CacheKeys(std::string_view text, const Io& io, std::string origin)
      : io_(io), origin_(std::move(origin)) {
    if (text.empty()) refuse("needs type=local or type=registry, or the name of a cache");
    // Without any key it is a name, as docker has it.
    if (text.find('=') == std::string_view::npos) {
      values_ = {{"type", "registry"}, {"ref", std::string(text)}};
      return;
    }
    for (const std::string& field : csv_fields(text)) {
      const std::size_t equals = field.find('=');
      if (equals == std::string::npos) refuse("needs KEY=VALUE, not " + shown(field));
      values_[field.substr(0, equals)] = field.substr(equals + 1);
    }
    if (!values_.contains("type")) refuse(shown(text) + " has no type=; use local or registry");
  }

  std::optional<std::string> take(const std::string& key) {
    const auto at = values_.find(key);
    if (at == values_.end()) return std::nullopt;
    std::string value = std::move(at->second);
    values_.erase(at);
    return value;
  }

  std::string need(const std::string& key) {
    std::string value = take(key).value_or("");
    if (value.empty()) refuse("type=" + type_ + " needs " + key + "=");
    return value;
  }

  /// Refuses another value than `required`, because `why`.
  void take_fixed(const std::string& key, bool required, const std::string& why) {
    const std::optional<bool> value = take_bool(key);
    if (value && *value != required) refuse(key + '=' + (required ? "false" : "true") + ": " + why);
  }

  std::optional<bool> take_bool(const std::string& key) {
    const auto value = take(key);
    if (!value) return std::nullopt;
    if (*value == "true" || *value == "1") return true;
    if (*value == "false" || *value == "0") return false;
    refuse(key + " takes true or false, not " + shown(*value));
  }

  bool is_local() {
    type_ = take("type").value_or("");
    if (const std::string why = refusal_of(type_); !why.empty())
      refuse("type=" + type_ + ' ' + why);
    if (type_ != "local" && type_ != "registry")
      refuse("has no type " + shown(type_) + "; use local or registry");
    return type_ == "local";
  }

  Reference name() {
    if (values_.contains("registry.insecure"))
      refuse("registry.insecure: use --insecure-registry HOST");
    return Reference::parse(need("ref"));
  }

  std::filesystem::path directory(const std::string& key) { return io_.resolve(need(key)); }

  void end() {
    if (!values_.empty()) refuse("type=" + type_ + " has no key " + shown(values_.begin()->first));
  }

  [[noreturn]] void refuse(const std::string& why) const { usage_error(origin_ + ' ' + why); }

private:
  const Io& io_;
  const std::string origin_;
  std::map<std::string, std::string> values_;
  std::string type_;
};

/// Keys that say how docker is to write its cache: ours is always the manifest of an OCI image, and
/// its blobs are the image's.
void take_docker_keys(CacheKeys& keys, const BuildRequest& request) {
  // A build makes the layers of its result only, so both modes are the same.
  const std::string mode = keys.take("mode").value_or("min");
  if (mode != "min" && mode != "max") keys.refuse("mode is min or max, not " + shown(mode));
  keys.take_fixed("oci-mediatypes", true, "a cache has no docker media types");
  keys.take_fixed("image-manifest", true, "a cache is always a manifest, which any registry keeps");
  keys.take_fixed("force-compression", false, "layers are kept as the image has them");
  const std::string built = word_of(request.compression);
  if (const auto wanted = keys.take("compression"); wanted && *wanted != built)
    keys.refuse("compression=" + *wanted + ": layers are kept as the image has them, " + built +
                "; see --compression");
  const auto level = keys.take("compression-level");
  if (level && (!request.compression_level || *level != std::to_string(*request.compression_level)))
    keys.refuse(
        "compression-level: layers are kept as the image has them; see --compression-level");
}

}  // namespace

CacheLocation parse_cache_from(std::string_view text, const Io& io, const std::string& origin) {
  CacheKeys keys(text, io, origin);
  CacheLocation out;
  if (keys.is_local()) {
    LayoutImage place{.directory = keys.directory("src"), .tag = keys.take("tag").value_or("")};
    if (const auto digest = keys.take("digest")) place.digest = Digest::parse(*digest);
    out = std::move(place);
  } else {
    out = keys.name();
  }
  keys.end();
  return out;
}

CacheTarget parse_cache_to(std::string_view text, const Io& io, const std::string& origin,
                           const BuildRequest& request) {
  CacheKeys keys(text, io, origin);
  CacheTarget out;
  if (keys.is_local()) {
    LayoutImage place{.directory = keys.directory("dest"), .tag = keys.take("tag").value_or("")};
    check_destination(ImageContainer::oci_directory, place.directory, origin + " dest=");
    out.to = std::move(place);
  } else {
    Reference name = keys.name();
    if (name.digest) keys.refuse("ref= of a cache that is written has no digest");
    out.to = std::move(name);
  }
  out.ignore_error = keys.take_bool("ignore-error").value_or(false);
  take_docker_keys(keys, request);
  keys.end();
  return out;
}

}  // namespace ocibuild::program
