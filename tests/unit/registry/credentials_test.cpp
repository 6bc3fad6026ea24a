// SPDX-License-Identifier: Apache-2.0
#include "registry/credentials.hpp"

#include <thread>

#include "helper_script.hpp"
#include "secrets.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::hush;
using test::refusal_of;

namespace {

/// A home with files of every kind, and settings that name them as the program does.
struct Home {
  Home() {
    settings.docker_config = directory / "docker/config.json";
    settings.more_files = {directory / "run/auth.json", directory / "xdg/auth.json",
                           directory / "kaniko/config.json"};
  }

  std::string write(const std::string& name, const std::string& text) const {
    return directory.write(name, text).string();
  }

  /// "SOURCE:USER" with the directory left out, "anonymous", or what it is refused with.
  std::string find(const std::string& registry, const std::string& repository = "a",
                   Purpose purpose = Purpose::push) {
    std::string out;
    const std::string refusal = refusal_of([&] {
      Credentials credentials(settings);
      const auto found = credentials.find(registry, repository, purpose);
      out = found ? found->source + ':' + found->user : "anonymous";
      looked_at = support_join(credentials.looked_at(registry));
      warnings = support_join(credentials.warnings());
    });
    for (const std::string* text : {&out, &looked_at, &warnings}) test::check_tells_nothing(*text);
    return without_directory(refusal.empty() ? out : refusal);
  }

  std::string support_join(const std::vector<std::string>& lines) const {
    std::string out;
    for (const std::string& line : lines) out += line + '\n';
    return without_directory(out);
  }

  std::string without_directory(std::string text) const {
    const std::string name = directory.path().string() + '/';
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
      text.erase(at, name.size());
    return text;
  }

  test::TempDir directory;
  CredentialSettings settings;
  std::string looked_at;
  std::string warnings;
};

std::string entry(const std::string& key, const std::string& user) {
  return "{\"auths\": {\"" + key + "\": {\"auth\": \"" + support::encode_base64(user + ':' + hush) +
         "\"}}}";
}

}  // namespace

TEST_CASE("registry.md K1: the first source that has the registry wins", "[registry]") {
  Home home;
  CHECK(home.find("ghcr.io") == "anonymous");
  CHECK(home.looked_at ==
        "docker/config.json: no such file\nrun/auth.json: no such file\n"
        "xdg/auth.json: no such file\nkaniko/config.json: no such file\n"
        "GITHUB_ACTOR and GITHUB_TOKEN: not both set\n");

  // From the last source to the first: each new one is taken instead.
  home.settings.environment = {{"GITHUB_ACTOR", "octo"}, {"GITHUB_TOKEN", hush}};
  CHECK(home.find("ghcr.io") == "GITHUB_TOKEN:octo");
  home.write("kaniko/config.json", entry("ghcr.io", "kaniko"));
  CHECK(home.find("ghcr.io") == "kaniko/config.json (ghcr.io):kaniko");
  home.write("xdg/auth.json", entry("ghcr.io", "xdg"));
  CHECK(home.find("ghcr.io") == "xdg/auth.json (ghcr.io):xdg");
  home.write("run/auth.json", entry("ghcr.io", "run"));
  CHECK(home.find("ghcr.io") == "run/auth.json (ghcr.io):run");
  home.write("docker/config.json", entry("ghcr.io", "docker"));
  CHECK(home.find("ghcr.io") == "docker/config.json (ghcr.io):docker");
  home.settings.docker_auth_config = entry("ghcr.io", "text");
  CHECK(home.find("ghcr.io") == "DOCKER_AUTH_CONFIG (ghcr.io):text");
  home.settings.only_file = home.write("only.json", entry("ghcr.io", "only"));
  CHECK(home.find("ghcr.io") == "only.json (ghcr.io):only");
  home.settings.given = {.user = "me", .password = hush};
  CHECK(home.find("ghcr.io") == "--creds:me");
}

TEST_CASE("registry.md K1: an authfile keeps the other files out and must exist", "[registry]") {
  Home home;
  home.write("docker/config.json", entry("ghcr.io", "docker"));
  home.settings.only_file = home.write("only.json", entry("quay.io", "only"));
  CHECK(home.find("ghcr.io") == "anonymous");
  CHECK(home.looked_at ==
        "only.json: no entry for ghcr.io\nGITHUB_ACTOR and GITHUB_TOKEN: not both set\n");
  home.settings.only_file = home.directory / "absent.json";
  CHECK(has(home.find("ghcr.io"),
            "credentials-invalid: the credentials file \"absent.json\" does not exist"));
}

TEST_CASE("registry.md K1: variables of CI systems are for their own registry", "[registry]") {
  Home home;
  home.settings.environment = {{"CI_REGISTRY", "registry.gitlab.example:5050"},
                               {"CI_REGISTRY_USER", "job"},
                               {"CI_REGISTRY_PASSWORD", hush},
                               {"GITHUB_ACTOR", "octo"},
                               {"GITHUB_TOKEN", hush}};
  CHECK(home.find("registry.gitlab.example:5050") == "CI_REGISTRY_PASSWORD:job");
  CHECK(home.find("registry.gitlab.example") == "anonymous");
  CHECK(home.find("ghcr.io") == "GITHUB_TOKEN:octo");
  CHECK(home.find("docker.io") == "anonymous");
  home.settings.environment.erase("CI_REGISTRY_USER");
  CHECK(home.find("registry.gitlab.example:5050") == "anonymous");
  CHECK(has(home.looked_at, "CI_REGISTRY_USER and CI_REGISTRY_PASSWORD: not both set"));
}

TEST_CASE("registry.md K2, K2.3: inside a file come own helper, entries, store", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("own", R"(echo '{"Username": "own", "Secret": "hUsH"}')");
  scripts.add("none", "echo credentials not found in native keychain; exit 1");
  scripts.add("store", R"(echo '{"Username": "store", "Secret": "hUsH"}')");
  const std::string own = "\"credHelpers\": {\"ghcr.io\": \"own\"}";
  const std::string none = "\"credHelpers\": {\"ghcr.io\": \"none\"}";
  const std::string auths =
      "\"auths\": {\"ghcr.io\": {\"auth\": \"" + support::encode_base64("entry:" + hush) + "\"}}";
  const std::string marker = "\"auths\": {\"ghcr.io\": {}}";
  const std::string store = "\"credsStore\": \"store\"";
  const std::string no_store = "\"credsStore\": \"none\"";
  struct Row {
    std::vector<std::string> members;
    const char* found;
    const char* asked;
  };
  const Row rows[] = {
      {{own, auths, store}, "docker-credential-own:own", "own 1 get <ghcr.io>\n"},
      {{none, auths, store}, "docker/config.json (ghcr.io):entry", "none 1 get <ghcr.io>\n"},
      {{none, marker, store},
       "docker-credential-store:store",
       "none 1 get <ghcr.io>\nstore 1 get <ghcr.io>\n"},
      {{auths, store}, "docker/config.json (ghcr.io):entry", ""},
      {{store}, "docker-credential-store:store", "store 1 get <ghcr.io>\n"},
      {{no_store}, "run/auth.json (ghcr.io):next", "none 1 get <ghcr.io>\n"},
  };
  for (const Row& row : rows) {
    Home home;
    std::string text;
    for (const std::string& member : row.members) text += (text.empty() ? "{" : ", ") + member;
    INFO(text);
    home.write("docker/config.json", text + '}');
    home.write("run/auth.json", entry("ghcr.io", "next"));
    const std::string before = scripts.log();
    CHECK(home.find("ghcr.io") == row.found);
    CHECK(scripts.log().substr(before.size()) == row.asked);
  }
}

TEST_CASE("registry.md K4.1: a helper is asked for Docker Hub by its old address", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("hub", R"(echo '{"Username": "u", "Secret": "hUsH"}')");
  Home home;
  home.write("docker/config.json", R"({"credHelpers": {"docker.io": "hub"}})");
  CHECK(home.find("docker.io", "library/alpine") == "docker-credential-hub:u");
  CHECK(scripts.log() == "hub 1 get <https://index.docker.io/v1/>\n");
}

TEST_CASE("registry.md K4.5: only a missing store is passed over", "[registry]") {
  const test::HelperScripts scripts;
  Home home;
  home.write("docker/config.json", R"({"credsStore": "desktop"})");
  home.write("run/auth.json", entry("ghcr.io", "next"));
  CHECK(home.find("ghcr.io") == "run/auth.json (ghcr.io):next");
  CHECK(home.warnings ==
        "docker-credential-desktop of \"credsStore\" in docker/config.json is not on PATH\n");
  home.write("docker/config.json", R"({"credHelpers": {"ghcr.io": "desktop"}})");
  CHECK(has(home.find("ghcr.io"), "helper-failed: docker-credential-desktop is not on PATH"));
}

TEST_CASE("registry.md K4: a broken helper ends a push and is a warning for a pull", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("sealed", "echo vault is sealed; exit 2");
  Home home;
  home.write("docker/config.json", R"({"credsStore": "sealed"})");
  CHECK(has(home.find("ghcr.io"), "helper-failed: docker-credential-sealed get ended with"));
  CHECK(home.find("ghcr.io", "a", Purpose::pull) == "anonymous");
  CHECK(home.warnings ==
        "docker/config.json: docker-credential-sealed get ended with exit code 2; it says: "
        "\"vault is sealed\"\n");
  CHECK(has(home.looked_at, "vault is sealed"));
}

TEST_CASE("registry.md K4.4: what a helper says while it finds nothing is kept", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("ecr-login",
              "echo credentials not found in native keychain; echo no region >&2; exit 1");
  Home home;
  home.write("docker/config.json", R"({"credsStore": "ecr-login"})");
  CHECK(home.find("ghcr.io") == "anonymous");
  CHECK(has(home.looked_at, "docker-credential-ecr-login: found nothing and says \"no region\""));
}

TEST_CASE("registry.md K4.6: files are read and helpers asked once, and late", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("slow", R"(sleep 0.2; echo '{"Username": "u", "Secret": "hUsH"}')");
  Home home;
  home.write("docker/config.json", R"({"credsStore": "slow"})");
  Credentials credentials(home.settings);
  CHECK(scripts.log().empty());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { credentials.find("ghcr.io", "a"); });
    threads.emplace_back([&] { credentials.find("quay.io", "a"); });
  }
  for (std::thread& thread : threads) thread.join();
  home.write("docker/config.json", "{broken");
  CHECK(credentials.find("ghcr.io", "b")->user == "u");
  const std::string log = scripts.log();
  CHECK(log.size() == std::string("slow 1 get <ghcr.io>\n").size() * 2);
  CHECK(has(log, "<ghcr.io>"));
  CHECK(has(log, "<quay.io>"));
}

TEST_CASE("registry.md K5: empty user and password are nobody", "[registry]") {
  Home home;
  home.write("docker/config.json", R"({"auths": {"ghcr.io": {"auth": "Og=="}}})");
  home.write("run/auth.json", entry("ghcr.io", "next"));
  CHECK(home.find("ghcr.io") == "anonymous");
}

TEST_CASE("registry.md C5: headers for API hosts come from docker's configuration", "[registry]") {
  Home home;
  CHECK(Credentials(home.settings).api_headers().empty());
  home.write("docker/config.json", R"({"HttpHeaders": {"X-Meta": "a"}})");
  home.write("run/auth.json", R"({"HttpHeaders": {"X-Other": "b"}})");
  Credentials credentials(home.settings);
  CHECK(credentials.api_headers().size() == 1);
  home.settings.only_file = home.directory / "run/auth.json";
  Credentials only(home.settings);
  CHECK(only.api_headers().empty());
}

TEST_CASE("registry.md C3.4: --creds are never for a mirror, which may have an entry of its own",
          "[registry]") {
  Home home;
  home.settings.given = {.user = "me", .password = hush};
  home.write("docker/config.json", entry("mirror.test", "robot"));
  CHECK(home.find("reg.test", "a", Purpose::pull) == "--creds:me");
  CHECK(home.find("mirror.test", "a", Purpose::mirror) == "docker/config.json (mirror.test):robot");
  CHECK(home.find("other.test", "a", Purpose::mirror) == "anonymous");
}

TEST_CASE("registry.md C4.1: docker's proxies count whatever file the logins come from",
          "[registry]") {
  Home home;
  home.write("docker/config.json", R"({"proxies": {"default": {"httpsProxy": "http://p:1"}}})");
  CHECK(Credentials(home.settings).docker_proxies().https->url == "http://p:1");
  home.settings.only_file = home.write("only.json", "{}");
  CHECK(Credentials(home.settings).docker_proxies().https->url == "http://p:1");
  home.settings.docker_config.clear();
  CHECK_FALSE(Credentials(home.settings).docker_proxies().https);
}
