// SPDX-License-Identifier: Apache-2.0
#include "rootfs/accounts.hpp"

#include <limits>
#include <vector>

#include <ocibuild/error.hpp>

#include "rootfs/resolve.hpp"
#include "support/text.hpp"

namespace ocibuild::rootfs {

namespace {

constexpr std::string_view passwd = "/etc/passwd";
constexpr std::string_view group = "/etc/group";
constexpr std::size_t file_limit = 4 * 1024 * 1024;
constexpr std::uint64_t largest_id = std::numeric_limits<std::int32_t>::max();

struct Account {
  std::string name;
  std::uint32_t id;
  std::uint32_t group = 0;  // passwd only
};

bool parse_id(std::string_view text, std::uint32_t& out) {
  std::uint64_t number = 0;
  if (!support::parse_number(text, largest_id, number)) return false;
  out = static_cast<std::uint32_t>(number);
  return true;
}

/// Nothing for a line that does not parse: blank, a comment, "+::::::" of NIS.
std::optional<Account> parse_line(std::string_view line, bool with_group) {
  const std::vector<std::string> fields = support::split(support::trim(line), ':');
  Account account{.name = fields[0], .id = 0};
  if (account.name.empty() || fields.size() < (with_group ? 4 : 3)) return std::nullopt;
  if (!parse_id(fields[2], account.id)) return std::nullopt;
  if (with_group && !parse_id(fields[3], account.group)) return std::nullopt;
  return account;
}

/// None if the image has no such file.
std::vector<Account> read_accounts(const oci::FileLookup& image, std::string_view path) {
  const auto file = find(image, oci::RootfsPath(path));
  if (!file || !file->content) return {};
  const auto source = file->content->open();
  const std::string text =
      support::read_all(*source, file_limit, support::concat(path, " of the image"));
  std::vector<Account> accounts;
  for (const std::string& line : support::split(text, '\n')) {
    auto account = parse_line(line, path == passwd);
    if (account) accounts.push_back(std::move(*account));
  }
  return accounts;
}

/// The first account of that name; otherwise `unknown` is set.
std::optional<Account> find_account(const oci::FileLookup& image, std::string_view path,
                                    std::string_view name, std::optional<UnknownAccount>& unknown) {
  const std::vector<Account> accounts = read_accounts(image, path);
  std::vector<std::string> names;
  for (const Account& account : accounts) {
    if (account.name == name) return account;
    names.push_back(account.name);
  }
  unknown = UnknownAccount{
      .name = std::string(name), .file = std::string(path), .nearest = closest_match(name, names)};
  return std::nullopt;
}

/// A number, or "root", is never looked up, even if it is some account's name.
bool parse_number_or_root(std::string_view text, std::uint32_t& out) {
  if (text == "root") {
    out = 0;
    return true;
  }
  return parse_id(text, out);
}

}  // namespace

OwnerLookup look_up_owner(const oci::FileLookup& image, std::string_view text) {
  OwnerLookup out;
  const std::size_t colon = text.find(':');
  const std::string_view user = text.substr(0, colon);
  const std::string_view group_name =
      colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1);
  if (!user.empty()) {
    if (parse_number_or_root(user, out.owner.uid)) {
      out.owner.gid = out.owner.uid;
    } else if (const auto account = find_account(image, passwd, user, out.unknown_user)) {
      out.owner = {.uid = account->id, .gid = account->group};
    }
  }
  if (colon != std::string_view::npos && group_name.empty()) {
    out.owner.gid = 0;  // "user:" is not "user": the group is named, and the empty name is 0
  } else if (!group_name.empty() && !parse_number_or_root(group_name, out.owner.gid)) {
    if (const auto account = find_account(image, group, group_name, out.unknown_group)) {
      out.owner.gid = account->id;
    }
  }
  return out;
}

}  // namespace ocibuild::rootfs
