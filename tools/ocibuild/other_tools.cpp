// SPDX-License-Identifier: Apache-2.0
#include "other_tools.hpp"

#include "flags.hpp"

namespace ocibuild::program {

namespace {

// As the help of each tool lists them: docker 20.10's build with what buildx adds, buildah 1.28.
// Kaniko's are rows of the table of flags, since they are taken by their own names.
// clang-format off
constexpr std::string_view docker_flags[] = {
    "add-host", "allow", "annotation", "attest", "build-arg", "build-context", "builder", "cache-from", "cache-to", "call",
    "cgroup-parent", "check", "compress", "cpu-period", "cpu-quota", "cpu-shares", "cpuset-cpus", "cpuset-mems", "debug",
    "disable-content-trust", "file", "force-rm", "iidfile", "isolation", "label", "load", "memory", "memory-swap",
    "metadata-file", "network", "no-cache", "no-cache-filter", "output", "platform", "progress", "provenance", "pull", "push",
    "quiet", "rm", "sbom", "secret", "security-opt", "shm-size", "squash", "ssh", "tag", "target", "ulimit",
};
constexpr std::string_view buildah_flags[] = {
    "add-host", "all-platforms", "annotation", "arch", "authfile", "build-arg", "build-context", "cache-from", "cache-to",
    "cache-ttl", "cap-add", "cap-drop", "cert-dir", "cgroup-parent", "cgroupns", "compress", "cpp-flag", "cpu-period",
    "cpu-quota", "cpu-shares", "cpuset-cpus", "cpuset-mems", "creds", "decryption-key", "device", "disable-compression",
    "disable-content-trust", "dns", "dns-option", "dns-search", "env", "file", "force-rm", "format", "from", "hooks-dir",
    "http-proxy", "identity-label", "ignorefile", "iidfile", "ipc", "isolation", "jobs", "label", "layers", "logfile",
    "logsplit", "manifest", "memory", "memory-swap", "network", "no-cache", "no-hosts", "omit-history", "os", "os-feature",
    "os-version", "output", "pid", "platform", "pull", "quiet", "retry", "retry-delay", "rm", "runtime", "runtime-flag",
    "secret", "security-opt", "shm-size", "sign-by", "skip-unused-stages", "squash", "ssh", "stdin", "tag", "target",
    "timestamp", "tls-verify", "ulimit", "unsetenv", "userns", "userns-gid-map", "userns-gid-map-group", "userns-uid-map",
    "userns-uid-map-user", "uts", "variant", "volume",
};
// clang-format on

std::string code(std::string_view name) {
  return "`--" + std::string(name) + '`';
}

/// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string meaning(const Flag& flag) {
  switch (flag.status) {
    case FlagStatus::without_effect:
      return "taken; there is nothing here that it could act on";
    case FlagStatus::refused:
      return "refused: " + cell(flag.help);
    case FlagStatus::honoured:
      break;
  }
  const bool named = !flag.same_as.empty() && !flag.opposite;
  const std::string other = named ? code(flag.same_as) : "";
  if (flag.help.empty()) return other;
  return (other.empty() ? "" : other + ": ") + cell(flag.help);
}

void add_row(std::string& out, const Flag& flag) {
  out += "| " + code(flag.name);
  if (flag.letter != 0) out += std::string(" `-") + flag.letter + '`';
  out += " | " + meaning(flag) + " |\n";
}

template <std::size_t N>
std::string table_of(const std::string_view (&names)[N]) {
  std::string out;
  for (const std::string_view name : names) {
    const Flag* flag = find_flag(build_command, name);
    if (flag != nullptr)
      add_row(out, *flag);
    else
      out += "| " + code(name) + " | no such flag |\n";
  }
  return out;
}

std::string table_of_kaniko() {
  std::string out;
  for (const Flag& flag : flag_table()) {
    if ((flag.commands & executor_command) != 0 && flag.group != FlagGroup::global)
      add_row(out, flag);
  }
  return out;
}

}  // namespace

std::optional<std::string> flags_of_tool(std::string_view tool) {
  const std::string head = "| flag | here |\n|---|---|\n";
  if (tool == "docker") return head + table_of(docker_flags);
  if (tool == "buildah") return head + table_of(buildah_flags);
  if (tool == "kaniko") return head + table_of_kaniko();
  return std::nullopt;
}

}  // namespace ocibuild::program
