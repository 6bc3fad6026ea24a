// SPDX-License-Identifier: Apache-2.0
#include "build/copy_sources.hpp"

#include "step_fixture.hpp"
#include "support/catch.hpp"

using namespace ocibuild;
using test::Copied;
using test::copy_step;
using test::image_of;
using test::MemoryTree;
using test::owned;
using test::run;

namespace {

std::vector<plan::Text> texts(std::vector<std::string> patterns) {
  std::vector<plan::Text> out;
  for (std::string& pattern : patterns) out.push_back({std::move(pattern), {1, 3, 1, 1, 1}});
  return out;
}

plan::CopyStep excluding(std::vector<std::string> patterns, std::vector<std::string> sources,
                         const std::string& destination) {
  plan::CopyStep step = copy_step(std::move(sources), destination);
  step.exclude = texts(std::move(patterns));
  return step;
}

plan::CopyStep with_parents(std::vector<std::string> sources, const std::string& destination) {
  plan::CopyStep step = copy_step(std::move(sources), destination);
  step.parents = true;
  return step;
}

plan::CopyStep with_link(std::vector<std::string> sources, const std::string& destination) {
  plan::CopyStep step = copy_step(std::move(sources), destination);
  step.link = true;
  return step;
}

std::string text_of(const layer::LayerFile& file) {
  const auto source = file.content->open();
  return support::read_all(*source, 1000, "the file");
}

}  // namespace

TEST_CASE("dockerfile.md 7.1, 8.9, 10.4: heredocs are files 0644 of root, placed after the sources",
          "[build]") {
  plan::CopyStep step = copy_step({"x"}, "/d/");
  step.inline_files = {{{"a", {}}, "one\n"}, {{"x", {}}, "two\n"}};
  const Copied both = run(step, std::move(MemoryTree().file("x", "source", 0600)), {});
  CHECK(both.layer == "d d 755 0:0\nd/a f 644 0:0\nd/x f 644 0:0\n");
  CHECK(text_of(both.files[2]) == "two\n");
  step.chown = plan::Text{"7", {}};
  step.chmod = oci::ModeChange::parse("u+x");
  step.sources.clear();
  CHECK(run(step, MemoryTree(), {}).layer == "d d 755 7:7\nd/a f 744 7:7\nd/x f 744 7:7\n");
}

TEST_CASE("dockerfile.md 7.8, 10.4: a heredoc goes where a file of its name would", "[build]") {
  plan::CopyStep step = copy_step({}, "/x");
  step.inline_files = {{{"EOF", {}}, "text"}};
  CHECK(run(step, MemoryTree(), {}).layer == "x f 644 0:0\n");
  CHECK(run(step, MemoryTree(), image_of({test::dir_entry("x", 0700)})).layer ==
        "x d 700 0:0\nx/EOF f 644 0:0\n");
  const auto image = image_of({test::symlink_entry("x", "to/y"), test::dir_entry("to")});
  CHECK(run(step, MemoryTree(), image).layer == "to d 755 0:0\nto/y f 644 0:0\n");
  step.destination = oci::RootfsPath("/f/x");
  CHECK(run(step, MemoryTree(), image_of({test::file_entry("f", 1)})).errors.size() == 1);
}

TEST_CASE("dockerfile.md 7.18: --exclude leaves out what its patterns hit below a directory",
          "[build]") {
  MemoryTree origin;
  origin.file("d/a.txt", "").file("d/b.md", "").file("d/sub/c.txt", "").dir("d/empty", 0700);
  CHECK(run(excluding({"**/*.txt"}, {"d"}, "/t"), origin, {}).layer ==
        "t d 755 0:0\nt/b.md f 644 0:0\nt/empty d 700 0:0\nt/sub d 755 0:0\n");
  CHECK(run(excluding({"sub", "empty", "*.md"}, {"d"}, "/t"), origin, {}).layer ==
        "t d 755 0:0\nt/a.txt f 644 0:0\n");
  CHECK(run(excluding({"a.txt"}, {"d/sub", "d"}, "/t"), origin, {}).files.size() == 6);
}

TEST_CASE("dockerfile.md 7.18: --exclude never leaves out a source itself", "[build]") {
  MemoryTree origin;
  origin.file("hom.txt", "").file("d/f", "");
  CHECK(run(excluding({"*.txt", "d"}, {"hom*", "d"}, "/t/"), origin, {}).layer ==
        "t d 755 0:0\nt/f f 644 0:0\nt/hom.txt f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.18, 11.6: an excluded directory comes with a child that is brought back",
          "[build]") {
  MemoryTree origin;
  origin.dir("d/sub", 0711).file("d/sub/c.txt", "").file("d/sub/x", "").dir("d/other", 0700);
  const plan::CopyStep step = excluding({"**", "!sub/c.txt"}, {"d"}, "/t");
  CHECK(run(step, origin, {}).layer == "t d 755 0:0\nt/sub d 711 0:0\nt/sub/c.txt f 644 0:0\n");
  CHECK(run(step, origin, image_of({owned(test::dir_entry("t/sub", 0777), 5, 6)})).layer ==
        "t d 755 0:0\nt/sub d 711 5:6\nt/sub/c.txt f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.18: a slash in front, and #, mean themselves in --exclude", "[build]") {
  MemoryTree origin;
  origin.file("d/a", "").file("d/#b", "");
  CHECK(run(excluding({"/a", " #b "}, {"d"}, "/t"), origin, {}).layer ==
        "t d 755 0:0\nt/a f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.18, 11.2: a malformed pattern of --exclude is an error at its place",
          "[build]") {
  const MemoryTree origin = std::move(MemoryTree().file("d/a", ""));
  for (const char* pattern : {"[a-", "!", "a\\"}) {
    const Copied copied = run(excluding({pattern}, {"d"}, "/t"), origin, {});
    REQUIRE(copied.errors.size() == 1);
    CHECK(copied.errors[0].id == "pattern-invalid");
    CHECK(copied.errors[0].where->column == 3);
  }
}

TEST_CASE("dockerfile.md 7.19: --parents keeps the directories of a source with their metadata",
          "[build]") {
  MemoryTree origin;
  origin.dir("a", 0700).dir("a/b", 0711).file("a/b/f", "").file("a/g", "");
  CHECK(run(with_parents({"a/b/f"}, "/t"), origin, {}).layer ==
        "t d 755 0:0\nt/a d 700 0:0\nt/a/b d 711 0:0\nt/a/b/f f 644 0:0\n");
  CHECK(run(with_parents({"./a/b/"}, "/t"), origin, {}).layer ==
        "t d 755 0:0\nt/a d 700 0:0\nt/a/b d 711 0:0\nt/a/b/f f 644 0:0\n");
  plan::CopyStep step = with_parents({"/a/g"}, "/t");
  step.chown = plan::Text{"7", {}};
  step.chmod = oci::ModeChange::parse("640");
  CHECK(run(step, origin, {}).layer == "t d 640 7:7\nt/a d 640 7:7\nt/a/g f 640 7:7\n");
}

TEST_CASE("dockerfile.md 7.19: --parents keeps what is behind the first /./ only", "[build]") {
  MemoryTree origin;
  origin.dir("a/b", 0711).file("a/b/c/f", "").symlink("link", "a");
  const std::string kept = "t d 755 0:0\nt/b d 711 0:0\nt/b/c d 755 0:0\nt/b/c/f f 644 0:0\n";
  CHECK(run(with_parents({"a/./b/./c/f"}, "/t"), origin, {}).layer == kept);
  CHECK(run(with_parents({"link/./b/c/f"}, "/t"), origin, {}).layer == kept);
  CHECK(run(with_parents({"a*/./b/c"}, "/t"), origin, {}).layer == kept);
}

TEST_CASE("dockerfile.md 7.19, 11.4: --parents matches whole paths, ** any directories",
          "[build]") {
  MemoryTree origin;
  origin.file("x.md", "").file("a/x.md", "").file("a/b/x.md", "").file("a/b/y", "").dir("a/z");
  CHECK(run(with_parents({"**/*.md"}, "/"), origin, {}).layer ==
        "a d 755 0:0\na/b d 755 0:0\na/b/x.md f 644 0:0\na/x.md f 644 0:0\nx.md f 644 0:0\n");
  CHECK(run(with_parents({"*/*.md"}, "/"), origin, {}).layer == "a d 755 0:0\na/x.md f 644 0:0\n");
  plan::CopyStep step = with_parents({"a/*"}, "/");
  step.exclude = texts({"a/b/*.md"});
  CHECK(run(step, origin, {}).layer ==
        "a d 755 0:0\na/b d 755 0:0\na/b/y f 644 0:0\na/x.md f 644 0:0\na/z d 755 0:0\n");
}

TEST_CASE(
    "dockerfile.md 7.19: an existing directory takes the mode only, all of it when it matches",
    "[build]") {
  const auto image = image_of(
      {owned(test::dir_entry("a", 0777), 5, 6), owned(test::dir_entry("a/b", 0777), 5, 6)});
  MemoryTree origin;
  origin.dir("a", 0700).dir("a/b", 0711).file("a/b/f", "");
  CHECK(run(with_parents({"a/b"}, "/"), origin, image).layer ==
        "a d 700 5:6\na/b d 711 0:0\na/b/f f 644 0:0\n");
}

TEST_CASE("dockerfile.md 7.19: without a match --parents makes the destination, or fails",
          "[build]") {
  const MemoryTree origin = std::move(MemoryTree().file("a/f", ""));
  const Copied none = run(with_parents({"*.none"}, "/t"), origin, {});
  CHECK(none.layer == "t d 755 0:0\n");
  CHECK(none.warnings.at(0).id == "copy-no-match");
  for (const char* source : {"a/g", "b/./f", "a/f/./x", "."}) {
    const Copied missing = run(with_parents({source}, "/t"), origin, {});
    REQUIRE(missing.errors.size() == 1);
    CHECK(missing.errors[0].id == "copy-source-missing");
  }
  CHECK(run(with_parents({"a/[x-"}, "/t"), origin, {}).errors.at(0).id == "pattern-invalid");
}

TEST_CASE("dockerfile.md 7.20: --link sees nothing of the image and makes every directory",
          "[build]") {
  const auto image =
      image_of({test::symlink_entry("bin", "usr/bin"), test::dir_entry("usr/bin"),
                owned(test::dir_entry("srv", 0700), 5, 6), test::file_entry("f", 1)});
  MemoryTree origin;
  origin.file("x", "").file("d/bin/y", "");
  CHECK(run(with_link({"x"}, "/bin/"), origin, image).layer == "bin d 755 0:0\nbin/x f 644 0:0\n");
  CHECK(run(with_link({"x"}, "/f/x"), origin, image).errors.empty());
  CHECK(run(with_link({"d"}, "/"), origin, image).layer == "bin d 755 0:0\nbin/y f 644 0:0\n");
  plan::CopyStep step = with_link({"x"}, "/srv/x");
  step.chown = plan::Text{"7", {}};
  CHECK(run(step, origin, image).layer == "srv d 755 7:7\nsrv/x f 644 7:7\n");
}

TEST_CASE("dockerfile.md 7.20, 8.5: with --link no account name can be looked up", "[build]") {
  plan::CopyStep step = with_link({"x"}, "/x");
  step.chown = plan::Text{"app:root", {1, 1, 1, 1, 1}};
  const MemoryTree origin = std::move(MemoryTree().file("x", ""));
  const Copied refused = run(step, origin, image_of({test::dir_entry("etc")}));
  REQUIRE(refused.errors.size() == 1);
  CHECK(refused.errors[0].id == "chown-no-accounts");
  CHECK(refused.errors[0].message ==
        "'app' cannot be looked up: with --link no file of the image is read");
  step.chown->text = "root";
  CHECK(run(step, origin, image_of({test::dir_entry("etc")})).layer == "x f 644 0:0\n");
}
