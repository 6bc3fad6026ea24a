// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include "commands/build_output.hpp"
#include "output_file.hpp"
#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;
using Strings = std::vector<std::string>;

namespace {

struct Parsed {
  test::TempDir dir;
  DescriptorSink nowhere{-1, DescriptorSink::OnFailure::ignore};
  Io io{.out = {&nowhere, false, 1}, .err = {&nowhere}, .working_directory = dir.path()};

  std::string refusal(std::string_view text) {
    try {
      parse_output(text, io);
    } catch (const Error& error) {
      CHECK(error.code() == Errc::usage);
      return error.what();
    }
    return "accepted";
  }
};

}  // namespace

TEST_CASE("fields are split as Go's CSV reader splits them", "[cli]") {
  CHECK(csv_fields("type=oci,dest=x") == Strings{"type=oci", "dest=x"});
  CHECK(csv_fields("type=image,\"name=a,b\"") == Strings{"type=image", "name=a,b"});
  CHECK(csv_fields("\"a\"\"b\",") == Strings{"a\"b", ""});
  CHECK_THROWS_AS(csv_fields("a\"b"), Error);
  CHECK_THROWS_AS(csv_fields("\"ab"), Error);
  CHECK_THROWS_AS(csv_fields("\"a\"b"), Error);
}

TEST_CASE("an output names a container and a place", "[cli]") {
  Parsed parsed;
  const OutputSpec oci = parse_output("type=oci,dest=x.tar", parsed.io);
  CHECK(oci.container == OutputContainer(ImageContainer::oci_archive));
  CHECK(oci.path == parsed.dir / "x.tar");
  CHECK(parse_output("type=oci,dest=x/", parsed.io).container ==
        OutputContainer(ImageContainer::oci_directory));
  CHECK(parse_output("type=oci,dest=x,tar=false", parsed.io).container ==
        OutputContainer(ImageContainer::oci_directory));
  CHECK(parse_output("type=oci-layout,dest=x", parsed.io).container ==
        OutputContainer(ImageContainer::oci_directory));
  CHECK(parse_output("type=docker,dest=x", parsed.io).container ==
        OutputContainer(ImageContainer::docker_archive));
  CHECK(!parse_output("type=docker,dest=-", parsed.io).path);
  CHECK(!parse_output("type=oci", parsed.io).path);
  CHECK(parse_output("type=docker", parsed.io).in_store);
  CHECK(parse_output("type=image,\"name=a,b:2\"", parsed.io).names.size() == 2);
  const auto annotations =
      parse_output("type=oci,dest=x,annotation.a.b=c,annotation-manifest.d=e", parsed.io)
          .annotations;
  REQUIRE(annotations.size() == 2);
  CHECK(annotations[0].key == "a.b");
  CHECK(annotations[1].value == "e");
  CHECK(parse_output("type=oci,dest=x,oci-mediatypes=false", parsed.io).format ==
        ImageFormat::docker);
}

TEST_CASE("cli.md 5.4: docker's short forms and types of a root file system", "[cli]") {
  Parsed parsed;
  const auto container = [&](std::string_view text) {
    return std::get<FilesContainer>(parse_output(text, parsed.io).container);
  };
  CHECK(container("out") == FilesContainer::directory);
  CHECK(parse_output("out", parsed.io).path == parsed.dir / "out");
  CHECK(container("type=local,dest=out") == FilesContainer::directory);
  CHECK(container("-") == FilesContainer::tar);
  CHECK(!parse_output("-", parsed.io).path);
  CHECK(container("type=tar,dest=x.tar") == FilesContainer::tar);
}

TEST_CASE("an output that cannot be honoured is refused with a way out", "[cli]") {
  Parsed parsed;
  parsed.dir.write("file", "");
  CHECK(parsed.refusal("type=registry,dest=x") ==
        "-o type=registry goes to the registry and has no dest=; use type=oci or docker for a "
        "file");
  CHECK(parsed.refusal("file") ==
        "-o dest=: '" + (parsed.dir / "file").string() + "' is no directory");
  CHECK(parsed.refusal("type=local") == "-o for a directory needs dest=DIR");
  CHECK(parsed.refusal("type=local,dest=") == "-o dest= needs the name of a directory");
  CHECK(parsed.refusal("type=ocl") ==
        "-o has no type 'ocl'; use image, registry, oci, docker, tar or local");
  CHECK(parsed.refusal("dest=x") ==
        "-o 'dest=x' has no type=; use image, registry, oci, docker, tar or local");
  CHECK(parsed.refusal("type=oci,dst=x") == "-o has no key 'dst'; did you mean 'dest'?");
  CHECK(parsed.refusal("type=oci,dest=x,push=true") ==
        "-o type=oci writes a file; use --push, or -o type=registry beside it");
  CHECK(parsed.refusal("type=image,push=false") == "accepted");
  CHECK(parsed.refusal("type=image,dest=x") ==
        "-o type=image goes to the store and has no dest=; use type=oci or docker for a file");
  CHECK(parsed.refusal("type=oci,dest=gone/x.tar") ==
        "-o dest=: there is no directory '" + (parsed.dir / "gone").string() + "'");
  CHECK(parsed.refusal("type=oci,tar=false,dest=file") ==
        "-o dest=: '" + (parsed.dir / "file").string() + "' is no directory");
  CHECK(parsed.refusal("type=oci,tar=false") == "-o for a directory needs dest=DIR");
  parsed.io.out.is_terminal = true;
  CHECK(parsed.refusal("-") ==
        "-o type=tar: an archive is not written to a terminal; redirect standard output or name a "
        "file");
  CHECK(parsed.refusal("type=oci,dest=-") ==
        "-o type=oci: an archive is not written to a terminal; redirect standard output or name a "
        "file");
}

TEST_CASE("a result file appears at once, through a link and not instead of it", "[cli]") {
  test::TempDir dir;
  dir.write("real", "old and longer");
  dir.symlink("link", "real");
  write_output_file(dir / "link", "new");
  CHECK(std::filesystem::is_symlink(dir / "link"));
  CHECK(test::read_text(dir / "real") == "new");
  CHECK_THROWS_AS(write_output_file(dir / "no/such/dir", "x"), Error);
  write_output_file("/dev/null", "x");
  remove_output_file("/dev/null");
  CHECK(std::filesystem::exists("/dev/null"));
}
