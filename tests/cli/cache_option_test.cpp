// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/error.hpp>

#include "commands/cache_option.hpp"
#include "program_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using namespace ocibuild::program;

namespace {

struct Parsed {
  test::TempDir dir;
  DescriptorSink nowhere{-1, DescriptorSink::OnFailure::ignore};
  Io io{.out = {&nowhere, false, 1}, .err = {&nowhere}, .working_directory = dir.path()};
  BuildRequest request{};

  CacheLocation from(std::string_view text) { return parse_cache_from(text, io, "--cache-from"); }
  CacheTarget to(std::string_view text) { return parse_cache_to(text, io, "--cache-to", request); }

  template <typename Parse>
  std::string refusal(Parse&& parse) {
    try {
      parse();
    } catch (const Error& error) {
      CHECK(error.code() == Errc::usage);
      return error.what();
    }
    return "accepted";
  }
  std::string from_refusal(std::string_view text) {
    return refusal([&] { from(text); });
  }
  std::string to_refusal(std::string_view text) {
    return refusal([&] { to(text); });
  }
};

}  // namespace

TEST_CASE("cli.md 4.11: a shared cache is a name, or a type with its keys", "[cli]") {
  Parsed parsed;
  CHECK(std::get<Reference>(parsed.from("ghcr.io/a/b:cache")).str() == "ghcr.io/a/b:cache");
  CHECK(std::get<Reference>(parsed.from("type=registry,ref=a/b")).str() == "docker.io/a/b:latest");
  const auto local = std::get<LayoutImage>(parsed.from("type=local,src=c,tag=t"));
  CHECK(local.directory == parsed.dir / "c");
  CHECK(local.tag == "t");
  const std::string digest = "sha256:" + std::string(64, 'a');
  CHECK(std::get<LayoutImage>(parsed.from("type=local,src=c,digest=" + digest)).digest->str() ==
        digest);
  CHECK(std::get<LayoutImage>(parsed.to("type=local,dest=c").to).directory == parsed.dir / "c");
  CHECK(!parsed.to("a/b").ignore_error);
  CHECK(parsed.to("type=registry,ref=a/b,ignore-error=true").ignore_error);
}

TEST_CASE("cli.md 4.11: docker's keys are taken where they say what is so", "[cli]") {
  Parsed parsed;
  for (const char* keys : {"mode=max", "mode=min", "oci-mediatypes=true", "image-manifest=true",
                           "compression=gzip", "force-compression=false", "ignore-error=0"}) {
    INFO(keys);
    CHECK(parsed.to_refusal(std::string("type=registry,ref=a/b,") + keys) == "accepted");
  }
  parsed.request.compression = Compression::zstd;
  parsed.request.compression_level = 7;
  CHECK(parsed.to_refusal("type=local,dest=c,compression=zstd,compression-level=7") == "accepted");
  CHECK(parsed.to_refusal("type=local,dest=c,compression=gzip") ==
        "--cache-to compression=gzip: layers are kept as the image has them, zstd; see "
        "--compression");
  CHECK(parsed.to_refusal("type=local,dest=c,compression-level=3") ==
        "--cache-to compression-level: layers are kept as the image has them; see "
        "--compression-level");
}

TEST_CASE("cli.md 4.11: a cache that cannot be honoured is refused with its reason", "[cli]") {
  Parsed parsed;
  parsed.dir.write("file", "");
  CHECK(parsed.from_refusal("") ==
        "--cache-from needs type=local or type=registry, or the name of a cache");
  CHECK(parsed.from_refusal("src=c") == "--cache-from 'src=c' has no type=; use local or registry");
  CHECK(parsed.from_refusal("type=local") == "--cache-from type=local needs src=");
  CHECK(parsed.from_refusal("type=registry") == "--cache-from type=registry needs ref=");
  CHECK(parsed.from_refusal("type=local,src=c,x") == "--cache-from needs KEY=VALUE, not 'x'");
  CHECK(parsed.from_refusal("type=local,src=c,dest=d") ==
        "--cache-from type=local has no key 'dest'");
  CHECK(parsed.from_refusal("type=new,ref=c") ==
        "--cache-from has no type 'new'; use local or registry");
  CHECK(parsed.from_refusal("type=gha") ==
        "--cache-from type=gha is GitHub's own service; use type=registry, or type=local with "
        "actions/cache");
  CHECK(parsed.to_refusal("type=s3,bucket=b") ==
        "--cache-to type=s3 is no registry; use type=registry, or type=local and copy the "
        "directory");
  CHECK(parsed.to_refusal("type=azblob") ==
        "--cache-to type=azblob is no registry; use type=registry, or type=local and copy the "
        "directory");
  CHECK(parsed.to_refusal("type=inline") ==
        "--cache-to type=inline would put records into the image, whose bytes depend on nothing "
        "but its content; use type=registry");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,mode=some") ==
        "--cache-to mode is min or max, not 'some'");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,oci-mediatypes=false") ==
        "--cache-to oci-mediatypes=false: a cache has no docker media types");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,image-manifest=false") ==
        "--cache-to image-manifest=false: a cache is always a manifest, which any registry keeps");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,force-compression=true") ==
        "--cache-to force-compression=true: layers are kept as the image has them");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,ignore-error=maybe") ==
        "--cache-to ignore-error takes true or false, not 'maybe'");
  CHECK(parsed.to_refusal("type=registry,ref=a/b,registry.insecure=true") ==
        "--cache-to registry.insecure: use --insecure-registry HOST");
  CHECK(parsed.to_refusal("a/b@sha256:" + std::string(64, 'a')) ==
        "--cache-to ref= of a cache that is written has no digest");
  CHECK(parsed.to_refusal("type=local,dest=file") ==
        "--cache-to dest=: '" + (parsed.dir / "file").string() + "' is no directory");
}
