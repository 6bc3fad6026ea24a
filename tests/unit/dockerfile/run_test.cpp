// SPDX-License-Identifier: Apache-2.0
// docs/reference/dockerfile.md, 13.15.
#include "dockerfile/parser.hpp"
#include "parse_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using dockerfile::Run;

namespace {

Strings error_of(const std::string& flags) {
  return errors_of("FROM scratch\nRUN " + flags + " x\n");
}

Diagnostic only_error(const std::string& flags) {
  const Parsed parsed("FROM scratch\nRUN " + flags + " x\n");
  REQUIRE(parsed.diagnostics.errors().size() == 1);
  return parsed.diagnostics.errors()[0];
}

}  // namespace

TEST_CASE("dockerfile.md 13.15: RUN has a text or a JSON list, and flags", "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\nRUN --mount=from=a,target=/x --mount=type=cache,from=B,dst=/y "
      "--network=none --security=insecure --device=vendor.com/gpu=all,required make\n"
      "RUN [\"a\", \"b\"]\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  const auto& run = parsed.body<Run>(1);
  CHECK(run.command.shell_text == "make");
  REQUIRE(run.mounts_from.size() == 2);
  CHECK(run.mounts_from[0].text == "a");
  CHECK(run.mounts_from[1].text == "B");
  CHECK(parsed.body<Run>(2).command.exec == Strings{"a", "b"});
  CHECK(errors_of("FROM scratch\nRUN\n") == Strings{"arguments-missing 2:1+3"});
}

TEST_CASE("cli.md 6.19: what RUN mounts of the user's is known by its id, or its default",
          "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\nRUN --mount=type=secret,id=token,required "
      "--mount=type=secret,target=/run/a.key "
      "--mount=type=secret,source=b --mount=type=ssh --mount=type=SSH,id=deploy,required=true "
      "--mount=type=ssh,id=x,required=false --mount=type=cache,target=/c x\n");
  CHECK(brief(parsed.diagnostics.errors()) == Strings{});
  Strings found;
  for (const dockerfile::MountedInput& input : parsed.body<Run>(1).inputs)
    found.push_back((input.ssh ? "ssh " : "secret ") + input.id.text +
                    (input.is_target ? " (target)" : "") + (input.required ? " !" : ""));
  CHECK(found == Strings{"secret token !", "secret /run/a.key (target)", "secret b", "ssh default",
                         "ssh deploy !", "ssh x"});
}

TEST_CASE("dockerfile.md 13.15: a mount's type and keys are known ones", "[dockerfile]") {
  for (const char* mount :
       {"type=bind,source=a,src=b,target=c,dst=d,destination=e,ro,readonly=1,rw=false,readwrite",
        "type=CACHE,id=x,sharing=Locked,mode=0755,uid=1,gid=2", "type=tmpfs,target=/t,size=1.5GiB",
        "type=secret,id=s,required,env=X,mode=0400", "type=ssh,required=true",
        "\\\"target=/a,b\\\"", "type=$T,size=1", "type=bind,uid=$U,target=/x"}) {
    CAPTURE(mount);
    if (std::string_view(mount).find("uid=$U") == std::string_view::npos) {
      CHECK(error_of(std::string("--mount=") + mount) == Strings{});
    } else {
      CHECK(error_of(std::string("--mount=") + mount) == Strings{"mount-invalid 2:23+6"});
    }
  }
  const Diagnostic key = only_error("--mount=type=bind,sorce=a");
  CHECK(brief(key) == "unknown-mount 2:23+7");
  CHECK(key.message == "RUN --mount has no key \"sorce\"");
  CHECK(key.helps == Strings{"did you mean \"source\"?"});
  const Diagnostic type = only_error("--mount=type=cahce");
  CHECK(brief(type) == "unknown-mount 2:13+10");
  CHECK(type.message == "RUN --mount has no type \"cahce\"");
  CHECK(type.helps == Strings{"did you mean \"cache\"?"});
  CHECK(only_error("--mount=type=volume").helps ==
        Strings{"the types are bind, cache, tmpfs, secret, ssh"});
}

TEST_CASE("dockerfile.md 13.15: a mount's values fit their keys and its type", "[dockerfile]") {
  for (const char* mount : {"source", "ro=maybe", "type=cache,sharing=all", "type=cache,mode=9",
                            "type=cache,uid=-1", "type=tmpfs,size=big", "type=bind,size=1",
                            "required", "mode=755", "type=tmpfs,sharing=shared", "type=secret",
                            "type=secret,id=a,source=b", "type=secret,id=a,from=b", "\\\"a=b"}) {
    CAPTURE(mount);
    const Strings errors = error_of(std::string("--mount=") + mount);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("mount-invalid 2:"));
  }
  CHECK(brief(only_error("--mount=type=bind,from=$X")) == "mount-invalid 2:23+7");
}

TEST_CASE("dockerfile.md 13.15: network, security and device have their values", "[dockerfile]") {
  CHECK(brief(only_error("--network=hots")) == "flag-value-invalid 2:15+4");
  CHECK(only_error("--network=hots").helps == Strings{"did you mean \"host\"?"});
  CHECK(only_error("--security=x").helps == Strings{"write sandbox or insecure"});
  CHECK(brief(only_error("--device=a,b")) == "device-invalid 2:16+1");
  CHECK(brief(only_error("--device=a,required=x")) == "device-invalid 2:16+10");
}

TEST_CASE("dockerfile.md 10.7: RUN keeps its text and the bodies of its heredocs", "[dockerfile]") {
  const Parsed parsed(
      "FROM scratch\nRUN <<-EOF\n\t#!/bin/x\n\tEOF\nRUN cat <<A 3<<'B' >f\n1\nA\n2\nB\n");
  REQUIRE(brief(parsed.diagnostics.errors()) == Strings{});
  CHECK(parsed.body<Run>(1).command.shell_text == "<<-EOF");
  CHECK(parsed.body<Run>(1).heredocs.at(0).body == "#!/bin/x\n");
  REQUIRE(parsed.body<Run>(2).heredocs.size() == 2);
  CHECK(parsed.body<Run>(2).heredocs[0].expand);
  CHECK(parsed.body<Run>(2).heredocs[1].body == "2\n");
}
