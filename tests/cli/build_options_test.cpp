// SPDX-License-Identifier: Apache-2.0
#include "commands/build_options.hpp"

#include <ocibuild/error.hpp>

#include "program_fixture.hpp"
#include "settings.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Strings = std::vector<std::string>;

namespace {

struct Reader {
  test::TempDir dir;
  DescriptorSink nowhere{-1, DescriptorSink::OnFailure::ignore};
  Io io{.out = {&nowhere, false, 1},
        .err = {&nowhere},
        .environment = {{"HOME", "/home/me"}},
        .working_directory = dir.path()};

  BuildOptions read(const Strings& words) {
    return parse_build_options(parse_flags(build_command, words, io.environment), io);
  }
  std::string refusal(const Strings& words) {
    try {
      read(words);
    } catch (const Error& error) {
      CHECK(error.code() == Errc::usage);
      return error.what();
    }
    return "accepted";
  }
};

/// "PLACE PLATFORM KEY VALUE", one each.
Strings annotations_of(const BuildOptions& options) {
  Strings out;
  for (const Annotation& annotation : options.request.annotations) {
    out.push_back(std::to_string(static_cast<int>(annotation.place)) + ' ' +
                  (annotation.platform ? annotation.platform->str() : "") + ' ' + annotation.key +
                  ' ' + annotation.value);
  }
  return out;
}

}  // namespace

TEST_CASE("without flags the working directory is built into the user's store", "[cli]") {
  Reader reader;
  const BuildOptions options = reader.read({});
  CHECK(options.request.store == "/home/me/.local/share/ocibuild");
  CHECK(options.request.cache.empty());
  CHECK(options.request.created == 0);
  CHECK(options.request.file_times.fixed == 1);
  CHECK(options.request.use_cache);
  CHECK(options.prints_id);
  reader.io.environment["XDG_DATA_HOME"] = "relative";
  CHECK(reader.read({}).request.store == "/home/me/.local/share/ocibuild");
  reader.io.environment["XDG_DATA_HOME"] = "/data";
  CHECK(reader.read({}).request.store == "/data/ocibuild");
  reader.io.environment["OCIBUILD_ROOT"] = "/root1";
  CHECK(reader.read({}).request.store == "/root1");
  CHECK(reader.read({"--root", "r"}).request.store == reader.dir / "r");
  reader.io.environment = {};
  CHECK(reader.refusal({}) ==
        "there is no place for the store: HOME is not set; use --root DIR or OCIBUILD_ROOT");
}

TEST_CASE("the image goes to the store unless every output is a file", "[cli]") {
  Reader reader;
  CHECK(reader.read({"-t", "a", "-t", "b", "-t", "a:latest"}).request.names.size() == 2);
  const BuildOptions file = reader.read({"-t", "a", "-o", "type=oci,dest=x.tar"});
  CHECK(file.request.names.empty());
  CHECK(file.names.size() == 1);
  CHECK(file.outputs.size() == 1);
  CHECK(reader.read({"-t", "a", "-o", "type=oci,dest=x.tar", "--load"}).request.names.size() == 1);
  const BuildOptions both =
      reader.read({"-t", "a", "-o", "type=oci,dest=x.tar", "-o", "type=image,name=b"});
  CHECK(both.request.names.size() == 2);
  CHECK(both.outputs.size() == 1);
  CHECK(!reader.read({"-o", "type=docker,dest=-"}).prints_id);
  CHECK(reader.refusal({"-o", "type=docker,dest=-", "-o", "type=oci"}) ==
        "only one -o can go to standard output");
  CHECK_THROWS_AS(reader.read({"-t", "UPPER"}), Error);
}

TEST_CASE("arguments come from the command line, a file or the environment", "[cli]") {
  Reader reader;
  reader.io.environment["FROM_ENV"] = "e";
  reader.dir.write("args", "# comment\n\nA=file\r\n  B=two words\n");
  const BuildOptions options =
      reader.read({"--build-arg", "A=line", "--build-arg", "FROM_ENV", "--build-arg", "UNSET",
                   "--build-arg", "X=a=b", "--build-arg-file", "args"});
  CHECK(options.request.build_args ==
        std::map<std::string, std::string>{
            {"A", "line"}, {"B", "two words"}, {"FROM_ENV", "e"}, {"X", "a=b"}});
  CHECK(reader.refusal({"--build-arg", "=x"}) == "--build-arg needs K=V, not '=x'");
  CHECK(reader.refusal({"--build-arg-file", "gone"}) == "--build-arg-file: 'gone' cannot be read");
}

TEST_CASE("labels and annotations keep everything behind the first equals sign", "[cli]") {
  Reader reader;
  const BuildOptions options = reader.read({"--label", "a=b=c", "--label", "empty", "--annotation",
                                            "k=v", "--annotation", "manifest:m=n=o"});
  CHECK(options.request.labels == std::map<std::string, std::string>{{"a", "b=c"}, {"empty", ""}});
  CHECK(annotations_of(options) == Strings{"0  k v", "0  m n=o"});
  CHECK(reader.refusal({"--annotation", "k"}) == "--annotation needs K=V, not 'k'");
}

TEST_CASE("cli.md 4.6: an annotation says what it describes, and for which platform", "[cli]") {
  Reader reader;
  const BuildOptions options =
      reader.read({"--annotation", "index,manifest[linux/arm64]:k=a:b", "--annotation",
                   "manifest-descriptor[linux/amd64]:d=1", "-o",
                   "type=oci,dest=x,annotation-index-descriptor.a.b=c,"
                   "annotation-manifest[linux/arm/v7].e=f"});
  CHECK(annotations_of(options) == Strings{"3  a.b c", "0 linux/arm/v7 e f", "1  k a:b",
                                           "0 linux/arm64 k a:b", "2 linux/amd64 d 1"});
  CHECK(reader.refusal({"--annotation", "layer:k=v"}) ==
        "--annotation has no type 'layer'; use manifest, index, manifest-descriptor or "
        "index-descriptor");
  CHECK(reader.refusal({"--annotation", "index[linux/amd64]:k=v"}) ==
        "--annotation: an index is for all platforms, not for one: 'index[linux/amd64]'");
  CHECK(reader.refusal({"--annotation", "manifest[linux/amd64:k=v"}) ==
        "--annotation: a ] is missing in 'manifest[linux/amd64'");
}

TEST_CASE("cli.md 4.3: a build context is a directory, an image of a layout or of the store",
          "[cli]") {
  Reader reader;
  reader.dir.write("layout/oci-layout", "{}");
  reader.dir.mkdir("with:colon");
  const std::string hex(64, 'a');
  const BuildOptions options = reader.read(
      {"--build-context", "a=.", "--build-context", "b=oci-layout://layout:1.2", "--build-context",
       "c=oci-layout://layout@sha256:" + hex, "--build-context", "d=docker-image://alpine",
       "--build-context", "e=docker://x:1", "--build-context", "f=container-image://y",
       "--build-context", "g=with:colon", "--build-context", "h=oci-layout://layout"});
  const auto& contexts = options.request.build_contexts;
  CHECK(std::get<0>(contexts.at("a")) == reader.dir.path());
  CHECK(std::get<LayoutImage>(contexts.at("b")).directory == reader.dir / "layout");
  CHECK(std::get<LayoutImage>(contexts.at("b")).tag == "1.2");
  CHECK(std::get<LayoutImage>(contexts.at("c")).digest == Digest::parse("sha256:" + hex));
  CHECK(std::get<Reference>(contexts.at("d")).str() == "docker.io/library/alpine:latest");
  CHECK(std::get<Reference>(contexts.at("e")).tag == "1");
  CHECK(std::get<Reference>(contexts.at("f")).repository == "library/y");
  CHECK(std::get<0>(contexts.at("g")) == reader.dir / "with:colon");
  CHECK(std::get<LayoutImage>(contexts.at("h")).tag.empty());
  CHECK(reader.refusal({"--build-context", "a=oci-layout://."}) ==
        "--build-context: '.' is no OCI image layout: it has no file oci-layout");
  CHECK(reader.refusal({"--build-context", "a=https://example.com/x.git"}) ==
        "--build-context takes a directory, oci-layout://DIR or docker-image://NAME, not "
        "'https://example.com/x.git': fetch it first");
}

TEST_CASE("times come from the flags, then from SOURCE_DATE_EPOCH", "[cli]") {
  Reader reader;
  reader.io.environment["SOURCE_DATE_EPOCH"] = "100";
  CHECK(reader.read({}).request.created == 100);
  CHECK(reader.read({}).request.file_times.fixed == 1);
  CHECK(reader.read({"--source-date-epoch", "200"}).request.created == 200);
  const BuildOptions stamped = reader.read({"--timestamp", "300"});
  CHECK(stamped.request.created == 300);
  CHECK(stamped.request.file_times.fixed == 300);
  CHECK(reader.read({"--rewrite-timestamp"}).request.file_times.not_after == 100);
  CHECK(!reader.read({"--rewrite-timestamp=false"}).request.file_times.not_after);
  CHECK(reader.read({"-o", "type=image,rewrite-timestamp=true"}).request.file_times.not_after ==
        100);
  CHECK(reader.read({"--timestamps=preserve"}).request.file_times.preserve);
  CHECK(reader.refusal({"--timestamps=preserve", "--timestamp", "1"}) ==
        "--timestamp and --timestamps=preserve exclude each other");
  reader.io.environment["SOURCE_DATE_EPOCH"] = "now";
  CHECK(reader.refusal({}) ==
        "SOURCE_DATE_EPOCH needs a whole number from 0 to 253402300799, not 'now'");
  reader.io.environment.erase("SOURCE_DATE_EPOCH");
  CHECK(reader.refusal({"--rewrite-timestamp"}) ==
        "rewrite-timestamp needs --source-date-epoch or SOURCE_DATE_EPOCH");
}

TEST_CASE("cli.md 5.6, 5.8: --load and -o type=docker ask for an engine, which is a socket",
          "[cli]") {
  Reader reader;
  CHECK(!reader.read({"-o", "type=docker,dest=x.tar"}).load);
  CHECK(!reader.read({"--load=false", "--host=unix:///x"}).load);
  const BuildOptions loads = reader.read({"-t", "a", "-o", "type=docker"});
  CHECK(loads.load);
  CHECK(loads.request.names.size() == 1);
  CHECK(reader.read({"--load", "--host", "none"}).load);
  CHECK(reader.refusal({"--load", "--host", "tcp://a:1"}) ==
        "--host takes unix://PATH or none, not 'tcp://a:1'");
  CHECK(reader.refusal({"--load", "-H", "unix://"}) ==
        "--host takes unix://PATH or none, not 'unix://'");
  reader.io.environment["OCIBUILD_HOST"] = "x";
  CHECK(reader.refusal({"--load"}) == "OCIBUILD_HOST takes unix://PATH or none, not 'x'");
}

TEST_CASE("cli.md 7.1: other tools' engines go before those of files", "[cli]") {
  Reader reader;
  const auto choice = [&](const Strings& words) {
    return engine_choice(parse_flags(build_command, words, reader.io.environment), reader.io);
  };
  using Paths = std::vector<std::filesystem::path>;
  reader.io.environment["XDG_RUNTIME_DIR"] = "/run/user/7";
  CHECK(choice({}).sockets == Paths{"/var/run/docker.sock", "/run/user/7/docker.sock",
                                    "/run/user/7/podman/podman.sock",
                                    "/var/run/podman/podman.sock"});
  CHECK(!choice({}).is_named);
  CHECK(choice({"--host=none"}).sockets.empty());
  reader.io.environment["CONTAINER_HOST"] = "unix:///p";
  CHECK(choice({}).sockets == Paths{"/p"});
  CHECK(choice({}).is_named);
  ParsedFlags file = parse_flags(build_command, {}, reader.io.environment);
  file.add(*find_flag(build_command, "host"), {"none"}, Level::user_file, "host (x:1)");
  CHECK(engine_choice(file, reader.io).sockets == Paths{"/p"});
  reader.io.environment["DOCKER_HOST"] = "unix:///d";
  CHECK(choice({}).sockets == Paths{"/d"});
}

TEST_CASE("cli.md 4.20: base layers' compression is forced by a flag or a key of -o", "[cli]") {
  Reader reader;
  CHECK(!reader.read({}).request.force_compression);
  CHECK(!reader.read({"-o", "type=image,force-compression=false"}).request.force_compression);
  CHECK(reader.read({"--force-compression"}).request.force_compression);
  CHECK(reader.read({"-o", "type=image,force-compression=true"}).request.force_compression);
  CHECK(reader.refusal({"--force-compression", "-o", "type=image,force-compression=false"}) ==
        "the outputs disagree about force-compression: one build makes one image");
}

TEST_CASE("format and compression are checked together with the outputs", "[cli]") {
  Reader reader;
  CHECK(reader.read({"--format", "docker"}).request.format == ImageFormat::docker);
  reader.io.environment["BUILDAH_FORMAT"] = "docker";
  CHECK(reader.read({}).request.format == ImageFormat::docker);
  CHECK(reader.read({"--format=oci"}).request.format == ImageFormat::oci);
  CHECK(reader.read({"-o", "type=image,oci-mediatypes=true"}).request.format == ImageFormat::oci);
  CHECK(reader.refusal({"--format=docker", "-o", "type=image,oci-mediatypes=true"}) ==
        "the outputs disagree about oci-mediatypes: one build makes one image");
  CHECK(reader.read({"--compression=zstd", "--compression-level=19"}).request.compression_level ==
        19);
  CHECK(reader.read({"-o", "type=image,compression=uncompressed"}).request.compression ==
        Compression::none);
  CHECK(reader.refusal({"--compression-level=13"}) ==
        "compression-level of gzip needs a whole number from 1 to 12, not '13'");
  CHECK(reader.refusal({"--compression=xz"}) ==
        "compression is gzip, zstd or uncompressed, not 'xz'");
  CHECK(reader.refusal({"--compression=zstd", "-o", "type=image,compression=gzip"}) ==
        "the outputs disagree about compression: one build makes one image");
}

TEST_CASE("cli.md 5: an output that pushes is --push for all names", "[cli]") {
  Reader reader;
  CHECK(reader.refusal({"-o", "type=registry", "."}) == "--push needs a name: -t NAME");
  CHECK(reader.refusal({"-o", "type=registry", "-t", "a", "--offline", "."}) ==
        "--push needs a registry, and --offline forbids it");
  CHECK(reader.refusal({"-o", "type=registry,name=reg.example/a", "."}) == "accepted");
  CHECK(reader.refusal({"-o", "type=image,push=true", "."}) == "--push needs a name: -t NAME");
  CHECK(reader.refusal({"-o", "type=image,push=true", "-t", "a", "."}) == "accepted");
}

TEST_CASE("what this release cannot do is refused before anything is read", "[cli]") {
  Reader reader;
  CHECK(reader.refusal({"-"}) == "accepted");
  CHECK(reader.refusal({"-", "-f", "-"}) ==
        "standard input is either the context or the Dockerfile, and both are -");
  CHECK(reader.refusal({"-", "--ignorefile", "x"}) ==
        "--ignorefile is for a directory: a context from standard input has no such rules");
  CHECK(reader.refusal({"-", "--source-date-epoch=git"}) ==
        "a context from standard input is in no git repository to take the time from");
  CHECK(reader.refusal({"--ignorefile", "x"}) == "--ignorefile: there is no file 'x'");
  CHECK(reader.refusal({"https://example.com/a.git"}) ==
        "the context 'https://example.com/a.git' is a URL, which is not fetched: clone it first");
  CHECK(reader.refusal({"--pull", "."}) == "accepted");
  CHECK(reader.refusal({"--pull=missing"}) == "accepted");
  CHECK(reader.refusal({"--pull=maybe"}) ==
        "--pull takes always, missing, newer or never, not 'maybe'");
  CHECK(reader.refusal({"a", "b"}) == "there is one PATH, not 2: second is 'b'");
  CHECK(reader.refusal({"--jobs", "0"}) == "--jobs needs a whole number from 1 to 1024, not '0'");
  CHECK(reader.refusal({"--iidfile", "no/dir/id"}) ==
        "--iidfile: there is no directory '" + (reader.dir / "no/dir").string() + "'");
  CHECK(reader.refusal({"--image-name-with-digest-file", "n"}) ==
        "--image-name-with-digest-file needs at least one -t");
}

TEST_CASE("dockerfile.md 1.2: the Dockerfile is looked for in the working directory, then in PATH",
          "[cli]") {
  Reader reader;
  reader.dir.write("ctx/Other", "");
  CHECK(reader.read({"-f", "Other", "ctx"}).request.dockerfile == reader.dir / "ctx/Other");
  reader.dir.write("Other", "");
  CHECK(reader.read({"-f", "Other", "ctx"}).request.dockerfile == reader.dir / "Other");
  CHECK(reader.read({"-f", "-"}).dockerfile_from_stdin);
}

TEST_CASE(
    "dockerfile.md 14.9; cli.md 4.5: platforms come from --platform, a list, then from "
    "DOCKER_DEFAULT_PLATFORM",
    "[cli]") {
  Reader reader;
  const auto platforms = [&](const Strings& words) {
    Strings out;
    for (const Platform& platform : reader.read(words).request.platforms)
      out.push_back(platform.str());
    return out;
  };
  CHECK(platforms({}).empty());
  CHECK(platforms({"--platform", "local"}).empty());
  reader.io.environment["DOCKER_DEFAULT_PLATFORM"] = "linux/arm64";
  CHECK(platforms({}) == Strings{"linux/arm64"});
  CHECK(platforms({"--platform=linux/amd64"}) == Strings{"linux/amd64"});
  CHECK(platforms({"--platform", "linux/amd64,linux/arm64/v8", "--platform=arm,aarch64"}) ==
        Strings{"linux/amd64", "linux/arm64", "linux/arm/v7"});
  CHECK(reader.refusal({"--platform", "linux/amd64,"}) == "\"\" is no platform");
}

TEST_CASE("colour is for terminals that want it, unless it is asked for", "[cli]") {
  Reader reader;
  const auto colour = [&](const Strings& words, bool terminal) {
    reader.io.err.is_terminal = terminal;
    return look_of(parse_flags(build_command, words, {}), reader.io, reader.io.err).colour;
  };
  CHECK(!colour({}, false));
  CHECK(colour({}, true));
  CHECK(colour({"--color=always"}, false));
  CHECK(!colour({"--color=never"}, true));
  reader.io.environment["NO_COLOR"] = "1";
  CHECK(!colour({}, true));
  reader.io.environment["FORCE_COLOR"] = "1";
  CHECK(colour({}, false));
  CHECK(!colour({"--color=never"}, true));
  reader.io.environment = {{"TERM", "dumb"}};
  CHECK(!colour({}, true));
  CHECK_THROWS_AS(colour({"--color=red"}, true), Error);
}

TEST_CASE("cli.md 9.4, 9.6: progress suits the terminal unless a flag or variable chooses",
          "[cli]") {
  Reader reader;
  const auto mode = [&](const Strings& words) {
    return progress_mode(parse_flags(build_command, words, reader.io.environment), reader.io);
  };
  CHECK(mode({}) == ProgressMode::plain);
  CHECK(mode({"--progress=none"}) == ProgressMode::quiet);
  CHECK(mode({"--progress=rawjson"}) == ProgressMode::json);
  reader.io.environment["BUILDKIT_PROGRESS"] = "quiet";
  CHECK(mode({}) == ProgressMode::quiet);
  CHECK(mode({"--progress", "plain"}) == ProgressMode::plain);
  reader.io.environment["BUILDKIT_PROGRESS"] = "tty";
  CHECK(mode({}) == ProgressMode::plain);
  CHECK_THROWS_WITH(mode({"--progress=tty"}), "--progress=tty needs a terminal on standard error");
  CHECK_THROWS_AS(mode({"--progress=fancy"}), Error);

  reader.io.err.is_terminal = true;
  reader.io.environment = {{"TERM", "xterm"}};
  CHECK(mode({}) == ProgressMode::terminal);
  CHECK(mode({"--progress=plain"}) == ProgressMode::plain);
  reader.io.environment["CI"] = "true";
  CHECK(mode({}) == ProgressMode::plain);
  CHECK(mode({"--progress=tty"}) == ProgressMode::terminal);
  reader.io.environment = {{"TERM", "dumb"}};
  CHECK(mode({}) == ProgressMode::plain);
  CHECK_THROWS_WITH(mode({"--progress=tty"}),
                    "--progress=tty needs a terminal that can move its cursor");
}
