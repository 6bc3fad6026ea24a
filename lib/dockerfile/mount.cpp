// SPDX-License-Identifier: Apache-2.0
#include "dockerfile/mount.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "support/text.hpp"

namespace ocibuild::dockerfile {

using support::concat;
using support::quote;

namespace {

/// Never leaves this file.
struct Wrong {
  std::string id;
  std::string message;
  std::vector<std::string> helps{};
  std::string field{};  ///< the part of the flag that is marked
};

struct Field {
  std::string text;  ///< "key=value"
  std::string key;   ///< lower case
  std::optional<std::string> value;
  bool unknown_value() const { return value && value->find('$') != std::string::npos; }
};

std::vector<Field> fields_of(std::string_view text) {
  const auto parts = support::split_csv(text);
  if (!parts) throw Wrong{"mount-invalid", "a quoted part has no end", {"close the quote"}};
  std::vector<Field> out;
  for (const std::string& part : *parts) {
    const std::size_t equals = part.find('=');
    Field field{.text = part, .key = support::to_lower(part.substr(0, equals)), .value = {}};
    if (equals != std::string::npos) field.value = part.substr(equals + 1);
    out.push_back(std::move(field));
  }
  return out;
}

/// Several names of one key.
const std::map<std::string, std::string, std::less<>>& mount_keys() {
  static const std::map<std::string, std::string, std::less<>> keys = {
      {"type", "type"},
      {"from", "from"},
      {"source", "source"},
      {"src", "source"},
      {"target", "target"},
      {"dst", "target"},
      {"destination", "target"},
      {"readonly", "readonly"},
      {"ro", "readonly"},
      {"readwrite", "readonly"},
      {"rw", "readonly"},
      {"id", "id"},
      {"sharing", "sharing"},
      {"required", "required"},
      {"size", "size"},
      {"mode", "mode"},
      {"uid", "uid"},
      {"gid", "gid"},
      {"env", "env"},
  };
  return keys;
}

const std::vector<std::string> mount_types = {"bind", "cache", "tmpfs", "secret", "ssh"};
const std::vector<std::string> sharing_modes = {"shared", "private", "locked"};

bool is_boolean(std::string_view text) {
  static constexpr std::string_view forms[] = {"1", "t", "T", "TRUE",  "true",  "True",
                                               "0", "f", "F", "FALSE", "false", "False"};
  return std::find(std::begin(forms), std::end(forms), text) != std::end(forms);
}

bool is_number(std::string_view text, int base) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

/// "64m", "1.5 GiB", "4096".
bool is_size(std::string_view text) {
  std::string rest = support::to_lower(text);
  const std::size_t digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits == 0) return false;
  rest.erase(0, digits);
  if (rest.starts_with('.')) {
    rest.erase(0, std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  }
  if (rest.starts_with(' ')) rest.erase(0, 1);
  if (!rest.empty() && std::string_view("kmgtp").find(rest.front()) != std::string_view::npos) {
    rest.erase(0, 1);
    return rest.empty() || rest == "b" || rest == "ib";
  }
  return rest.empty() || rest == "b";
}

class MountReader {
public:
  MountReader(const Word& mount, Run& run, Findings& findings)
      : mount_(mount), run_(run), findings_(findings) {}

  void run() {
    for (const Field& field : fields_of(mount_.text)) read(field);
    check_together();
    note_input();
  }

private:
  bool has(std::string_view key) const { return seen_.contains(key); }
  /// Empty for a key that is not there, or has none.
  std::string value_of(std::string_view key) const;
  void read(const Field& field);
  void check_value(const std::string& key, const Field& field);
  void check_together() const;
  void note_input();
  void expect(bool good, const Field& field, std::string help) const {
    if (good) return;
    throw Wrong{"mount-invalid",
                concat(quote(field.key), " cannot be ", quote(*field.value)),
                {std::move(help)},
                field.text};
  }
  std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& names,
                                   std::string_view what) {
    std::vector<std::string> out = did_you_mean(findings_.nearest(word, [&] { return names; }));
    if (out.empty()) out = {concat(what, support::join(names, ", "))};
    return out;
  }

  const Word& mount_;
  Run& run_;
  Findings& findings_;
  std::map<std::string, std::string, std::less<>> seen_;  ///< key -> the field
  std::optional<std::string> type_ = "bind";              ///< nothing: a variable says it
};

void MountReader::read(const Field& field) {
  const auto known = mount_keys().find(field.key);
  if (known == mount_keys().end()) {
    std::vector<std::string> names;
    for (const auto& [name, key] : mount_keys()) names.push_back(name);
    throw Wrong{"unknown-mount", concat("RUN --mount has no key ", quote(field.key)),
                nearest(field.key, names, "the keys are "), field.text};
  }
  const std::string& key = known->second;
  const bool alone = key == "readonly" || key == "required";
  if (!field.value && !alone) {
    throw Wrong{"mount-invalid",
                concat(quote(field.key), " has no value"),
                {concat("write ", field.key, "=VALUE")},
                field.text};
  }
  seen_[key] = field.text;
  if (key == "from") {
    if (field.unknown_value()) {
      throw Wrong{"mount-invalid",
                  concat("\"from\" takes no variables: ", quote(*field.value)),
                  {"name a stage after it, FROM IMAGE AS NAME, and write from=NAME"},
                  field.text};
    }
    if (!field.value->empty()) run_.mounts_from.push_back({*field.value, mount_.span});
  } else if (key == "type" && field.unknown_value()) {
    type_.reset();
  } else if (field.value && !field.unknown_value()) {
    check_value(key, field);
  }
}

void MountReader::check_value(const std::string& key, const Field& field) {
  const std::string& value = *field.value;
  if (key == "type") {
    type_ = support::to_lower(value);
    if (std::ranges::find(mount_types, *type_) == mount_types.end()) {
      throw Wrong{"unknown-mount", concat("RUN --mount has no type ", quote(value)),
                  nearest(value, mount_types, "the types are "), field.text};
    }
  } else if (key == "sharing") {
    const bool good =
        std::ranges::find(sharing_modes, support::to_lower(value)) != sharing_modes.end();
    expect(good, field, nearest(value, sharing_modes, "write ").front());
  } else if (key == "readonly" || key == "required") {
    expect(is_boolean(value), field, "write true or false");
  } else if (key == "mode") {
    expect(is_number(value, 8), field, "write an octal number such as 0755");
  } else if (key == "uid" || key == "gid") {
    expect(is_number(value, 10), field, "write a number");
  } else if (key == "size") {
    expect(is_size(value), field, "write a number of bytes, or one with k, m or g");
  }
}

/// Which key belongs to which type.
void MountReader::check_together() const {
  if (!type_) return;
  static const std::map<std::string, std::vector<std::string>, std::less<>> types_of = {
      {"required", {"secret", "ssh"}},
      {"size", {"tmpfs"}},
      {"sharing", {"cache"}},
      {"mode", {"secret", "ssh", "cache"}},
      {"uid", {"secret", "ssh", "cache"}},
      {"gid", {"secret", "ssh", "cache"}},
      {"from", {"bind", "cache", "tmpfs", "ssh"}},
  };
  for (const auto& [key, types] : types_of) {
    const auto field = seen_.find(key);
    if (field == seen_.end() || std::ranges::find(types, *type_) != types.end()) continue;
    throw Wrong{"mount-invalid",
                concat("a mount of type ", *type_, " takes no ", quote(key)),
                {concat(quote(key), " belongs to ", support::join(types, ", "))},
                field->second};
  }
  if (*type_ != "secret") return;
  if (!has("id") && !has("source") && !has("target")) {
    throw Wrong{"mount-invalid", "a mount of type secret has no \"id\"", {"write id=NAME"}};
  }
  if (has("id") && has("source")) {
    throw Wrong{"mount-invalid",
                "a mount of type secret has both \"id\" and \"source\"",
                {"keep one of the two"},
                seen_.find("source")->second};
  }
}

std::string MountReader::value_of(std::string_view key) const {
  const auto field = seen_.find(key);
  if (field == seen_.end()) return {};
  const std::size_t equals = field->second.find('=');
  return equals == std::string::npos ? std::string() : field->second.substr(equals + 1);
}

/// Without an id a secret is called after the file that it becomes, an agent "default".
void MountReader::note_input() {
  if (type_ != "secret" && type_ != "ssh") return;
  MountedInput input{.ssh = type_ == "ssh", .id = {value_of("id"), mount_.span}};
  std::string& id = input.id.text;
  if (id.empty()) id = value_of("source");
  if (id.empty() && input.ssh) id = "default";
  input.is_target = id.empty();
  if (input.is_target) id = value_of("target");
  const std::string required = value_of("required");
  input.required =
      has("required") && (required.empty() ||
                          std::string_view("1tT").find(required.front()) != std::string_view::npos);
  run_.inputs.push_back(std::move(input));
}

/// Place of `part` in the word, or of the whole word where it cannot be told.
Span place_of(const Word& word, const std::string& part) {
  const std::size_t at = word.text.find(part);
  if (part.empty() || at == std::string::npos || word.span.trigger != 0 ||
      word.text.size() != word.span.length) {
    return word.span;
  }
  Span out = word.span;
  out.column += static_cast<unsigned>(at);
  out.length = static_cast<unsigned>(part.size());
  return out;
}

bool report(const Word& word, Wrong wrong, Findings& findings) {
  findings.error(std::move(wrong.id), std::move(wrong.message), place_of(word, wrong.field),
                 {.helps = std::move(wrong.helps)});
  return false;
}

}  // namespace

bool read_mount(const Word& mount, Run& run, Findings& findings) {
  try {
    MountReader(mount, run, findings).run();
    return true;
  } catch (Wrong& wrong) {
    return report(mount, std::move(wrong), findings);
  }
}

bool check_device(const Word& device, Findings& findings) {
  try {
    bool named = false;
    for (const Field& field : fields_of(device.text)) {
      const bool required = field.key == "required";
      if (required && field.value && !is_boolean(*field.value)) {
        throw Wrong{"device-invalid",
                    concat("\"required\" cannot be ", quote(*field.value)),
                    {"write true or false"},
                    field.text};
      }
      if (required) continue;
      if (named) {
        throw Wrong{"device-invalid",
                    concat("RUN --device does not know ", quote(field.text)),
                    {"write --device=NAME or --device=NAME,required"},
                    field.text};
      }
      named = true;
    }
    return true;
  } catch (Wrong& wrong) {
    return report(device, std::move(wrong), findings);
  }
}

}  // namespace ocibuild::dockerfile
