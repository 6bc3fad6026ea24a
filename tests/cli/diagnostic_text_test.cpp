// SPDX-License-Identifier: Apache-2.0
#include "diagnostic_text.hpp"

#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;

namespace {

SourceRange at(unsigned line, unsigned column, unsigned length, std::string label,
               std::vector<std::string> excerpt, unsigned first_line) {
  return {"Dockerfile", line, column, length, std::move(label), first_line, std::move(excerpt)};
}

std::string error_text(const Diagnostic& diagnostic) {
  return diagnostic_text(diagnostic, Severity::error, {});
}

}  // namespace

TEST_CASE("an error shows place, marked words, facts and next steps", "[cli]") {
  CHECK(error_text({"copy-source-missing",
                    "'build/server' is not in the build context",
                    at(5, 6, 12, "", {"COPY build/server ."}, 5),
                    {"./build/server exists, but .dockerignore:2 'build/' leaves it out"},
                    {"add '!build/server' below that line"}}) ==
        "error[copy-source-missing]: 'build/server' is not in the build context\n"
        "  --> Dockerfile:5:6\n"
        " 5 | COPY build/server .\n"
        "   |      ^^^^^^^^^^^^\n"
        "   = note: ./build/server exists, but .dockerignore:2 'build/' leaves it out\n"
        "   = help: add '!build/server' below that line\n");
}

TEST_CASE("the gutter is as wide as the longest line number, the label follows the mark", "[cli]") {
  CHECK(error_text({"run-unsupported",
                    "RUN is not executed by ocibuild",
                    at(9, 1, 3, "stage 'b' is needed", {"RUN a && \\", "    b"}, 9),
                    {},
                    {"x"}}) ==
        "error[run-unsupported]: RUN is not executed by ocibuild\n"
        "   --> Dockerfile:9:1\n"
        "  9 | RUN a && \\\n"
        "    | ^^^ stage 'b' is needed\n"
        " 10 |     b\n"
        "    = help: x\n");
}

TEST_CASE("tabs are kept and wide letters count double, so that the mark stands below", "[cli]") {
  CHECK(error_text({"x", "m", at(1, 8, 6, "", {"\tC\t\u65e5 \u672c\u672c z"}, 1), {}, {}}) ==
        "error[x]: m\n"
        "  --> Dockerfile:1:8\n"
        " 1 | \tC\t\u65e5 \u672c\u672c z\n"
        "   | \t \t   ^^^^\n");
}

TEST_CASE("control characters of a Dockerfile are shown, and the mark moves with them", "[cli]") {
  CHECK(error_text({"x", "bad \x1b[2J", at(1, 6, 1, "", {"A \x1b[ b"}, 1), {}, {}}) ==
        "error[x]: bad \\x1b[2J\n"
        "  --> Dockerfile:1:6\n"
        " 1 | A \\x1b[ b\n"
        "   |         ^\n");
}

TEST_CASE("a mark at the end of the line is still one caret", "[cli]") {
  CHECK(error_text({"x", "m", at(3, 5, 1, "", {"COPY"}, 3), {}, {}}) ==
        "error[x]: m\n"
        "  --> Dockerfile:3:5\n"
        " 3 | COPY\n"
        "   |     ^\n");
}

TEST_CASE("a very long line is shown around the mark", "[cli]") {
  const std::string line = std::string(300, 'a') + "BAD" + std::string(300, 'c');
  const std::string text = error_text({"x", "m", at(1, 301, 3, "", {line}, 1), {}, {}});
  CHECK(text == "error[x]: m\n  --> Dockerfile:1:301\n 1 | ..." + std::string(60, 'a') + "BAD" +
                    std::string(137, 'c') + "...\n   | " + std::string(63, ' ') + "^^^\n");
}

TEST_CASE("of a very long instruction only the head and the marked lines are shown", "[cli]") {
  std::vector<std::string> lines = {"COPY <<EOF /x"};
  for (int i = 2; i <= 40; ++i) lines.push_back("line " + std::to_string(i));
  CHECK(error_text({"x", "m", at(20, 1, 4, "", lines, 1), {}, {}}) ==
        "error[x]: m\n"
        "   --> Dockerfile:20:1\n"
        "  1 | COPY <<EOF /x\n"
        "    | ...\n"
        " 18 | line 18\n"
        " 19 | line 19\n"
        " 20 | line 20\n"
        "    | ^^^^\n"
        " 21 | line 21\n"
        " 22 | line 22\n"
        "    | ...\n");
}

TEST_CASE("a finding without a place has no arrow and no gutter", "[cli]") {
  CHECK(error_text({"image-unknown", "no image", {}, {"n"}, {"h"}}) ==
        "error[image-unknown]: no image\n   = note: n\n   = help: h\n");
  CHECK(diagnostic_text({"", "m", {}, {}, {}}, Severity::warning, {}) == "warning: m\n");
}

TEST_CASE("a hostile message is one line of bounded length", "[cli]") {
  const std::string text = error_text({"x", "a\r\n\x1b" + std::string(1'000'000, 'b'), {}, {}, {}});
  CHECK(text.size() < 530);
  CHECK(text.find_first_of("\r\x1b") == std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
}

TEST_CASE(
    "cli.md 9.6: outside of UTF-8 the library's own sign is ASCII, the user's text is as it is",
    "[cli]") {
  const Diagnostic diagnostic{"x", "a … b", at(1, 1, 2, "c …", {"é …"}, 1), {"d …"}, {"e …"}};
  CHECK(error_text(diagnostic) ==
        "error[x]: a ... b\n  --> Dockerfile:1:1\n 1 | é …\n   | ^ c ...\n   = note: d ...\n   = "
        "help: e ...\n");
  CHECK(diagnostic_text(diagnostic, Severity::error, {.utf8 = true}).find("a … b\n") !=
        std::string::npos);
}

TEST_CASE("colour adds to the text and takes nothing from it", "[cli]") {
  const std::string text = diagnostic_text({"x", "m", at(1, 1, 2, "", {"ab"}, 1), {}, {"h"}},
                                           Severity::error, {.colour = true});
  CHECK(text ==
        "\x1b[1;31merror[x]\x1b[0m: m\n"
        "  --> Dockerfile:1:1\n"
        "\x1b[2m 1 |\x1b[0m ab\n"
        "\x1b[2m   |\x1b[0m \x1b[1;31m^^\x1b[0m\n"
        "   \x1b[2m= help: h\x1b[0m\n");
}
