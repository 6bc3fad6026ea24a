// SPDX-License-Identifier: Apache-2.0
#include "registry/credential_helper.hpp"

#include "helper_script.hpp"
#include "secrets.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::has;
using test::refusal_of;

namespace {

CredentialHelper helper(const std::string& name) {
  return {name, std::chrono::seconds(30)};
}

/// The answer as "user|password|token|complaint", or what it is refused with.
std::string got(const std::string& name) {
  std::string out;
  const std::string refusal = refusal_of([&] {
    const auto answer = helper(name).get("reg.corp:5000", {});
    if (!answer) {
      out = "missing";
    } else if (!answer->found) {
      out = "nothing|" + answer->complaint;
      test::check_tells_nothing(out);
    } else {
      CHECK(answer->found->source == "docker-credential-" + name);
      out =
          answer->found->user + '|' + answer->found->password + '|' + answer->found->identity_token;
    }
  });
  return refusal.empty() ? out : refusal;
}

}  // namespace

TEST_CASE("registry.md K4.1, K4.2: a helper gets the address and answers in JSON", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("one", R"(echo ' {"ServerURL": "x", "Username": "u", "Secret": "hUsH", "X": 1} ')");
  scripts.add("token", R"(echo '{"Username": "<token>", "Secret": "hUsH"}')");
  scripts.add("empty", R"(echo '{"ServerURL": "x", "Username": "", "Secret": ""}')");
  CHECK(got("one") == "u|hUsH|");
  CHECK(got("token") == "||hUsH");
  CHECK(got("empty") == "nothing|");
  CHECK(scripts.log() ==
        "one 1 get <reg.corp:5000>\ntoken 1 get <reg.corp:5000>\nempty 1 get <reg.corp:5000>\n");
}

TEST_CASE("registry.md K4.3, K4.4, X3: each failure of a helper is told in its own words",
          "[registry]") {
  const test::HelperScripts scripts;
  struct Row {
    const char* script;
    const char* said;
  };
  const std::string begin = "helper-failed: docker-credential-x get";
  const Row rows[] = {
      {"echo 'credentials not found in native keychain'; exit 1", "nothing|"},
      {"echo 'credentials not found in native keychain'; echo 'no role\nmore' >&2; exit 1",
       "nothing|no role"},
      {"echo 'credentials not found in native keychain'; echo '{\"Secret\": \"hUsH\"}' >&2; exit 1",
       "nothing|"},
      {"echo 'no credentials server URL'; exit 1",
       " ended with exit code 1\nnote: it says: \"no credentials server URL\"\n"},
      {"echo 'vault is sealed'; echo 'dial tcp' >&2; exit 7",
       " ended with exit code 7\nnote: it says: \"vault is sealed\"\nnote: it says: \"dial "
       "tcp\"\n"},
      {"printf 'a\\033[31m\\nb'; exit 2",
       " ended with exit code 2\nnote: it says: \"a\\x1b[31m\"\n"},
      {"exit 3", " ended with exit code 3\n"},
      {"echo '{\"Username\": \"u\", \"Secret\": \"hUsH\"}'; exit 1", " ended with exit code 1\n"},
      {"echo hUsH", ": its answer is not valid JSON (line 1, column 1)\n"},
      {"echo '{\"Username\": 1, \"Secret\": \"hUsH\"}'",
       ": JSON member \"Username\" is not a string\n"},
      {"head -c 2000000 /dev/zero | tr '\\0' ' '", " answered with more than 1 MiB\n"},
  };
  for (const Row& row : rows) {
    INFO(row.script);
    scripts.add("x", row.script);
    const std::string said = row.said;
    CHECK(got("x") == (said.starts_with("nothing") ? said : begin + said));
  }
}

TEST_CASE("registry.md K4.5: a missing program is told apart", "[registry]") {
  const test::HelperScripts scripts;
  CHECK(got("absent") == "missing");
  CHECK(has(refusal_of([] { helper("absent").throw_missing(); }),
            "helper-failed: docker-credential-absent is not on PATH"));
}

TEST_CASE("registry.md K4: a name that could be a path is refused", "[registry]") {
  for (const char* name : {"", "../x", "a/b", "-x", ".x", "a b", "a;b", "\xc3\xa4"}) {
    INFO(name);
    CHECK(has(refusal_of([&] { helper(name); }), "a name is wanted, not a path"));
  }
  CHECK_NOTHROW(helper("ecr-login"));
  CHECK_NOTHROW(helper("0.a_b-C"));
}

TEST_CASE("registry.md K4.6: a helper that does not end is killed", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("slow", "sleep 100");
  CHECK(refusal_of([] { CredentialHelper("slow", std::chrono::seconds(1)).get("a", {}); }) ==
        "helper-failed: docker-credential-slow get gave no answer within 1 s\n");
}

TEST_CASE("registry.md K4.7: a helper stores and erases", "[registry]") {
  const test::HelperScripts scripts;
  scripts.add("ok", "");
  helper("ok").store("https://index.docker.io/v1/", "u", "hUsH\"\\", {});
  CHECK(helper("ok").erase("reg", {}));
  CHECK(scripts.log() ==
        "ok 1 store <{\"ServerURL\":\"https://index.docker.io/v1/\",\"Username\":\"u\","
        "\"Secret\":\"hUsH\\\"\\\\\"}>\nok 1 erase <reg>\n");
  scripts.add("none", "echo 'credentials not found in native keychain'; exit 1");
  CHECK_FALSE(helper("none").erase("reg", {}));
  scripts.add("bad", "echo 'locked'; exit 1");
  CHECK(has(refusal_of([] { helper("bad").store("reg", "u", "hUsH", {}); }), "locked"));
  CHECK(has(refusal_of([] { helper("bad").erase("reg", {}); }), "locked"));
  CHECK(has(refusal_of([] { helper("absent").store("reg", "u", "hUsH", {}); }), "not on PATH"));
}
