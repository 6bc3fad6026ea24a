// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Program;
namespace fs = std::filesystem;

namespace {

/// A project with one error and one warning.
struct Project : Program {
  Project() { dir.write("app/Dockerfile", "FROM scratch\nEXPOSE a:b,c\nCMD top\n"); }
};

constexpr const char* both =
    "error[port-invalid]: \"a:b,c\" is no port: a port is a number from 0 to 65535\n"
    "  --> Dockerfile:2:8\n"
    " 2 | EXPOSE a:b,c\n"
    "   |        ^^^^^\n"
    "   = help: write 80, 8000-8010 or 53/udp\n"
    "\n"
    "warning[JSONArgsRecommended]: the shell form of CMD keeps signals from the program: it "
    "becomes "
    "a child of /bin/sh\n"
    "  --> Dockerfile:3:1\n"
    " 3 | CMD top\n"
    "   | ^^^\n"
    "   = help: write CMD [\"program\", \"argument\"]\n"
    "\n"
    "Dockerfile: 1 error, 1 warning\n";

}  // namespace

TEST_CASE_METHOD(Project, "cli.md 6.5: check prints findings by line on stdout and ends with 1",
                 "[cli]") {
  for (const program::Arguments& call : {program::Arguments{"check", "app"},
                                         {"lint", "app"},
                                         {"build", "--check", "app"},
                                         {"--check", "./app"},
                                         {"build", "--call=check", "app"},
                                         {"check", "-f", "app/Dockerfile"},
                                         {"check", "--format=text", "app"}}) {
    CAPTURE(call);
    CHECK(run(call) == 1);
    CHECK(err.empty());
    if (call[1] != "-f") CHECK(out == both);
  }
}

TEST_CASE_METHOD(Project, "cli.md 6.5: check ends with 0 when there is nothing to say", "[cli]") {
  input = "FROM scratch\nCOPY a /\n";
  CHECK(run({"check", "-f", "-", "app"}) == 0);
  CHECK(out == "-: no errors, no warnings\n");
  input = "FROM scratch\nCMD top\n";
  CHECK(run({"check", "-f", "-", "app"}) == 1);
}

TEST_CASE_METHOD(Project, "cli.md 6.5: check writes nothing", "[cli]") {
  CHECK(run({"build", "--check", "--iidfile", "id", "-t", "x", "app"}) == 1);
  CHECK(!fs::exists(dir / "id"));
  CHECK(!fs::exists(dir / "home"));
}

TEST_CASE_METHOD(Project, "cli.md 6.5: --call and --format refuse what they do not know", "[cli]") {
  CHECK(run({"build", "--call=chek", "app"}) == 2);
  CHECK(
      err ==
      "error: --call takes build, check, outline or targets, not 'chek'\nsee: ocibuild build -h\n");
  CHECK(run({"build", "--call=check,format=xml", "app"}) == 2);
  CHECK(err ==
        "error: --call check,format= takes text, json or github, not 'xml'\nsee: ocibuild build "
        "-h\n");
  CHECK(run({"check", "--format=xml", "app"}) == 2);
  CHECK(err == "error: --format takes text, json or github, not 'xml'\nsee: ocibuild check -h\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.7: --format github escapes what workflow commands use",
                 "[cli]") {
  CHECK(run({"check", "--format", "github", "app"}) == 1);
  CHECK(out ==
        "::error file=app/Dockerfile,line=2,col=8,endColumn=13,title=port-invalid::\"a:b,c\" is no "
        "port: a port is a number from 0 to 65535%0Ahelp: write 80, 8000-8010 or 53/udp\n"
        "::warning file=app/Dockerfile,line=3,col=1,endColumn=4,title=JSONArgsRecommended::the "
        "shell form of CMD keeps signals from the program: it becomes a child of "
        "/bin/sh%0Ahelp: write CMD [\"program\", \"argument\"]\n");
  dir.write("a,b:c%/Dockerfile", "FROM scratch\nEXPOSE 100%\n");
  CHECK(run({"check", "--format", "github", "./a,b:c%"}) == 1);
  CHECK(out ==
        "::error file=a%2Cb%3Ac%25/Dockerfile,line=2,col=8,endColumn=12,title=port-invalid::"
        "\"100%25\" is no port: a port is a number from 0 to 65535%0Ahelp: write 80, 8000-8010 or "
        "53/udp\n");
}

TEST_CASE_METHOD(Project, "cli.md 6.6: --format json has BuildKit's keys and ours", "[cli]") {
  CHECK(run({"build", "--call=check,format=json", "app"}) == 1);
  CHECK(out == R"({
  "warnings": [
    {
      "ruleName": "JSONArgsRecommended",
      "url": "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
      "detail": "the shell form of CMD keeps signals from the program: it becomes a child of /bin/sh",
      "location": {
        "ranges": [
          {
            "start": {
              "line": 3,
              "character": 0
            },
            "end": {
              "line": 3,
              "character": 3
            }
          }
        ]
      },
      "id": "JSONArgsRecommended",
      "severity": "warning",
      "message": "the shell form of CMD keeps signals from the program: it becomes a child of /bin/sh",
      "file": "app/Dockerfile",
      "line": 3,
      "col": 1,
      "end": 4,
      "notes": [],
      "helps": [
        "write CMD [\"program\", \"argument\"]"
      ]
    }
  ],
  "errors": [
    {
      "location": {
        "ranges": [
          {
            "start": {
              "line": 2,
              "character": 7
            },
            "end": {
              "line": 2,
              "character": 12
            }
          }
        ]
      },
      "id": "port-invalid",
      "severity": "error",
      "message": "\"a:b,c\" is no port: a port is a number from 0 to 65535",
      "file": "app/Dockerfile",
      "line": 2,
      "col": 8,
      "end": 13,
      "notes": [],
      "helps": [
        "write 80, 8000-8010 or 53/udp"
      ]
    }
  ],
  "sources": [
    {
      "filename": "app/Dockerfile",
      "data": "RlJPTSBzY3JhdGNoCkVYUE9TRSBhOmIsYwpDTUQgdG9wCg==",
      "language": "Dockerfile"
    }
  ],
  "counts": {
    "errors": 1,
    "warnings": 1
  },
  "buildError": {
    "message": "\"a:b,c\" is no port: a port is a number from 0 to 65535",
    "location": {
      "ranges": [
        {
          "start": {
            "line": 2,
            "character": 7
          },
          "end": {
            "line": 2,
            "character": 12
          }
        }
      ]
    }
  }
}
)");
}

TEST_CASE_METHOD(Project, "dockerfile.md 18.4: a base in the store brings its variables", "[cli]") {
  dir.write("base/Dockerfile", "FROM scratch\nENV DATA=/data\n");
  REQUIRE(run({"build", "-q", "-t", "base:1", "base"}) == 0);
  dir.write("app/Dockerfile", "FROM base:1\nVOLUME $DATA\nVOLUME $NOTHING\n");
  CHECK(run({"check", "app"}) == 1);
  CHECK(out ==
        "error[volume-empty]: VOLUME \"$NOTHING\" is an empty path\n"
        "  --> Dockerfile:3:8\n"
        " 3 | VOLUME $NOTHING\n"
        "   |        ^^^^^^^^ NOTHING is not set\n"
        "   = help: write a path such as /data, or give the variable a value\n"
        "\n"
        "warning[UndefinedVar]: the variable \"NOTHING\" is not defined here\n"
        "  --> Dockerfile:3:8\n"
        " 3 | VOLUME $NOTHING\n"
        "   |        ^^^^^^^^\n"
        "\n"
        "Dockerfile: 1 error, 1 warning\n");
  dir.write("app/Dockerfile", "FROM other:1\nVOLUME $DATA\n");
  CHECK(run({"check", "app"}) == 0);
}

TEST_CASE_METHOD(Project, "dockerfile.md 18.4: the first ten errors are shown, and all warnings",
                 "[cli]") {
  std::string text = "FROM scratch\n";
  for (int i = 0; i < 12; ++i) text += "EXPOSE x\nLABEL a" + std::to_string(i) + "=$NO\n";
  dir.write("app/Dockerfile", text);
  CHECK(run({"check", "app"}) == 1);
  CHECK(out.find("2 more errors are not shown") != std::string::npos);
  CHECK(out.ends_with("\nDockerfile: 12 errors, 12 warnings\n"));
}
