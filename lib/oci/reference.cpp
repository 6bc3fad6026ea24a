// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/reference.hpp>

#include <algorithm>

#include <ocibuild/error.hpp>

#include "oci/host_name.hpp"
#include "support/text.hpp"

namespace ocibuild {

using support::concat;
using support::quote;

namespace {

constexpr std::string_view default_registry = "docker.io";
constexpr std::string_view official_prefix = "library/";
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || support::is_digit(c);
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

[[noreturn]] void invalid(std::string_view text, std::string_view rule) {
  throw Error(Errc::usage, "name-invalid", concat("invalid image name ", quote(text), ": ", rule));
}

/// comp = 1*low *( ( "." | "_" | "__" | 1*"-" ) 1*low )
bool is_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    if (is_lower_alnum(text[i])) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && text[end] == text[i]) ++end;
    const std::size_t most = text[i] == '.'   ? 1
                             : text[i] == '_' ? 2
                             : text[i] == '-' ? longest_name
                                              : 0;
    if (end - i > most || !is_lower_alnum(text[end])) return false;
    i = end;
  }
  return true;
}

bool is_tag(std::string_view text) {
  const auto word = [](char c) { return support::is_alpha(c) || support::is_digit(c) || c == '_'; };
  return !text.empty() && text.size() <= longest_tag && word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return word(c) || c == '.' || c == '-'; });
}

void check_scheme_and_id(std::string_view text) {
  const std::string lower = support::to_lower(text);
  for (const std::string_view scheme : {"http://", "https://", "docker://"}) {
    if (lower.starts_with(scheme)) {
      invalid(text, concat("a name has no scheme, write ", quote(text.substr(scheme.size()))));
    }
  }
  const bool hex = std::all_of(text.begin(), text.end(), [](char c) {
    return support::is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
  if (text.size() == 64 && hex) invalid(text, "64 hexadecimal digits would look like an image ID");
}

void check_path(std::string_view text, std::string_view path) {
  if (std::any_of(path.begin(), path.end(), is_upper)) {
    // Tags keep their case, so only what is in front of the tag is repaired.
    const std::size_t end = static_cast<std::size_t>(path.data() - text.data()) + path.size();
    invalid(text,
            concat("must be lower case: did you mean ", support::to_lower(text.substr(0, end)),
                   support::escape_controls(text.substr(end)), "?"));
  }
  for (const std::string& component : support::split(path, '/')) {
    if (!is_component(component)) {
      invalid(text, concat(quote(component),
                           " is not lower-case letters and digits with single '.', '_', '__' or "
                           "'-' between them"));
    }
  }
}

/// Takes "@digest" and ":tag" off the end of `rest`.
void split_tag_and_digest(std::string_view text, std::string_view& rest, Reference& reference) {
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    try {
      reference.digest = Digest::parse(rest.substr(at + 1));
    } catch (const Error& error) {
      invalid(text, error.what());
    }
    rest = rest.substr(0, at);
  }
  const std::size_t slash = rest.rfind('/');
  const std::size_t colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) return;
  reference.tag = rest.substr(colon + 1);
  rest = rest.substr(0, colon);
  if (!is_tag(reference.tag)) {
    invalid(text, concat("the tag ", quote(reference.tag),
                         " is not 1 to 128 letters, digits, '_', '.' or '-'"));
  }
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  if (text.empty()) invalid(text, "it is empty");
  check_scheme_and_id(text);
  Reference reference{
      .registry = std::string(default_registry), .repository = {}, .tag = {}, .digest = {}};
  std::string_view rest = text;
  if (const std::size_t slash = text.find('/');
      slash != std::string_view::npos && oci::names_a_host(text.substr(0, slash))) {
    const std::string_view host = text.substr(0, slash);
    if (!oci::is_host(host)) invalid(text, concat(quote(host), " is no host[:port]"));
    reference.registry = support::to_lower(host);
    rest = text.substr(slash + 1);
  }
  split_tag_and_digest(text, rest, reference);
  check_path(text, rest);
  reference.repository = rest;
  if (reference.registry == "index.docker.io" || reference.registry == "registry-1.docker.io") {
    reference.registry = default_registry;
  }
  if (reference.registry == default_registry && rest.find('/') == std::string_view::npos) {
    reference.repository.insert(0, official_prefix);
  }
  if (reference.registry.size() + 1 + reference.repository.size() > longest_name) {
    invalid(text, concat("it is longer than ", longest_name, " characters"));
  }
  if (reference.tag.empty() && !reference.digest) reference.tag = "latest";
  return reference;
}

std::string Reference::str() const {
  std::string out = concat(registry, '/', repository);
  if (!tag.empty()) out += ":" + tag;
  if (digest) out += "@" + digest->str();
  return out;
}

std::string Reference::familiar() const {
  std::string full = str();
  if (registry != default_registry) return full;
  const std::string_view path = std::string_view(full).substr(default_registry.size() + 1);
  // Alone, such a path would be read as another registry's.
  if (oci::names_a_host(path.substr(0, path.find('/')))) return full;
  const bool official = path.starts_with(official_prefix) &&
                        repository.find('/', official_prefix.size()) == std::string::npos;
  return std::string(official ? path.substr(official_prefix.size()) : path);
}

}  // namespace ocibuild
