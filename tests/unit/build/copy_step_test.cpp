// SPDX-License-Identifier: Apache-2.0
#include "build/copy_step.hpp"

#include "build/workdir_step.hpp"
#include "step_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Copied;
using test::copy_step;
using test::image_of;
using test::MemoryTree;
using test::owned;
using test::run;

TEST_CASE(
    "dockerfile.md 16.1, 16.2, image.md 2.6: directories above a file enter the layer as they are "
    "in the image",
    "[build]") {
  const auto image =
      image_of({test::dir_entry("tmp", 01777), owned(test::dir_entry("home", 0750), 5, 6)});
  const MemoryTree origin = std::move(MemoryTree().file("x", "x"));
  CHECK(run(copy_step({"x"}, "/tmp/x"), origin, image).layer ==
        "tmp d 1777 0:0\ntmp/x f 644 0:0\n");
  CHECK(run(copy_step({"x"}, "/home/u/x"), origin, image).layer ==
        "home d 750 5:6\nhome/u d 755 0:0\nhome/u/x f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.7: a destination that is a symlink is followed inside the image",
          "[build]") {
  const auto image =
      image_of({test::symlink_entry("bin", "usr/bin"), test::dir_entry("usr"),
                test::dir_entry("usr/bin"), test::symlink_entry("to-file", "/usr/f"),
                test::file_entry("usr/f", 1), test::symlink_entry("dangling", "/new/place")});
  const MemoryTree origin = std::move(MemoryTree().file("x", "x"));
  const std::string in_bin = "usr d 755 0:0\nusr/bin d 755 0:0\nusr/bin/x f 644 0:0\n";
  CHECK(run(copy_step({"x"}, "/bin/"), origin, image).layer == in_bin);
  CHECK(run(copy_step({"x"}, "/bin/x"), origin, image).layer == in_bin);
  CHECK(run(copy_step({"x"}, "/bin"), origin, image).layer == in_bin);
  CHECK(run(copy_step({"x"}, "/to-file"), origin, image).layer ==
        "usr d 755 0:0\nusr/f f 644 0:0\n");
  CHECK(run(copy_step({"x"}, "/dangling"), origin, image).layer ==
        "new d 755 0:0\nnew/place f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.8: a symlink in the destination directory is replaced, not followed",
          "[build]") {
  const auto image = image_of({test::dir_entry("d"), test::symlink_entry("d/x", "/etc/passwd")});
  CHECK(run(copy_step({"x"}, "/d/"), std::move(MemoryTree().file("x", "x")), image).layer ==
        "d d 755 0:0\nd/x f 644 0:0\n");
}

TEST_CASE(
    "dockerfile.md 7.10, 7.11: a copied directory keeps the top's metadata and overrides nested "
    "ones",
    "[build]") {
  const auto image = image_of({test::dir_entry("etc", 0711), test::dir_entry("etc/sub", 0755)});
  MemoryTree origin;
  origin.dir("d", 0700).dir("d/sub", 0750).file("d/sub/f", "1").dir("d/empty", 0705);
  CHECK(run(copy_step({"d"}, "/etc"), origin, image).layer ==
        "etc d 711 0:0\netc/empty d 705 0:0\netc/sub d 750 0:0\netc/sub/f f 644 0:0\n");
  CHECK(run(copy_step({"d"}, "/new"), origin, image).layer ==
        "new d 755 0:0\nnew/empty d 705 0:0\nnew/sub d 750 0:0\nnew/sub/f f 644 0:0\n");
}

TEST_CASE(
    "dockerfile.md 7.11, 17: inside a copied tree links are replaced, and a directory never "
    "replaces "
    "one",
    "[build]") {
  const auto image =
      image_of({test::symlink_entry("bin", "usr/bin"), test::symlink_entry("f", "bin")});
  CHECK(run(copy_step({"/"}, "/"), std::move(MemoryTree().file("f", "x")), image).layer ==
        "f f 644 0:0\n");
  const Copied blocked =
      run(copy_step({"/"}, "/"), std::move(MemoryTree().file("bin/x", "x")), image);
  REQUIRE(blocked.errors.size() == 1);
  CHECK(blocked.errors[0].id == "destination-blocked");
  CHECK(blocked.errors[0].message ==
        "'/bin' in the image is a symbolic link to \"usr/bin\", not a directory");
  CHECK(blocked.errors[0].notes.at(0) == "it comes from layer 1 of base:1");
  const auto directory = image_of({test::dir_entry("f")});
  CHECK(
      run(copy_step({"/"}, "/"), std::move(MemoryTree().file("f", "x")), directory).errors.size() ==
      1);
}

TEST_CASE("image.md 2.6: between new directories those of the image keep what they are",
          "[build]") {
  const auto image =
      image_of({owned(test::dir_entry("srv", 0711), 1, 2), test::dir_entry("srv/b", 0700),
                owned(test::dir_entry("srv/b/c", 0750), 3, 4), test::file_entry("srv/b/c/f", 1),
                test::dir_entry("srv/b/c/g"), test::file_entry("srv/b/file", 1)});
  MemoryTree origin;
  origin.file("x/a/n/f", "1").file("x/b/c/f", "1").file("x/b/m/f", "1").file("x/d/f", "1");
  const plan::CopyStep step = copy_step({"x/a/n/f", "x/b/c/f", "x/b/m/f"}, "/srv/b/c/");
  CHECK(run(step, origin, image).layer ==
        "srv d 711 1:2\nsrv/b d 700 0:0\nsrv/b/c d 750 3:4\nsrv/b/c/f f 644 0:0\n");
  CHECK(run(copy_step({"x"}, "/srv"), origin, image).layer ==
        "srv d 711 1:2\nsrv/a d 755 0:0\nsrv/a/n d 755 0:0\nsrv/a/n/f f 644 0:0\n"
        "srv/b d 755 0:0\nsrv/b/c d 755 0:0\nsrv/b/c/f f 644 0:0\n"
        "srv/b/m d 755 0:0\nsrv/b/m/f f 644 0:0\nsrv/d d 755 0:0\nsrv/d/f f 644 0:0\n");

  const auto blocked = [&](const char* path) {
    MemoryTree tree;
    tree.file("x/a/n/f", "1").file("x/b/a/n/f", "1").file(path, "1");
    const Copied copied = run(copy_step({"x"}, "/srv"), tree, image);
    return copied.errors.size() == 1 && copied.errors[0].id == "destination-blocked";
  };
  CHECK(blocked("x/b/c/g"));     // a directory there
  CHECK(blocked("x/b/file/f"));  // a file there
  CHECK_FALSE(blocked("x/b/a/file"));
}

TEST_CASE("dockerfile.md 7.14: a file in the way of the destination is an error", "[build]") {
  const auto image = image_of({test::file_entry("f", 1)});
  MemoryTree origin;
  origin.file("x", "x").file("d/y", "y");
  CHECK(run(copy_step({"x"}, "/f/x"), origin, image).errors.size() == 1);
  CHECK(run(copy_step({"x"}, "/f/"), origin, image).errors.size() == 1);
  CHECK(run(copy_step({"d"}, "/f"), origin, image).errors.size() == 1);
}

TEST_CASE(
    "dockerfile.md 7.12, 8.6: --chown applies to everything copied and created, not to what exists",
    "[build]") {
  const auto image = image_of({test::dir_entry("srv", 0700)});
  MemoryTree origin;
  origin.file("d/f", "1").symlink("d/l", "f");
  plan::CopyStep step = copy_step({"d"}, "/srv/a/b");
  step.chown = plan::Text{"7:8", {}};
  CHECK(run(step, origin, image).layer ==
        "srv d 700 0:0\nsrv/a d 755 7:8\nsrv/a/b d 755 7:8\nsrv/a/b/f f 644 7:8\nsrv/a/b/l l 777 "
        "7:8\n");
}

TEST_CASE("dockerfile.md 7.12: directories made below a setgid one inherit its bit and group",
          "[build]") {
  const auto image = image_of({owned(test::dir_entry("data", 02775), 1, 50)});
  const MemoryTree origin = std::move(MemoryTree().file("f", "1"));
  plan::CopyStep step = copy_step({"f"}, "/data/a/b/");
  CHECK(run(step, origin, image).layer ==
        "data d 2775 1:50\ndata/a d 2755 0:50\ndata/a/b d 2755 0:50\ndata/a/b/f f 644 0:0\n");
  step.chown = plan::Text{"7:8", {}};
  step.chmod = oci::ModeChange::parse("0640");
  CHECK(run(step, origin, image).layer ==
        "data d 2775 1:50\ndata/a d 2640 7:8\ndata/a/b d 2640 7:8\ndata/a/b/f f 640 7:8\n");
}

TEST_CASE("dockerfile.md 8.7: --chmod replaces twelve bits, created directories get the low nine",
          "[build]") {
  MemoryTree origin;
  origin.file("d/s/f", "1", 04755).symlink("d/l", "f");
  plan::CopyStep step = copy_step({"d"}, "/a/b");
  step.chmod = oci::ModeChange::parse("4600");
  CHECK(run(step, origin, {}).layer ==
        "a d 600 0:0\na/b d 600 0:0\na/b/l l 777 0:0\na/b/s d 4600 0:0\na/b/s/f f 4600 0:0\n");
}

TEST_CASE("dockerfile.md 8.5: an unknown name is 0 with a warning, and an error on an empty root",
          "[build]") {
  plan::CopyStep step = copy_step({"x"}, "/x");
  step.chown = plan::Text{"nobdy", {1, 1, 1, 1, 1}};
  const MemoryTree origin = std::move(MemoryTree().file("x", "x"));
  const Copied warned = run(step, origin, image_of({test::dir_entry("etc")}));
  CHECK(warned.layer == "x f 644 0:0\n");
  REQUIRE(warned.warnings.size() == 1);
  CHECK(warned.warnings[0].id == "chown-unknown");
  const Copied refused = run(step, origin, {});
  REQUIRE(refused.errors.size() == 1);
  CHECK(refused.errors[0].id == "chown-no-accounts");
}

TEST_CASE("dockerfile.md 7.17: names of one inode stay links inside one directory source only",
          "[build]") {
  MemoryTree origin;
  for (const char* name : {"d/a", "d/b", "e/c"}) {
    origin.put(
        {.entry = test::file_entry(name, 1), .content = test::text_content("x"), .inode = 9});
  }
  CHECK(run(copy_step({"d", "e"}, "/t/"), origin, {}).layer ==
        "t d 755 0:0\nt/a f 644 0:0\nt/b h 644 0:0\nt/c f 644 0:0\n");
  CHECK(run(copy_step({"d/a", "d/b"}, "/t/"), origin, {}).layer ==
        "t d 755 0:0\nt/a f 644 0:0\nt/b f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.3, 7.8: a named symlink copies what it points to, under the link's name",
          "[build]") {
  MemoryTree origin;
  origin.file("real/f", "x")
      .symlink("link", "real")
      .symlink("lf", "/real/f")
      .symlink("bad", "../nothing");
  CHECK(run(copy_step({"link"}, "/t"), origin, {}).layer == "t d 755 0:0\nt/f f 644 0:0\n");
  CHECK(run(copy_step({"lf"}, "/t/"), origin, {}).layer == "t d 755 0:0\nt/lf f 644 0:0\n");
  const Copied bad = run(copy_step({"bad"}, "/t/"), origin, {});
  REQUIRE(bad.errors.size() == 1);
  CHECK(bad.errors[0].notes.at(0) ==
        "it is a symbolic link to \"../nothing\", which is not in stage 'a'");
}

TEST_CASE("dockerfile.md 12: wildcards copy every match, and no match is a warning", "[build]") {
  MemoryTree origin;
  origin.file("a.txt", "1").file("b.txt", "2").file("d.txt/in", "3");
  CHECK(run(copy_step({"*.txt"}, "/t/"), origin, {}).layer ==
        "t d 755 0:0\nt/a.txt f 644 0:0\nt/b.txt f 644 0:0\nt/in f 644 0:0\n");
  const Copied none = run(copy_step({"*.md"}, "/t/"), origin, {});
  CHECK(none.files.empty());
  REQUIRE(none.warnings.size() == 1);
  CHECK(none.warnings[0].id == "copy-no-match");
}

TEST_CASE("dockerfile.md 12.5: what stands before the first wildcard has to exist", "[build]") {
  MemoryTree origin;
  origin.file("d/f", "1");
  CHECK(run(copy_step({"d/*.md"}, "/t/"), origin, {}).errors.empty());
  CHECK(run(copy_step({"d/f/*"}, "/t/"), origin, {}).errors.empty());
  for (const char* source : {"none/*", "d/none/*/f"}) {
    const Copied missing = run(copy_step({source}, "/t/"), origin, {});
    REQUIRE(missing.errors.size() == 1);
    CHECK(missing.errors[0].id == "copy-source-missing");
  }
}

TEST_CASE("dockerfile.md 7.13: several files onto one name leave the last one, with a warning",
          "[build]") {
  MemoryTree origin;
  origin.file("a", "1").file("b", "22");
  const Copied copied = run(copy_step({"a", "b"}, "/t"), origin, {});
  REQUIRE(copied.files.size() == 1);
  CHECK(copied.files[0].entry.size == 2);
  REQUIRE(copied.warnings.size() == 1);
  CHECK(copied.warnings[0].id == "copy-overwrites");
}

TEST_CASE("dockerfile.md 7.4, 17: a missing source names the nearest path", "[build]") {
  MemoryTree origin;
  origin.file("build/server", "x");
  const Copied copied = run(copy_step({"build/sever"}, "/t"), origin, {});
  REQUIRE(copied.errors.size() == 1);
  CHECK(copied.errors[0].message == "'build/sever' is not in stage 'a'");
  CHECK(copied.errors[0].helps == std::vector<std::string>{"did you mean 'build/server'?"});
  CHECK(run(copy_step({"../../x"}, "/t"), origin, {}).errors.at(0).id == "copy-outside-context");
}

TEST_CASE("dockerfile.md 7.16: of extended attributes only the capability is copied", "[build]") {
  oci::Entry entry = test::file_entry("f", 1);
  entry.xattrs = {{"security.capability", "c"}, {"user.x", "y"}};
  MemoryTree origin;
  origin.put({.entry = entry, .content = test::text_content("x")});
  CHECK(run(copy_step({"f"}, "/f"), origin, {}).files.at(0).entry.xattrs ==
        std::map<std::string, std::string>{{"security.capability", "c"}});
}

TEST_CASE("dockerfile.md 16.4, image.md 2.8: file times are fixed, kept or lowered as asked",
          "[build]") {
  oci::Entry entry = test::file_entry("f", 0);
  entry.mtime = 1000;
  MemoryTree origin;
  origin.put({.entry = entry});
  const auto time = [&](FileTimes times) {
    return run(copy_step({"f"}, "/f"), origin, {}, times).files.at(0).entry.mtime;
  };
  CHECK(time({}) == 1);
  CHECK(time({.preserve = true}) == 1000);
  CHECK(time({.preserve = true, .fixed = 1, .not_after = 900}) == 900);
  CHECK(time({.preserve = false, .fixed = 5, .not_after = 900}) == 5);
}

TEST_CASE(
    "dockerfile.md 13.3: WORKDIR makes what is missing, owned by USER, through links of the image",
    "[build]") {
  const auto image = image_of({test::symlink_entry("srv", "data"), test::dir_entry("data", 0700),
                               test::file_entry("f", 1)});
  support::Diagnostics diagnostics;
  const dockerfile::SourceText source("Dockerfile", "WORKDIR x\n");
  const dockerfile::Checks checks;
  dockerfile::Findings findings(source, checks, diagnostics);
  const auto paths = [&](const char* path) {
    std::string out;
    const FileTimes times;
    auto files = engine::workdir_files({oci::RootfsPath(path), "5:6", {1, 9, 1, 1, 1}},
                                       {image, times, findings});
    for (const auto& file : std::move(files).finish())
      out += file.entry.path.str() + " " + std::to_string(file.entry.uid) + "\n";
    return out;
  };
  CHECK(paths("/srv/a/b") == "data 0\ndata/a 5\ndata/a/b 5\n");
  CHECK(paths("/data").empty());
  CHECK(diagnostics.errors().empty());
  CHECK(paths("/f/x").empty());
  CHECK(diagnostics.errors().size() == 1);
}
