// SPDX-License-Identifier: Apache-2.0
#include "completion.hpp"

#include <sstream>

#include "help.hpp"
#include "manual.hpp"
#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;

namespace {

Strings lines(const std::string& text) {
  std::istringstream in(text);
  Strings out;
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

/// What is offered for the last of `words`.
Strings offered(test::Program& ocibuild, const Arguments& words) {
  Arguments all{"__complete", "--"};
  all.insert(all.end(), words.begin(), words.end());
  CHECK(ocibuild.run(all) == 0);
  CHECK(ocibuild.err.empty());
  return lines(ocibuild.out);
}

}  // namespace

TEST_CASE("cli.md 6.16: commands, flags and their values are offered", "[cli]") {
  test::Program ocibuild;
  CHECK(offered(ocibuild, {"pu"}) == Strings{"push", "pull"});
  CHECK(offered(ocibuild, {"--root", "x", "bui"}) == Strings{"build"});
  CHECK(offered(ocibuild, {"help", "lo"}) == Strings{"load", "login", "logout"});
  CHECK(offered(ocibuild, {"build", "--meta"}) == Strings{"--metadata-file"});
  CHECK(offered(ocibuild, {"image", "ls", "--no"}) == Strings{"--no-trunc"});
  CHECK(offered(ocibuild, {"--metad"}) == Strings{"--metadata-file"});
  CHECK(offered(ocibuild, {"build", "--progress", "t"}) == Strings{"tty"});
  CHECK(offered(ocibuild, {"build", "--pull=n"}) == Strings{"--pull=newer", "--pull=never"});
  CHECK(offered(ocibuild, {"build", "--push=f"}) == Strings{"--push=false"});
  CHECK(offered(ocibuild, {"build", "-f", ""}) == Strings{":files"});
  CHECK(offered(ocibuild, {"build", "--cache-dir", ""}) == Strings{":dirs"});
  CHECK(offered(ocibuild, {"build", "./"}) == Strings{":dirs"});
  CHECK(offered(ocibuild, {"--root", "x"}).empty() == false);
  CHECK(offered(ocibuild, {"cac"}) == Strings{"cache"});
  CHECK(offered(ocibuild, {"cache", "p"}) == Strings{"prune"});
  CHECK(offered(ocibuild, {"completion", ""}) == Strings{"bash", "zsh", "fish"});
}

TEST_CASE("cli.md 6.16: stages and arguments are those of the Dockerfile that is meant", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch AS one\n");
  ocibuild.dir.write("c/Dockerfile",
                     "ARG TAG=1\nFROM base:$TAG AS first\nARG VERSION MODE\nFROM scratch AS final\n"
                     "ARG MODE\nFROBNICATE\n");
  CHECK(offered(ocibuild, {"--target", ""}) == Strings{"one"});
  CHECK(offered(ocibuild, {"build", "c", "--target", "fi"}) == Strings{"first", "final"});
  CHECK(offered(ocibuild, {"-f", "c/Dockerfile", "--target=fin"}) == Strings{"--target=final"});
  CHECK(offered(ocibuild, {"build", "c", "--build-arg", ""}) ==
        Strings{"TAG=", "VERSION=", "MODE="});
}

TEST_CASE("cli.md 6.16: images of the store and registries with a login are offered", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  REQUIRE(ocibuild.run({"--root", "s", "-t", "app:1", "-t", "reg.test:5000/app:2", "."}) == 0);
  CHECK(offered(ocibuild, {"--root", "s", "push", "a"}) == Strings{"app:1"});
  CHECK(offered(ocibuild, {"inspect", "--root=s", ""}) == Strings{"app:1", "reg.test:5000/app:2"});
  ocibuild.environment["OCIBUILD_ROOT"] = "s";
  CHECK(offered(ocibuild, {"rmi", "app:1", "reg"}) == Strings{"reg.test:5000/app:2"});
  REQUIRE(ocibuild.run({"login", "--no-verify", "-u", "u", "-p", "p", "reg.test:5000"}) == 0);
  CHECK(offered(ocibuild, {"logout", ""}) == Strings{"reg.test:5000"});
}

TEST_CASE("cli.md 6.16: what is wrong is offered nothing for, without a word", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("etc/config.toml", "wrong\n");
  CHECK(offered(ocibuild, {"build", "--target", ""}).empty());
  CHECK(offered(ocibuild, {"build", "--frobnicate", "--target", ""}).empty());
  CHECK(offered(ocibuild, {"frobnicate", ""}).empty());
  CHECK(offered(ocibuild, {}).empty());
  CHECK(ocibuild.run({"completion", "tcsh"}) == 2);
}

TEST_CASE("cli.md 6.17: the page of a command has every flag that the command knows", "[cli]") {
  for (const CommandInfo& command : command_table()) {
    const auto page = manual_page(page_name(command));
    REQUIRE(page);
    for (const Flag& flag : flag_table()) {
      if ((flag.commands & command.id) == 0) continue;
      std::string name = "\\-\\-" + std::string(flag.name);
      for (std::size_t at = 4; (at = name.find('-', at)) != std::string::npos; at += 2)
        name.insert(at, 1, '\\');
      CHECK_THAT(*page, Contains(name));
    }
  }
  CHECK(manual_page("ocibuild"));
  CHECK(!manual_page("ocibuild-frobnicate"));
}

TEST_CASE("cli.md 2.6: docker's longer command names are taken", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  CHECK(ocibuild.run({"buildx", "build", "--load", "-t", "app:1", "."}) == 0);
  CHECK(ocibuild.run({"image", "tag", "app:1", "app:2"}) == 0);
  CHECK(ocibuild.run({"-D", "image", "inspect", "app:2"}) == 0);
  CHECK(ocibuild.run({"image", "history", "app:2"}) == 0);
  CHECK(ocibuild.run({"image", "save", "-o", "a.tar", "app:2"}) == 0);
  CHECK(ocibuild.run({"image", "rm", "app:1", "app:2"}) == 0);
  CHECK(ocibuild.run({"image", "load", "-i", "a.tar"}) == 0);
  CHECK(ocibuild.run({"image", "ls"}) == 0);
  CHECK_THAT(ocibuild.out, Contains("app"));
  CHECK(ocibuild.run({"help", "image", "ls"}) == 0);
  CHECK_THAT(ocibuild.out, Contains("Usage: ocibuild images"));
  CHECK(ocibuild.run({"buildx", "bake"}) == 2);
  CHECK(ocibuild.err == "error: 'buildx' needs one of: build, b\nsee: ocibuild -h\n");
}

TEST_CASE("cli.md 2.6: commands that run containers are refused with one sentence", "[cli]") {
  test::Program ocibuild;
  for (const char* word : {"run", "ps", "exec", "compose", "container", "up"}) {
    CHECK(ocibuild.run({word, "x"}) == 2);
    CHECK(ocibuild.err ==
          "error: ocibuild builds images and does not run containers\nsee: ocibuild -h\n");
  }
}

TEST_CASE("cli.md 6.17: the examples of help and manual are command lines that are understood",
          "[cli]") {
  Strings examples = lines(short_help());
  for (const CommandInfo& command : command_table()) examples.emplace_back(command.example);
  std::size_t read = 0;
  for (const std::string& example : examples) {
    const std::size_t start = example.find("ocibuild ");
    if (start == std::string::npos || example.find("Usage") != std::string::npos ||
        example.find("[ARGS]") != std::string::npos || example.find("--help:") != std::string::npos)
      continue;
    std::istringstream in(example.substr(start + 9));
    Arguments words;
    for (std::string word; in >> word && word != "|" && word != "<";)
      words.push_back(word.substr(0, word.find(')')));
    INFO(example);
    const CommandWords found = find_command(words);
    const bool named = found.command != nullptr;
    REQUIRE((named || is_short_form(words.front())));
    const std::span<const std::string> rest(
        words.begin() + static_cast<std::ptrdiff_t>(named ? found.count : 0), words.end());
    CHECK_NOTHROW(parse_flags(named ? found.command->id : build_command, rest, {}));
    ++read;
  }
  CHECK(read >= 15);
}
