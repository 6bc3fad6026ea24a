// SPDX-License-Identifier: Apache-2.0
#include "flags.hpp"

#include <ocibuild/error.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Strings = std::vector<std::string>;

namespace {

ParsedFlags parse(const Strings& words,
                  const std::map<std::string, std::string>& environment = {}) {
  return parse_flags(build_command, words, environment);
}

std::string refusal(const Strings& words,
                    const std::map<std::string, std::string>& environment = {}) {
  try {
    parse(words, environment);
  } catch (const Error& error) {
    CHECK(error.code() == Errc::usage);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("cli.md 2.2: command lines are read as docker, buildah and kaniko read them", "[cli]") {
  const ParsedFlags two = parse({"-t", "a", "-t", "b", "."});
  CHECK(two.list("tag") == Strings{"a", "b"});
  CHECK(two.arguments == Strings{"."});

  CHECK(parse({"-t=a", "."}).list("tag") == Strings{"a"});

  const ParsedFlags joined = parse({"-fD", "-ta", "."});
  CHECK(joined.text("file") == "D");
  CHECK(joined.list("tag") == Strings{"a"});

  const ParsedFlags late = parse({".", "-t", "a"});
  CHECK(late.arguments == Strings{"."});
  CHECK(late.list("tag") == Strings{"a"});

  CHECK(parse({"--build-arg", "A=1", "."}).list("build-arg") == Strings{"A=1"});

  const ParsedFlags pull = parse({"--pull", "."});
  CHECK(pull.text("pull") == "always");
  CHECK(pull.arguments == Strings{"."});
  CHECK(parse({"--pull=never", "."}).text("pull") == "never");

  CHECK(parse({"--no-cache=false", "."}).has("no-cache"));
  CHECK(!parse({"--no-cache=false", "."}).on("no-cache"));
  CHECK(parse({"--platform", "linux/amd64,linux/arm64", "."}).text("platform") ==
        "linux/amd64,linux/arm64");
  CHECK(parse({"--label", "a=b=c", "."}).list("label") == Strings{"a=b=c"});
  CHECK(parse({"-o", "type=oci,dest=x.tar", "."}).list("output") == Strings{"type=oci,dest=x.tar"});
  CHECK(parse({"-q", "."}).on("quiet"));

  const ParsedFlags makefile = parse({"--network", "host", "--rm", "--force-rm", "--progress=plain",
                                      "--load", "--provenance=false", "-t", "x", "."});
  CHECK(makefile.arguments == Strings{"."});
  CHECK(makefile.on("load"));
  CHECK(makefile.without_effect == Strings{"network", "rm", "force-rm", "provenance"});

  CHECK(parse({"-"}).arguments == Strings{"-"});
  CHECK(parse({"-f", "-", "."}).text("file") == "-");
  CHECK(parse({"--", "-dir"}).arguments == Strings{"-dir"});
}

TEST_CASE("letters are joined as pflag joins them", "[cli]") {
  CHECK(parse({"-qDf", "x"}).text("file") == "x");
  CHECK(parse({"-qD"}).on("debug"));
  CHECK(parse({"-q=false"}).has("quiet"));
  CHECK(!parse({"-q=false"}).on("quiet"));
  CHECK(parse({"-t", "-q"}).list("tag") == Strings{"-q"});
  CHECK(parse({"--tag", "--quiet"}).list("tag") == Strings{"--quiet"});
  CHECK(parse({"--tag="}).list("tag") == Strings{""});
  CHECK(parse({"-j", "2", "-j", "4"}).text("jobs") == "4");
}

TEST_CASE("another tool's name for a flag is the same flag", "[cli]") {
  CHECK(parse({"--compression-format", "zstd"}).text("compression") == "zstd");
  CHECK(parse({"--digestfile", "x"}).text("digest-file") == "x");
}

TEST_CASE("what cannot be read is refused with what would be right", "[cli]") {
  CHECK(refusal({"--tagg", "x"}) == "no flag '--tagg'; did you mean '--tag'?");
  CHECK(refusal({"--frobnicate"}) == "no flag '--frobnicate'");
  CHECK(refusal({"-Z"}) == "no flag '-Z'");
  CHECK(refusal({"-t"}) == "-t needs a value");
  CHECK(refusal({"--tag"}) == "--tag needs a value");
  CHECK(refusal({"--no-cache=yes"}) == "--no-cache takes true or false, not 'yes'");
  CHECK(refusal({"---x"}) == "'---x' is no flag");
  CHECK(refusal({"--=x"}) == "'--=x' is no flag");
  CHECK(refusal({"--help=yes"}) == "--help takes true or false, not 'yes'");
  CHECK(parse({"--help=false"}).help == HelpWanted::none);
  CHECK(parse({"--help=1"}).help == HelpWanted::full);
}

TEST_CASE("refused flags have their own sentence", "[cli]") {
  CHECK(refusal({"--sbom=true"}) == "--sbom is refused: not yet; nothing is attached");
  CHECK(refusal({"--sbom=false"}) == "accepted");
  CHECK(refusal({"-v", "a:b"}) == "-v is refused: nothing is run, so nothing is mounted");
  CHECK(refusal({"--squash"}) ==
        "--squash is refused: layers are never merged; COPY everything in one instruction for one "
        "layer");
  CHECK(refusal({}, {{"OCIBUILD_SQUASH", "1"}}) ==
        "OCIBUILD_SQUASH is refused: layers are never merged; COPY everything in one instruction "
        "for one layer");
}

TEST_CASE("a variable stands for a flag that the command line does not give", "[cli]") {
  const ParsedFlags flags = parse({"--target", "a"}, {{"OCIBUILD_TARGET", "b"},
                                                      {"OCIBUILD_BUILD_ARG", "A=1\nB=2 3\n"},
                                                      {"OCIBUILD_NO_CACHE", "1"},
                                                      {"OCIBUILD_JOBS", ""},
                                                      {"OCIBUILD_UNKNOWN", "x"}});
  CHECK(flags.text("target") == "a");
  CHECK(flags.origin("target") == "--target");
  CHECK(flags.list("build-arg") == Strings{"A=1", "B=2 3"});
  CHECK(flags.origin("build-arg") == "OCIBUILD_BUILD_ARG");
  CHECK(flags.on("no-cache"));
  CHECK(!flags.has("jobs"));
  CHECK(refusal({}, {{"OCIBUILD_NO_CACHE", "yes"}}) ==
        "OCIBUILD_NO_CACHE takes true or false, not 'yes'");
}

TEST_CASE("variables of build do not reach the other commands", "[cli]") {
  const ParsedFlags flags =
      parse_flags(images_command, {}, {{"OCIBUILD_FORMAT", "docker"}, {"OCIBUILD_ROOT", "/r"}});
  CHECK(!flags.has("format"));
  CHECK(flags.text("root") == "/r");
}

TEST_CASE("a bare word is never a directory, so that a new command changes no old script",
          "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"bulid"}) == 2);
  CHECK(ocibuild.err ==
        "error: no command 'bulid'; did you mean 'build'? (a directory: ocibuild ./bulid)\n"
        "see: ocibuild -h\n");
  CHECK(ocibuild.run({"frobnicate"}) == 2);
  CHECK(ocibuild.err == "error: no command 'frobnicate'\nsee: ocibuild -h\n");
  CHECK(ocibuild.out.empty());
}

TEST_CASE("commands of other tools and of later releases say so", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"run", "alpine"}) == 2);
  CHECK(ocibuild.err ==
        "error: ocibuild builds images and does not run containers\nsee: ocibuild -h\n");
  CHECK(ocibuild.run({"vendor"}) == 2);
  CHECK(ocibuild.err == "error: 'vendor' is not in this release of ocibuild\nsee: ocibuild -h\n");
}

TEST_CASE("cli.md 2.5, 2.6: a first word that others belong to names them", "[cli]") {
  test::Program ocibuild;
  for (const Arguments& words : {Arguments{"image", "prune"}, Arguments{"image"}}) {
    CHECK(ocibuild.run(words) == 2);
    CHECK(ocibuild.err ==
          "error: 'image' needs one of: build, ls, list, inspect, history, tag, rm, remove, save, "
          "load, push, pull\nsee: ocibuild -h\n");
  }
  CHECK(ocibuild.run({"system", "prune", "-f"}) == 2);
  CHECK(ocibuild.err == "error: 'system' needs one of: df\nsee: ocibuild -h\n");
  CHECK(ocibuild.run({"system", "--help"}) == 0);
  CHECK_THAT(ocibuild.out, Catch::Matchers::Contains("\n  cache ls, df, system df"));
}

TEST_CASE("an unknown flag ends with where to look", "[cli]") {
  test::Program ocibuild;
  CHECK(ocibuild.run({"build", "--quite", "."}) == 2);
  CHECK(ocibuild.err ==
        "error: no flag '--quite'; did you mean '--quiet'?\n"
        "see: ocibuild build -h\n");
  CHECK(ocibuild.run({"images", "--tag"}) == 2);
  CHECK(ocibuild.err == "error: no flag '--tag'\nsee: ocibuild images -h\n");
}

TEST_CASE("global flags may stand before the command", "[cli]") {
  test::Program ocibuild;
  for (const Arguments& words :
       {Arguments{"--root", "store", "images"}, Arguments{"images", "--root=store"},
        Arguments{"-D", "--color=never", "images"}}) {
    CHECK(ocibuild.run(words) == 0);
    CHECK(ocibuild.out == "REPOSITORY   TAG   IMAGE ID   CREATED   SIZE\n");
  }
}

TEST_CASE("a build is also meant when the first word is a flag or looks like a directory",
          "[cli]") {
  test::Program ocibuild;
  for (const Arguments& words : {Arguments{"."}, Arguments{"./missing"}, Arguments{"-q"},
                                 Arguments{"-D", "-t", "x", "missing"}}) {
    CHECK(ocibuild.run(words) == 1);
    CHECK_THAT(ocibuild.err, Catch::Matchers::Contains("-missing]: "));
  }
}
