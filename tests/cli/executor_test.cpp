// SPDX-License-Identifier: Apache-2.0
#include "executor_flags.hpp"

#include <ocibuild/error.hpp>

#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Catch::Matchers::Contains;
using Strings = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

namespace {

KanikoCall translated(const Strings& words, const Variables& environment = {}) {
  Io io{};
  io.environment = environment;
  return words_of_build(parse_flags(executor_command, words, environment), io);
}

/// What `build` is told, without what every call is told.
Strings words(const Strings& given, const Variables& environment = {}) {
  Strings all{"--no-push", "--context=."};
  all.insert(all.end(), given.begin(), given.end());
  Strings out = translated(all, environment).words;
  const auto drop = [&](const std::string& word) { std::erase(out, word); };
  for (const char* word : {"--no-push=true", "--file=Dockerfile", "--", "."}) drop(word);
  return out;
}

std::string refusal(const Strings& given, const Variables& environment = {}) {
  try {
    translated(given, environment);
  } catch (const Error& error) {
    CHECK(error.code() == Errc::usage);
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("cli.md 2.7: the context is kaniko's, and the Dockerfile is looked for as it does",
          "[cli]") {
  CHECK(translated({"-d", "reg.test/a:1"}).words ==
        Strings{"--tag=reg.test/a:1", "--push=true", "--file=Dockerfile", "--", "/workspace"});
  CHECK(translated({"-c", "dir:///w", "--context-sub-path=sub", "-f", "D", "--no-push"}).words ==
        Strings{"--file=D", "--no-push=true", "--", "/w/sub"});
  const KanikoCall tar = translated({"--context", "tar://c.tar.gz", "--no-push"});
  CHECK(tar.context_archive == "c.tar.gz");
  CHECK(tar.words.back() == "-");
  CHECK(!translated({"--context=tar://stdin", "--no-push"}).context_archive);
  CHECK(refusal({"--context=s3://b/c.tar", "--no-push"}) ==
        "--context s3://b/c.tar: contexts are not fetched; use dir://DIR or tar://FILE");
  CHECK(refusal({"--context=tar://c", "--context-sub-path=s", "--no-push"}) ==
        "--context-sub-path is for a directory; make the tar of that directory");
  CHECK(refusal({"--no-push", "."}) ==
        "executor takes flags only, and '.' is none; the context is --context DIR");
}

TEST_CASE("cli.md 2.7: kaniko's other names for flags of build are theirs", "[cli]") {
  CHECK(words({"--custom-platform=linux/arm64", "--build-arg", "A=1", "--label=l=x,y", "--target=t",
               "--compression=zstd"}) == Strings{"--target=t", "--build-arg=A=1",
                                                 "--platform=linux/arm64", "--compression=zstd",
                                                 "--label=l=x,y"});
  CHECK(words({"--digest-file=d", "--image-name-with-digest-file=n",
               "--image-name-tag-with-digest-file=t"}) ==
        Strings{"--digest-file=d", "--image-name-with-digest-file=n",
                "--image-name-tag-with-digest-file=t"});
  CHECK(words({"--cleanup", "--snapshotMode=redo", "--single-snapshot", "--use-new-run", "--force",
               "--reproducible", "--cache-ttl=6h", "--ignore-path=/product_uuid"})
            .empty());
  CHECK(refusal({"--git=branch=x"}) ==
        "--git is refused: contexts are not fetched; clone the repository first");
  CHECK(refusal({"--destinatoin=a"}) == "no flag '--destinatoin'; did you mean '--destination'?");
}

TEST_CASE("cli.md 2.8: destinations are pushed to unless that is forbidden", "[cli]") {
  CHECK(refusal({}) == "there is no --destination to push to; --no-push builds without one");
  CHECK(words({"-d", "a"}) == Strings{"--tag=a"});
  CHECK(translated({"-d", "a"}, {{"KANIKO_NO_PUSH", "true"}}).words ==
        Strings{"--tag=a", "--no-push=true", "--file=Dockerfile", "--", "/workspace"});
  CHECK(words({"--tarPath=a,\"b.tar", "--oci-layout-path=o"}) ==
        Strings{"--output=type=docker,\"dest=a,\"\"b.tar\"",
                "--output=type=oci,tar=false,\"dest=o\""});
}

TEST_CASE("cli.md 2.8: what kaniko says of registries is said of the same ones", "[cli]") {
  CHECK(words({"-d", "r.test:5000/a", "-d", "s.test/b", "--insecure"}) ==
        Strings{"--tag=r.test:5000/a", "--tag=s.test/b", "--insecure-registry=r.test:5000",
                "--insecure-registry=s.test"});
  CHECK(words({"-d", "r.test/a", "--skip-tls-verify"}) ==
        Strings{"--tag=r.test/a", "--insecure-registry=r.test"});
  CHECK(words({"--insecure-pull"}) == Strings{"--tls-verify=false"});
  CHECK(words({"--skip-tls-verify-pull"}) == Strings{"--tls-verify=false"});
  CHECK(words({"--skip-tls-verify-registry=h"}) == Strings{"--insecure-registry=h"});
  CHECK(words({"--skip-default-registry-fallback", "--registry-mirror=m"}) ==
        Strings{"--registry-mirror=m", "--mirror-only=true"});
  CHECK(words({"--registry-map=a=b;c=d"}, {{"KANIKO_REGISTRY_MIRROR", "m"}}) ==
        Strings{"--registry-mirror=a=b", "--registry-mirror=c=d", "--registry-mirror=m"});
  CHECK(words({"--push-retry=7", "--image-download-retry=2"}) == Strings{"--retry=7"});
}

TEST_CASE("cli.md 2.9: --cache shares layers below the destination or where --cache-repo says",
          "[cli]") {
  CHECK(translated({"-d", "r.test/a:1", "--cache=true"}).words ==
        Strings{"--tag=r.test/a:1", "--push=true",
                "--cache-from=type=registry,\"ref=r.test/a/cache\"",
                "--cache-to=type=registry,\"ref=r.test/a/cache\",ignore-error=true",
                "--file=Dockerfile", "--", "/workspace"});
  CHECK(words({"--cache", "--cache-repo=oci:/c", "--no-push-cache"}) ==
        Strings{"--cache-from=type=local,\"src=/c\""});
  CHECK(words({"--cache-repo=r.test/c"}).empty());
  CHECK(refusal({"--cache", "--no-push"}) ==
        "--cache without a push needs --cache-repo: where the layers are shared");
}

TEST_CASE("cli.md 2.10: kaniko's levels and formats of the log choose the progress", "[cli]") {
  CHECK(words({"-v", "trace", "--log-format=text"}) == Strings{"--color=never", "--debug=true"});
  CHECK(words({"--verbosity=error", "--log-format=json"}) ==
        Strings{"--progress=rawjson", "--progress=quiet"});
  CHECK(words({"-v=warn"}).empty());
  CHECK_THAT(refusal({"--no-push", "-v", "loud"}), Contains("--verbosity takes trace, debug"));
  CHECK_THAT(refusal({"--no-push", "--log-format=xml"}), Contains("takes text, color or json"));
}

TEST_CASE("cli.md 2.7: the command executor builds what it is told", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("w/Dockerfile", "FROM scratch\nCOPY a /\n");
  ocibuild.dir.write("w/a", "one");
  CHECK(ocibuild.run({"executor", "--context", "dir://w", "--no-push", "--destination", "app:1",
                      "--image-name-tag-with-digest-file", "names", "--digest-file", "digest",
                      "--oci-layout-path", "layout/", "--debug", "--cleanup"}) == 0);
  CHECK_THAT(ocibuild.err, Contains("--cleanup has nothing to act on here"));
  CHECK(test::read_text(ocibuild.dir / "names") ==
        "docker.io/library/app:1@" + test::read_text(ocibuild.dir / "digest") + '\n');
  CHECK_THAT(test::read_text(ocibuild.dir / "layout/index.json"),
             Contains(test::read_text(ocibuild.dir / "digest")));
  CHECK(ocibuild.run({"executor"}) == 2);
  CHECK(ocibuild.err ==
        "error: there is no --destination to push to; --no-push builds without one\n"
        "see: ocibuild executor -h\n");
  CHECK(ocibuild.run({"executor", "--context=tar://none.tar", "--no-push"}) == 2);
  CHECK_THAT(ocibuild.err, Contains("--context tar://none.tar: the file cannot be read"));
  CHECK(ocibuild.run({"executor", "version"}) == 0);
  CHECK_THAT(ocibuild.out, Contains("ocibuild "));
}

TEST_CASE("cli.md 2.6: buildx has its flag before its command", "[cli]") {
  test::Program ocibuild;
  ocibuild.dir.write("Dockerfile", "FROM scratch\nLABEL a=b\n");
  CHECK(ocibuild.run({"buildx", "--builder", "default", "build", ".", "--load", "-t", "a:1"}) == 0);
  CHECK(ocibuild.run({"buildx", "--builder=x", "build", "."}) == 0);
}
