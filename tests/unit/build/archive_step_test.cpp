// SPDX-License-Identifier: Apache-2.0
#include "build/archive_step.hpp"

#include "oci/memory_content.hpp"
#include "step_fixture.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "tar/tar_writer.hpp"

using namespace ocibuild;
using oci::EntryType;
using test::Copied;
using test::dir_entry;
using test::file_entry;
using test::image_of;
using test::MemoryTree;
using test::owned;
using test::symlink_entry;

namespace {

/// An archive in the making.
struct Packed {
  std::vector<std::pair<oci::Entry, std::string>> members{};

  Packed& add(oci::Entry entry, std::string text = "") {
    members.emplace_back(std::move(entry), std::move(text));
    return *this;
  }
  Packed& file(std::string_view path, std::string text = "x") {
    return add(file_entry(path, text.size()), text);
  }
  Packed& hard_link(std::string_view path, std::string target, unsigned mode = 0644) {
    oci::Entry entry = file_entry(path, 0, mode);
    entry.type = EntryType::hard_link;
    entry.link_target = std::move(target);
    return add(std::move(entry));
  }
  std::string tar() const {
    support::StringSink sink;
    tar::TarWriter writer(sink);
    for (const auto& [entry, text] : members) {
      support::MemorySource source{std::string_view(text)};
      writer.add(entry, source);
    }
    writer.finish();
    return sink.text;
  }
};

plan::CopyStep add_step(const std::string& destination) {
  plan::CopyStep step = test::copy_step({"a.tar"}, destination);
  step.unpack = true;
  return step;
}

/// ADD a.tar, whose cache starts empty.
Copied add(const plan::CopyStep& step, const Packed& packed, const rootfs::View& image = {}) {
  const test::TempDir dir;
  const store::BuildCache cache(dir / "cache");
  engine::Archives archives(cache, dir.path(), {});
  MemoryTree tree;
  tree.file("a.tar", packed.tar());
  return test::run(step, tree, image, {}, &archives);
}
Copied add(const std::string& destination, const Packed& packed, const rootfs::View& image = {}) {
  return add(add_step(destination), packed, image);
}

}  // namespace

TEST_CASE("dockerfile.md 9.3: an archive goes into a directory, which is made when missing",
          "[build]") {
  const Packed packed = Packed().file("f");
  for (const char* destination : {"/x.tar", "/x.tar/"})
    CHECK(add(destination, packed).layer == "x.tar d 755 0:0\nx.tar/f f 644 0:0\n");
  CHECK(add("/f", packed, image_of({file_entry("f", 1)})).errors.at(0).message ==
        "'/f' in the image is a file, not a directory");
}

TEST_CASE("dockerfile.md 9.2: without unpacking an archive is a file", "[build]") {
  plan::CopyStep step = add_step("/t/");
  step.unpack = false;
  CHECK(add(step, Packed().file("f")).layer == "t d 755 0:0\nt/a.tar f 644 0:0\n");
}

TEST_CASE(
    "dockerfile.md 9.2: wildcard matches and links to archives are unpacked, what is in a "
    "directory is not",
    "[build]") {
  const test::TempDir dir;
  const store::BuildCache cache(dir / "cache");
  engine::Archives archives(cache, dir.path(), {});
  const std::string tar = Packed().file("f").tar();
  MemoryTree tree;
  tree.file("one.txt", tar).symlink("two.txt", "one.txt").file("three.txt", "text");
  tree.file("d/in.tar", tar).file("empty.txt", "");
  plan::CopyStep step = test::copy_step({"*.txt", "d"}, "/");
  step.unpack = true;
  CHECK(test::run(step, tree, {}, {}, &archives).layer ==
        "empty.txt f 644 0:0\nf f 644 0:0\nin.tar f 644 0:0\nthree.txt f 644 0:0\n");
}

TEST_CASE("dockerfile.md 9.4: entries keep what the archive says", "[build]") {
  oci::Entry device = owned(file_entry("dev", 0, 0620), 1, 2);
  device.type = EntryType::block_device;
  device.device_major = 8;
  oci::Entry fifo = file_entry("p", 0, 0600);
  fifo.type = EntryType::fifo;
  oci::Entry file = owned(file_entry("d/f", 1, 06711), 7, 8);
  file.xattrs = {{"security.capability", "c"}, {"user.x", "y"}};
  const Copied added = add("/", Packed()
                                    .add(owned(dir_entry("d", 01750), 3, 4))
                                    .add(file, "1")
                                    .add(owned(symlink_entry("l", "../up"), 5, 6))
                                    .add(fifo)
                                    .add(device));
  CHECK(added.layer == "d d 1750 3:4\nd/f f 6711 7:8\ndev b 620 1:2\nl l 777 5:6\np p 600 0:0\n");
  CHECK(added.files[1].entry.xattrs ==
        std::map<std::string, std::string>{{"security.capability", "c"}});
  CHECK(added.files[2].entry.device_major == 8);
  CHECK(added.files[3].entry.link_target == "../up");
}

TEST_CASE(
    "dockerfile.md 9.4, 9.5: --chown is for all entries and the destination, --chmod for none",
    "[build]") {
  plan::CopyStep step = add_step("/a/b");
  step.chown = plan::Text{"5:6", {}};
  step.chmod = oci::ModeChange::parse("700");
  CHECK(add(step, Packed().add(dir_entry("d", 0711)).file("n/f")).layer ==
        "a d 755 5:6\na/b d 755 5:6\na/b/d d 711 5:6\na/b/n d 755 0:0\na/b/n/f f 644 5:6\n");
}

TEST_CASE(
    "dockerfile.md 9.5: a directory entry takes an existing directory's metadata, not its "
    "contents",
    "[build]") {
  const auto image = image_of({owned(dir_entry("d", 0700), 1, 1), file_entry("d/f", 1)});
  CHECK(add("/", Packed().add(dir_entry("d", 0755)), image).layer == "d d 755 0:0\n");
  CHECK(add("/d", Packed().file("x"), image).layer == "d d 700 1:1\nd/x f 644 0:0\n");
}

TEST_CASE(
    "dockerfile.md 9.5, 16.3: a directory replaces a link, and other entries replace anything",
    "[build]") {
  const auto image = image_of({symlink_entry("bin", "usr/bin"), dir_entry("usr/bin"),
                               dir_entry("d"), file_entry("d/old", 1), file_entry("f", 1)});
  CHECK(add("/", Packed().add(dir_entry("bin")).file("bin/x"), image).layer ==
        "bin d 755 0:0\nbin/x f 644 0:0\n");
  CHECK(add("/", Packed().file("d").add(dir_entry("f")).add(symlink_entry("bin", "d")), image)
            .layer == "bin l 777 0:0\nd f 644 0:0\nf d 755 0:0\n");
}

TEST_CASE("dockerfile.md 9.5: an entry below a linked directory is written through the link",
          "[build]") {
  const auto image = image_of({dir_entry("opt"), symlink_entry("opt/rel", "real"),
                               dir_entry("opt/real"), symlink_entry("opt/abs", "/data"),
                               dir_entry("opt/data"), symlink_entry("opt/no", "nowhere")});
  // The destination is the root of its links, as for the engine, which unpacks in a chroot there.
  CHECK(add("/opt", Packed().file("rel/f").file("abs/g").file("rel/n/h"), image).layer ==
        "opt d 755 0:0\nopt/data d 755 0:0\nopt/data/g f 644 0:0\nopt/real d 755 0:0\n"
        "opt/real/f f 644 0:0\nopt/real/n d 755 0:0\nopt/real/n/h f 644 0:0\n");
  CHECK(add("/opt", Packed().file("no/f"), image).errors.at(0).message ==
        "'/opt/no' in the image is a symbolic link to \"nowhere\", not a directory");
  CHECK(add("/", Packed().add(symlink_entry("q", "zz")).add(dir_entry("zz")).file("q/in")).layer ==
        "q l 777 0:0\nzz d 755 0:0\nzz/in f 644 0:0\n");
  const Copied blocked = add("/", Packed().file("f").file("f/x"));
  CHECK(blocked.errors.at(0).id == "destination-blocked");
  CHECK(blocked.errors.at(0).notes.at(0) == "the same instruction made it");
}

TEST_CASE("dockerfile.md 9.5: later entries of an archive win, with everything below them",
          "[build]") {
  const Copied added = add("/", Packed().file("f", "one").file("f", "three").file("d/x").file("d"));
  CHECK(added.layer == "d f 644 0:0\nf f 644 0:0\n");
  CHECK(added.files[1].entry.size == 5);
}

TEST_CASE("dockerfile.md 9.5, 16.3: a directory that was a file meanwhile hides the image's one",
          "[build]") {
  const auto image = image_of({dir_entry("d"), file_entry("d/old", 1)});
  CHECK(
      add("/", Packed().file("d").file("d", "2").add(dir_entry("d")).file("d/new"), image).layer ==
      "d d 755 0:0\nd/.wh..wh..opq f 0 0:0\nd/new f 644 0:0\n");
}

TEST_CASE("dockerfile.md 9.4: hard links are names of one inode, whose last name decides",
          "[build]") {
  const Copied added = add("/t", Packed().file("d/f", "one").hard_link("a", "d/f", 0600));
  CHECK(added.layer == "t d 755 0:0\nt/a f 600 0:0\nt/d d 755 0:0\nt/d/f h 600 0:0\n");
  CHECK(added.files[1].entry.size == 3);
  CHECK(added.files[3].entry.link_target == "t/a");
}

TEST_CASE("dockerfile.md 9.4: a hard link to a file of the image brings that into the layer",
          "[build]") {
  const auto image = image_of({file_entry("t/old", 0)});
  CHECK(add("/t", Packed().hard_link("new", "old", 0600), image).layer ==
        "t d 755 0:0\nt/new f 600 0:0\nt/old h 600 0:0\n");
}

TEST_CASE("dockerfile.md 9.6: a hard link to nothing, itself or a directory is an error",
          "[build]") {
  CHECK(add("/", Packed().hard_link("a", "no")).errors.at(0).message ==
        "the archive \"a.tar\" cannot be unpacked: its entry \"a\" is a hard link to \"no\", which "
        "does not exist there");
  CHECK(add("/", Packed().file("a").hard_link("a", "a")).errors.at(0).id == "archive-link");
  CHECK(add("/", Packed().add(dir_entry("d")).hard_link("a", "d")).errors.at(0).id ==
        "archive-link");
}

TEST_CASE("dockerfile.md 9.6, 17: what is wrong in an archive is reported at the source",
          "[build]") {
  const Copied added = add("/", Packed().file(".wh.x"));
  REQUIRE(added.errors.size() == 1);
  CHECK(added.errors[0].id == "archive-whiteout");
  CHECK(added.errors[0].where->column == 6);
}

TEST_CASE("image.md 7.5: an archive that was seen before is not read again", "[build]") {
  const test::TempDir dir;
  const store::BuildCache cache(dir / "cache");
  const std::string tar = Packed().file("f", "text").tar();
  /// A file whose digest is known from its stat.
  class Known final : public oci::FileContent {
  public:
    explicit Known(std::string text) : content_(std::move(text)) {}
    std::unique_ptr<support::ByteSource> open() const override {
      ++opened;
      return content_.open();
    }
    Digest digest() const override { return content_.digest(); }
    mutable int opened = 0;

  private:
    oci::MemoryContent content_;
  };
  const auto content = std::make_shared<Known>(tar);
  MemoryTree tree;
  tree.put({.entry = file_entry("a.tar", tar.size()), .content = content});
  std::string layers[2];
  for (std::string& layer : layers) {
    content->opened = 0;
    engine::Archives archives(cache, dir.path(), {});
    const Copied added = test::run(add_step("/"), tree, {}, {}, &archives);
    layer = added.layer + added.files.at(0).content->digest().str();
  }
  CHECK(layers[0] == layers[1]);
  CHECK(content->opened == 0);
}
