// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include <ocibuild/build.hpp>
#include <ocibuild/image_store.hpp>

#include "compress/decompressor.hpp"
#include "image/validate.hpp"
#include "store/oci_layout.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "tar/tar_reader.hpp"

namespace ocibuild::test {

/// A context, a store and a request for them.
struct Project {
  TempDir dir;
  BuildRequest request;

  explicit Project(std::string_view dockerfile) {
    request.store = dir / "store";
    request.context = dir / "context";
    dir.mkdir("context");
    request.dockerfile_text = std::string(dockerfile);
    request.dockerfile = "Dockerfile";
    request.platforms = {Platform::parse("linux/amd64")};
  }
  BuildResult build() {
    NullEvents events;
    return ocibuild::build(request, events);
  }
};

/// Whatever a layer holds: "path content-or-target" lines.
inline std::string layer_text(const Project& project, const Descriptor& layer) {
  const store::BlobStore blobs(project.request.store);
  const support::Fd fd = blobs.open(layer);
  support::FdSource raw(fd.get(), "layer");
  const auto plain = compress::decompress(raw, "layer");
  tar::TarReader reader(*plain, tar::Wrapping::none, "layer");
  std::string out;
  for (tar::TarReader::Member member; reader.next(member);) {
    out += member.entry.path.str() + " " + member.entry.link_target +
           support::read_all(reader.content(), 1 << 20, "file") + "\n";
  }
  return out;
}

/// The rule of every test that writes an image: what the documents say is what the blobs are.
inline void check_valid(const Project& project, const BuildResult& result) {
  const auto blobs = std::make_shared<store::BlobStore>(project.request.store);
  struct Open final : support::ByteSource {
    Open(const store::BlobStore& blobs, const Descriptor& descriptor)
        : fd(blobs.open(descriptor)), source(fd.get(), "blob") {}
    std::size_t read(std::span<std::byte> buffer) override { return source.read(buffer); }
    support::Fd fd;
    support::FdSource source;
  };
  struct Plain final : support::ByteSource {
    explicit Plain(std::unique_ptr<Open> open)
        : raw(std::move(open)), source(compress::decompress(*raw, "blob")) {}
    std::size_t read(std::span<std::byte> buffer) override { return source->read(buffer); }
    std::unique_ptr<Open> raw;
    std::unique_ptr<support::ByteSource> source;
  };
  const image::BlobAccess access{
      [blobs](const Descriptor& d) -> std::unique_ptr<support::ByteSource> {
        return std::make_unique<Open>(*blobs, d);
      },
      [blobs](const Descriptor& d) -> std::unique_ptr<support::ByteSource> {
        return std::make_unique<Plain>(std::make_unique<Open>(*blobs, d));
      }};
  CHECK(image::validate(result.manifest, access).empty());
}

}  // namespace ocibuild::test
