// SPDX-License-Identifier: Apache-2.0
#include "network_settings.hpp"

#include <unistd.h>

#include <algorithm>

#include "console.hpp"
#include "network_checks.hpp"
#include "settings.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

namespace fs = std::filesystem;

/// Lower case wins; "set to nothing" is a setting too: direct (registry.md C4).
std::optional<ProxySettings::Value> proxy(const Io& io, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto value = io.environment.find(name);
    if (value != io.environment.end()) return ProxySettings::Value{value->second, name};
  }
  return std::nullopt;
}

ProxySettings proxies(const Io& io) {
  ProxySettings out;
  out.https = proxy(io, {"https_proxy", "HTTPS_PROXY"});
  // A CGI program gets the header "Proxy:" of its visitors under that name.
  out.http = io.variable("REQUEST_METHOD") ? proxy(io, {"http_proxy"})
                                           : proxy(io, {"http_proxy", "HTTP_PROXY"});
  out.all = proxy(io, {"all_proxy", "ALL_PROXY"});
  const auto none = proxy(io, {"no_proxy", "NO_PROXY"});
  if (none) out.no_proxy = none->url;
  return out;
}

/// HOST=VALUE of a flag that is given once a host.
std::pair<std::string, std::string> host_value(const ParsedFlags& flags, const char* name,
                                               const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    usage_error(flags.origin(name) + " takes HOST=FILE, not '" + terminal_text(text) + "'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// Those of podman and docker, but not their logins, which are no settings.
bool reads_foreign_files(const ParsedFlags& flags) {
  return flags.config != "none";
}

void add_certs_d(const Io& io, std::vector<fs::path>& out) {
  const auto user = home_directory(io);
  if (user) out.push_back(*user / ".config/containers/certs.d");
  out.emplace_back("/etc/containers/certs.d");
  if (user) out.push_back(*user / ".config/docker/certs.d");
  out.emplace_back("/etc/docker/certs.d");
}

TrustSettings trust(const ParsedFlags& flags, const Io& io) {
  TrustSettings out;
  out.bundle = io.variable("SSL_CERT_FILE").value_or("");
  out.directory = io.variable("SSL_CERT_DIR").value_or("");
  for (const std::string& file : flags.list("cacert")) out.extra.push_back(io.resolve(file));
  if (const auto directory = flags.text("cert-dir")) out.certs_d.push_back(io.resolve(*directory));
  if (reads_foreign_files(flags)) add_certs_d(io, out.certs_d);
  for (const std::string& text : flags.list("registry-certificate")) {
    const auto [host, file] = host_value(flags, "registry-certificate", text);
    out.registry_ca[host].push_back(io.resolve(file));
  }
  for (const std::string& text : flags.list("registry-client-cert")) {
    const auto [host, files] = host_value(flags, "registry-client-cert", text);
    const std::size_t comma = files.find(',');
    if (comma == std::string::npos)
      usage_error(flags.origin("registry-client-cert") + " takes HOST=CERTIFICATE,KEY");
    out.registry_client[host] = {io.resolve(files.substr(0, comma)),
                                 io.resolve(files.substr(comma + 1))};
  }
  for (const RegistrySettings& registry : flags.registries) {
    for (const std::string& file : registry.authorities)
      out.registry_ca[registry.registry].emplace_back(file);
    if (!registry.key.empty())  // a flag, or a file before this one, wins
      out.registry_client.try_emplace(
          registry.registry, TrustSettings::ClientPair{registry.certificate, registry.key});
  }
  return out;
}

fs::path docker_config(const Io& io) {
  const auto directory = docker_directory(io);
  return directory ? *directory / "config.json" : fs::path();
}

/// In the order of registry.md 4; each may be missing.
std::vector<fs::path> more_files(const Io& io) {
  std::vector<fs::path> out;
  const auto runtime = io.variable("XDG_RUNTIME_DIR");
  const fs::path directory =
      runtime ? io.resolve(*runtime) : fs::path("/run/containers") / std::to_string(::getuid());
  out.push_back(runtime ? directory / "containers/auth.json" : directory / "auth.json");
  if (const auto config = user_config_directory(io))
    out.push_back(*config / "containers/auth.json");
  out.emplace_back("/kaniko/.docker/config.json");
  return out;
}

CredentialSettings credentials(const ParsedFlags& flags, const Io& io) {
  CredentialSettings out;
  if (const auto given = flags.text("creds")) {
    const std::size_t colon = given->find(':');
    out.given = {given->substr(0, colon), given->substr(colon + 1)};  // see complete_credentials()
  }
  const auto file = flags.text("authfile");
  if (file && !file->empty()) out.only_file = io.resolve(*file);
  out.docker_auth_config = io.variable("DOCKER_AUTH_CONFIG").value_or("");
  out.docker_config = docker_config(io);
  out.more_files = more_files(io);
  out.on_terminal = io.in_is_terminal;
  for (const auto& [name, value] : io.environment) {
    const bool wanted = name.starts_with("AWS_") || name.starts_with("CI_") ||
                        name.starts_with("GITHUB_") || name == "HOME" || name == "PATH";
    if (wanted) out.environment[name] = value;
  }
  return out;
}

/// Main file and drop-ins, in the order in which later ones replace earlier ones (registry.md C2).
std::vector<fs::path> registries_conf(const Io& io) {
  std::vector<fs::path> out;
  const auto add_drop_ins = [&](const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == ".conf") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    out.insert(out.end(), files.begin(), files.end());
  };
  std::error_code ignored;
  const auto user = home_directory(io);
  const fs::path user_file = user ? *user / ".config/containers/registries.conf" : fs::path();
  const bool has_user_file = user && fs::exists(user_file, ignored);
  if (const auto given = io.variable("CONTAINERS_REGISTRIES_CONF")) {
    out.push_back(io.resolve(*given));
  } else {
    out.push_back(has_user_file ? user_file : fs::path("/etc/containers/registries.conf"));
  }
  if (!has_user_file) add_drop_ins("/etc/containers/registries.conf.d");
  if (user) add_drop_ins(*user / ".config/containers/registries.conf.d");
  return out;
}

std::chrono::milliseconds duration(const ParsedFlags& flags, const char* name,
                                   std::chrono::milliseconds otherwise) {
  const auto text = flags.text(name);
  return text ? parse_duration(*text, flags.origin(name)) : otherwise;
}

/// Those of --registry-mirror, wherever that is given.
std::vector<Mirror> listed_mirrors(const ParsedFlags& flags) {
  std::vector<Mirror> out;
  for (const std::string& text : flags.list("registry-mirror")) {
    const std::size_t equals = text.find('=');
    Mirror mirror;
    mirror.setting = flags.origin("registry-mirror");
    if (equals != std::string::npos) mirror.registry = text.substr(0, equals);
    mirror.location = equals == std::string::npos ? text : text.substr(equals + 1);
    out.push_back(std::move(mirror));
  }
  return out;
}

/// For each registry those of the first level that names any for it (registry.md C3).
std::vector<Mirror> mirrors(const ParsedFlags& flags) {
  std::vector<Mirror> out;
  std::map<std::string, Level> named;
  const auto add = [&](Mirror mirror, Level level) {
    if (named.try_emplace(mirror.registry, level).first->second == level)
      out.push_back(std::move(mirror));
  };
  const Level given = flags.level("registry-mirror").value_or(Level::command_line);
  const auto add_tables = [&](bool above) {
    for (const RegistrySettings& registry : flags.registries) {
      if ((registry.level < given) != above) continue;
      for (const std::string& location : registry.mirrors)
        add({registry.registry, location, registry.origin}, registry.level);
    }
  };
  add_tables(true);
  for (Mirror& mirror : listed_mirrors(flags)) add(std::move(mirror), given);
  add_tables(false);
  return out;
}

/// The first level that says anything of a registry counts.
void add_tables(const ParsedFlags& flags, NetworkSettings& out) {
  std::map<std::string, bool> mirror_only;
  std::map<std::string, bool> insecure;
  for (const RegistrySettings& registry : flags.registries) {
    if (registry.mirror_only) mirror_only.try_emplace(registry.registry, *registry.mirror_only);
    if (registry.insecure) insecure.try_emplace(registry.registry, *registry.insecure);
  }
  for (const auto& [registry, on] : mirror_only) {
    if (on) out.mirror_only_registries.push_back(registry);
  }
  for (const auto& [registry, on] : insecure) {
    if (on) out.insecure_registries.push_back(registry);
  }
}

void read_addresses(const ParsedFlags& flags, NetworkSettings& out) {
  const bool only_4 = flags.on("ipv4") && flags.holds_against("ipv4", "ipv6");
  const bool only_6 = flags.on("ipv6") && flags.holds_against("ipv6", "ipv4");
  if (only_4 && only_6)
    usage_error(flags.origin("ipv4") + " and " + flags.origin("ipv6") + " exclude each other");
  if (only_4) out.addresses = NetworkSettings::Addresses::ipv4;
  if (only_6) out.addresses = NetworkSettings::Addresses::ipv6;
}

}  // namespace

NetworkSettings network_settings(const ParsedFlags& flags, const Io& io) {
  NetworkSettings out;
  out.offline = flags.on("offline");
  out.proxies = proxies(io);
  out.trust = trust(flags, io);
  out.credentials = credentials(flags, io);
  out.tls_verify = flags.on("tls-verify", true);
  out.insecure_registries = flags.list("insecure-registry");
  out.mirrors = mirrors(flags);
  out.mirror_only = flags.on("mirror-only");
  add_tables(flags, out);
  if (reads_foreign_files(flags)) {
    out.registries_conf = registries_conf(io);
    out.daemon_json = "/etc/docker/daemon.json";
  }
  if (const auto count = flags.text("retry"))
    out.retries = static_cast<unsigned>(parse_count(*count, flags.origin("retry"), 0, 100));
  out.retry_delay = duration(flags, "retry-delay", out.retry_delay);
  out.connect_timeout = duration(flags, "connect-timeout", out.connect_timeout);
  out.idle_timeout = duration(flags, "idle-timeout", out.idle_timeout);
  out.resolve = flags.list("resolve");
  read_addresses(flags, out);
  const std::string create = flags.text("create-repository").value_or("missing");
  if (create != "missing" && create != "never") {
    usage_error(flags.origin("create-repository") + " takes missing or never, not '" +
                terminal_text(create, 100) + "'");
  }
  out.create_repository = create == "missing";
  out.skip_push_check = flags.on("skip-push-permission-check");
  return out;
}

NetworkSettings network_settings(Invocation& invocation) {
  NetworkSettings out = network_settings(invocation.flags, invocation.io);
  check_network_flags(invocation.flags, invocation.io);
  log_requests(out, invocation.console);
  return out;
}

void log_requests(NetworkSettings& settings, Console& console) {
  settings.request_log = [&console](const std::string& line) { console.log_request(line); };
}

std::filesystem::path login_file(const ParsedFlags& flags, const Io& io) {
  const CredentialSettings settings = credentials(flags, io);
  const fs::path file = settings.only_file.value_or(settings.docker_config);
  if (file.empty())
    usage_error("there is no place for the login: HOME is not set; use --authfile FILE");
  return file;
}

}  // namespace ocibuild::program
