// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_store.hpp"

#include <sys/stat.h>

#include "helper_script.hpp"
#include "registry/credentials.hpp"
#include "secrets.hpp"
#include "support/fd.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::hush;
using test::refusal_of;

namespace {

std::string text_of(const std::filesystem::path& file) {
  return support::read_file(file, 1 << 20);
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat status {};
  ::stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("registry.md X4: a login is written to a private file that is found again",
          "[registry]") {
  const test::TempDir home;
  const CredentialStore store{.file = home / "new/docker/config.json"};
  const SavedLogin saved = save_login(store, "ghcr.io", "octo", hush);
  CHECK(saved.place == store.file.string());
  CHECK_FALSE(saved.encrypted);
  CHECK(mode_of(store.file) == 0600);
  CHECK(mode_of(store.file.parent_path()) == 0700);
  save_login(store, "docker.io", "hub", hush);
  CHECK(saved_registries(store) == std::vector<std::string>{"ghcr.io", "docker.io"});

  CredentialSettings settings;
  settings.docker_config = store.file;
  Credentials credentials(settings);
  CHECK(credentials.find("ghcr.io", "a")->password == hush);
  CHECK(credentials.find("docker.io", "a")->user == "hub");
  CHECK(has(text_of(store.file), "https://index.docker.io/v1/"));
}

TEST_CASE("registry.md X4: what a file holds besides is kept, and links are followed",
          "[registry]") {
  const test::TempDir home;
  home.write("real/config.json",
             R"({"detachKeys": "ctrl-p", "auths": {"quay.io": {"auth": "YTpi"}}, "z": [1]})", 0644);
  home.symlink("config.json", "real/config.json");
  const CredentialStore store{.file = home / "config.json"};
  save_login(store, "ghcr.io", "octo", hush);
  CHECK(std::filesystem::is_symlink(home / "config.json"));
  CHECK(mode_of(home / "real/config.json") == 0600);
  CHECK(text_of(home / "real/config.json") ==
        "{\n  \"detachKeys\": \"ctrl-p\",\n  \"auths\": {\n    \"quay.io\": {\n      \"auth\": "
        "\"YTpi\"\n    },\n    \"ghcr.io\": {\n      \"auth\": \"" +
            support::encode_base64("octo:" + hush) +
            "\"\n    }\n  },\n  \"z\": [\n    1\n  ]\n}\n");
  CHECK(erase_login(store, "ghcr.io") == std::vector<std::string>{store.file.string()});
  CHECK(saved_registries(store) == std::vector<std::string>{"quay.io"});
  CHECK(erase_login(store, "ghcr.io").empty());
  // Nothing is left of a temporary file.
  CHECK(std::distance(std::filesystem::directory_iterator(home / "real"), {}) == 1);
}

TEST_CASE("registry.md X4: every key of a registry is erased, keys of its paths stay",
          "[registry]") {
  const test::TempDir home;
  const CredentialStore store{
      .file = home.write("c.json", R"({"auths": {"docker.io": {"auth": "YTpi"}, "index.docker.io":
        {"auth": "YTpi"}, "https://index.docker.io/v1/": {}, "docker.io/acme": {"auth": "YTpi"}}})")};
  erase_login(store, "docker.io");
  const std::string text = text_of(store.file);
  CHECK(has(text, "docker.io/acme"));
  CHECK_FALSE(has(text, "index.docker.io"));
}

TEST_CASE("registry.md K4.7: a login goes to the helper that is configured", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("own", "");
  scripts.add("store", "");
  const test::TempDir home;
  const CredentialStore store{
      .file = home.write("c.json", R"({"credHelpers": {"ghcr.io": "own"}, "credsStore": "store",
        "auths": {"ghcr.io": {"auth": "YTpi"}}})")};
  const SavedLogin own = save_login(store, "ghcr.io", "octo", hush);
  CHECK(own.place == "docker-credential-own");
  CHECK(own.encrypted);
  CHECK(save_login(store, "docker.io", "hub", hush).place == "docker-credential-store");
  CHECK(scripts.log() ==
        "own 1 store <{\"ServerURL\":\"ghcr.io\",\"Username\":\"octo\",\"Secret\":\"hUsH\"}>\n"
        "store 1 store <{\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"hub\","
        "\"Secret\":\"hUsH\"}>\n");
  // No password beside the store's, only the marker.
  CHECK_FALSE(has(text_of(store.file), "YTpi"));
  CHECK(saved_registries(store) == std::vector<std::string>{"ghcr.io", "docker.io"});
  CHECK(erase_login(store, "ghcr.io") ==
        std::vector<std::string>{"docker-credential-own", store.file.string()});
}

TEST_CASE("registry.md X4: a login is not stored in the clear instead of in a missing store",
          "[registry]") {
  const test::HelperScripts scripts;
  const test::TempDir home;
  const std::string text = R"({"credsStore": "absent"})";
  const CredentialStore store{.file = home.write("c.json", text)};
  CHECK(has(refusal_of([&] { save_login(store, "ghcr.io", "octo", hush); }), "not on PATH"));
  CHECK(text_of(store.file) == text);
}

TEST_CASE("registry.md X4: a damaged file is left as it is", "[registry]") {
  const test::TempDir home;
  const std::string text = R"({"auths": {"ghcr.io": "hUsH"}})";
  const CredentialStore store{.file = home.write("c.json", text)};
  CHECK(has(refusal_of([&] { save_login(store, "ghcr.io", "octo", hush); }), "is no object"));
  CHECK(has(refusal_of([&] { erase_login(store, "ghcr.io"); }), "is no object"));
  CHECK(has(refusal_of([&] { save_login(store, "ghcr.io", "a:b", hush); }), "has no colon"));
  CHECK(text_of(store.file) == text);
}
