// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "build/step_memory.hpp"
#include "project.hpp"
#include "store/build_cache.hpp"
#include "store/cache_files.hpp"
#include "tar/tar_writer.hpp"

using namespace ocibuild;
namespace fs = std::filesystem;

namespace {

class Causes final : public EventSink {
public:
  void on_event(const Event& event) override {
    const auto* done = std::get_if<StepDone>(&event);
    if (done == nullptr || done->kind != StepKind::layer) return;
    for (const RebuildCause& cause : done->causes) all.push_back(cause);
  }
  std::vector<RebuildCause> all;
};

struct Explained : test::Project {
  using test::Project::Project;
  /// Of all layers that this build makes.
  std::vector<RebuildCause> causes() {
    request.explain = true;
    Causes events;
    ocibuild::build(request, events);
    return events.all;
  }
};

using All = std::vector<RebuildCause>;

const All first = {{.kind = Cause::first_build}};

/// A tar whose only member is a device, which anybody may write.
std::string tar_of_device(std::uint32_t minor) {
  support::StringSink sink;
  tar::TarWriter writer(sink);
  oci::Entry device;
  device.path = oci::RootfsPath("disk");
  device.type = oci::EntryType::block_device;
  device.mode = 0600;
  device.device_major = 8;
  device.device_minor = minor;
  support::MemorySource nothing{std::string_view()};
  writer.add(device, nothing);
  writer.finish();
  return sink.text;
}

/// As if the release that made the layer of `instruction` had another format.
void forge_format(const Explained& project, const std::string& instruction) {
  const fs::path directory = project.dir / "store/cache";
  fs::recursive_directory_iterator file(directory / store::steps_kind);
  while (!file->is_regular_file()) ++file;
  const Digest stage = Digest::parse("sha256:" + file->path().filename().native());
  const store::BuildCache cache(directory);
  const auto never = [](const Digest&) { return std::optional<fs::file_time_type>(); };
  const auto memory = engine::StageMemory::decode(cache.find_steps(stage).value());
  engine::RememberedStep step = *memory.find({.instruction = instruction}, never);
  std::ranges::find(step.step.facts, Cause::format, &engine::StepFact::kind)->value = "earlier";
  engine::StageMemory other;
  other.add(step);
  cache.put_steps(stage, other.encode());
  fs::remove_all(directory / store::layer_kind);  // the release is part of their keys
}

}  // namespace

TEST_CASE(
    "image.md 7.12: a first build is explained as such, and one that finds its layer not at all",
    "[build]") {
  Explained project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "one");
  CHECK(project.causes() == first);
  CHECK(project.causes() == All{});
}

TEST_CASE("image.md 7.12: a file that changed, came or went is named by its path in the image",
          "[build]") {
  Explained project("FROM scratch\nCOPY . /app/\n");
  project.dir.write("context/same", "same");
  project.dir.write("context/size", "1");
  project.dir.write("context/text", "one");
  project.dir.write("context/old", "old");
  project.causes();
  project.dir.write("context/size", "12");
  project.dir.write("context/text", "two");
  project.dir.write("context/new", "new");
  fs::remove(project.dir / "context/old");
  CHECK(project.causes() == All{{Cause::file_added, "/app/new"},
                                {Cause::file_removed, "/app/old"},
                                {Cause::file_content, "/app/size"},
                                {Cause::file_content, "/app/text"}});
}

TEST_CASE("image.md 7.12: of large files those are named that changed", "[build]") {
  Explained project("FROM scratch\nCOPY . /app/\n");
  const std::string text((3 << 20) + 7, 'x');
  project.dir.write("context/changed", text);
  project.dir.write("context/same", text);
  project.causes();
  project.dir.write("context/changed", 'y' + text.substr(1));
  project.dir.write("context/same", text);
  CHECK(project.causes() == All{{Cause::file_content, "/app/changed"}});
}

TEST_CASE("image.md 7.12: mode, type and target of a file are told with what they were",
          "[build]") {
  Explained project("FROM scratch\nCOPY . /app/\n");
  project.dir.write("context/mode", "x", 0644);
  project.dir.write("context/type", "x");
  fs::create_symlink("mode", project.dir / "context/link");
  project.causes();
  fs::permissions(project.dir / "context/mode", fs::perms(0755));
  fs::remove(project.dir / "context/type");
  project.dir.mkdir("context/type");
  fs::remove(project.dir / "context/link");
  fs::create_symlink("type", project.dir / "context/link");
  CHECK(project.causes() == All{{Cause::file_target, "/app/link", "mode", "type"},
                                {Cause::file_mode, "/app/mode", "0644", "0755"},
                                {Cause::file_type, "/app/type", "file", "directory"}});
}

TEST_CASE("image.md 7.12: an argument that the instruction uses is named, others are not",
          "[build]") {
  Explained project(
      "FROM scratch\nARG MODE\nARG OTHER\nENV OWNER=1:1\nCOPY --chmod=$MODE --chown=$OWNER a /a\n");
  project.dir.write("context/a", "one");
  project.request.build_args = {{"MODE", "644"}, {"OTHER", "1"}};
  project.causes();
  project.request.build_args = {{"MODE", "600"}, {"OTHER", "2"}};
  CHECK(project.causes() ==
        All{{Cause::variable, "MODE", "644", "600"}, {Cause::file_mode, "/a", "0644", "0600"}});
  project.request.dockerfile_text =
      "FROM scratch\nARG MODE\nARG OTHER\nENV OWNER=1:2\nCOPY --chmod=$MODE --chown=$OWNER a /a\n";
  CHECK(project.causes() ==
        All{{Cause::variable, "OWNER", "1:1", "1:2"}, {Cause::file_owner, "/a", "1:1", "1:2"}});
}

TEST_CASE("image.md 7.12: an edited instruction is compared with what stood in its place",
          "[build]") {
  Explained project("FROM scratch\nCOPY a /a\nCOPY b /b\n");
  project.dir.write("context/a", "one");
  project.dir.write("context/b", "two");
  project.causes();
  project.request.dockerfile_text = "FROM scratch\nCOPY a /a\nCOPY b /c\n";
  CHECK(project.causes() == All{{Cause::instruction, "", "COPY b /b", "COPY b /c"},
                                {Cause::destination, "", "/b", "/c"},
                                {Cause::file_removed, "/b"},
                                {Cause::file_added, "/c"}});
}

TEST_CASE("image.md 7.12: a step that moved is still compared with itself", "[build]") {
  Explained project("FROM scratch\nCOPY a /a\nCOPY b /b\n");
  project.dir.write("context/a", "one");
  project.dir.write("context/b", "two");
  project.dir.write("context/c", "three");
  project.causes();
  project.request.dockerfile_text = "FROM scratch\nCOPY b /b\nCOPY a /a\n";
  project.dir.write("context/b", "2");
  CHECK(project.causes() == All{{Cause::file_content, "/b"}});
}

TEST_CASE("image.md 7.12: WORKDIR and USER are named where they change files", "[build]") {
  Explained project("FROM scratch\nWORKDIR /a\nCOPY a .\n");
  project.dir.write("context/a", "one");
  project.causes();
  project.request.dockerfile_text = "FROM scratch\nWORKDIR /b\nCOPY a .\n";
  const All causes = project.causes();
  CHECK(std::ranges::count(causes, RebuildCause{Cause::destination, "", "/a", "/b"}) == 2);
  project.request.dockerfile_text = "FROM scratch\nUSER 7:7\nWORKDIR /b\nCOPY a .\n";
  const All of_user = project.causes();
  CHECK(std::ranges::count(of_user, RebuildCause{Cause::user, "", "", "7:7"}) == 1);
  CHECK(std::ranges::count(of_user, RebuildCause{Cause::file_owner, "/b", "0:0", "7:7"}) == 2);
}

TEST_CASE("image.md 7.12: compression and the rule for times are told once, not for each file",
          "[build]") {
  Explained project("FROM scratch\nCOPY . /\n");
  project.dir.write("context/a", "one");
  project.dir.write("context/b", "two");
  project.causes();
  project.request.compression = Compression::none;
  CHECK(project.causes() == All{{Cause::compression, "", "gzip", "uncompressed"}});
  project.request.file_times.fixed = 77;
  CHECK(project.causes() == All{{Cause::file_times, "", "1", "77"}});
}

TEST_CASE("image.md 7.12: the time of a file is told where times are kept", "[build]") {
  Explained project("FROM scratch\nCOPY . /app/\n");
  project.request.file_times.preserve = true;
  const auto touch = [&](int seconds) {
    for (const char* name : {"context/a", "context"})
      fs::last_write_time(project.dir / name,
                          fs::file_time_type(std::chrono::file_clock::from_sys(
                              std::chrono::sys_seconds(std::chrono::seconds(seconds)))));
  };
  project.dir.write("context/a", "one");
  touch(1000);
  project.causes();
  touch(2000);
  const All causes = project.causes();
  CHECK(std::ranges::count(causes, RebuildCause{Cause::file_time, "/app/a", "1000", "2000"}) == 1);
  CHECK(std::ranges::all_of(
      causes, [](const RebuildCause& cause) { return cause.kind == Cause::file_time; }));
}

TEST_CASE("image.md 7.12: another device is told as an attribute", "[build]") {
  Explained project("FROM scratch\nADD disks.tar /dev/\n");
  project.dir.write("context/disks.tar", tar_of_device(1));
  project.causes();
  project.dir.write("context/disks.tar", tar_of_device(2));
  CHECK(project.causes() == All{{Cause::file_attributes, "/dev/disk"}});
}

TEST_CASE("image.md 7.12: another release is told, also when files changed besides", "[build]") {
  Explained project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "one");
  project.causes();
  forge_format(project, "COPY a /a");
  All causes = project.causes();
  REQUIRE(causes.size() == 1);
  CHECK(causes[0].kind == Cause::format);
  CHECK(causes[0].before == "earlier");
  forge_format(project, "COPY a /a");
  project.dir.write("context/a", "two");
  causes = project.causes();
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].kind == Cause::format);
  CHECK(causes[1] == RebuildCause{Cause::file_content, "/a"});
  forge_format(project, "COPY a /a");
  project.request.compression = Compression::none;  // has a format of its own
  CHECK(project.causes() == All{{Cause::compression, "", "gzip", "uncompressed"}});
}

TEST_CASE("image.md 7.12: the image of --from is named when files that it gave differ", "[build]") {
  Explained project("FROM scratch\nCOPY --from=tools /bin/a /a\nCOPY b /b\n");
  test::Project tools("FROM scratch\nCOPY a /bin/a\n");
  tools.request.store = project.request.store;
  tools.request.names = {Reference::parse("tools")};
  tools.dir.write("context/a", "one");
  tools.build();
  project.dir.write("context/b", "one");
  project.causes();
  tools.request.labels = {{"another", "image"}};
  tools.build();
  project.dir.write("context/b", "two");
  CHECK(project.causes() == All{{Cause::file_content, "/b"}});
  tools.dir.write("context/a", "two");
  tools.build();
  const All causes = project.causes();
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].kind == Cause::source_image);
  CHECK(causes[0].before.starts_with("tools:latest sha256:"));
  CHECK(causes[0].before != causes[0].after);
  CHECK(causes[1] == RebuildCause{Cause::file_content, "/a"});
}

TEST_CASE("image.md 7.12: a base is named when it changed what is above the files, else not",
          "[build]") {
  Explained project("FROM base\nCOPY a /d/a\n");
  test::Project base("FROM scratch\nCOPY --chmod=750 d /d/\n");
  base.request.store = project.request.store;
  base.request.names = {Reference::parse("base")};
  base.dir.write("context/d/x", "x");
  base.build();
  project.dir.write("context/a", "one");
  project.causes();
  base.request.labels = {{"another", "image"}};
  base.build();
  project.dir.write("context/a", "two");
  CHECK(project.causes() == All{{Cause::file_content, "/d/a"}});
  base.request.dockerfile_text = "FROM scratch\nCOPY --chmod=700 d /d/\n";
  base.build();
  const All causes = project.causes();
  REQUIRE(causes.size() == 2);
  CHECK(causes[0].kind == Cause::base);
  CHECK(causes[0].before.starts_with("base:latest sha256:"));
  CHECK(causes[0].before != causes[0].after);
  CHECK(causes[1] == RebuildCause{Cause::file_mode, "/d", "0750", "0700"});
}

TEST_CASE("image.md 7.12: who goes back and then changes a file is told of that file alone",
          "[build]") {
  Explained project("FROM scratch\nCOPY . /\n");
  project.dir.write("context/a", "one");
  project.dir.write("context/b", "one");
  project.causes();
  project.dir.write("context/a", "two");
  project.causes();
  project.dir.write("context/a", "one");
  CHECK(project.causes() == All{});
  project.dir.write("context/b", "two");
  CHECK(project.causes() == All{{Cause::file_content, "/b"}});
}

TEST_CASE("image.md 7.12: what was asked for, and what is gone, is said", "[build]") {
  Explained project("FROM scratch AS s\nCOPY a /a\n");
  project.dir.write("context/a", "one");
  const BuildResult result = project.build();
  project.request.use_cache = false;
  CHECK(project.causes() == All{{.kind = Cause::no_cache}});
  project.request.use_cache = true;
  project.request.no_cache_stages = {"S"};
  CHECK(project.causes() == All{{Cause::no_cache, "s"}});
  project.request.no_cache_stages.clear();
  fs::remove_all(project.dir / "store/cache/layer-record-2");
  CHECK(project.causes() == All{{.kind = Cause::lost}});
  const store::BlobStore blobs(project.request.store);
  fs::remove(blobs.path(result.platforms[0].layers[0].descriptor.digest));
  project.dir.write("context/a", "two");
  CHECK(project.causes() == All{{.kind = Cause::files_unknown}});
}

TEST_CASE("image.md 7.12: another Dockerfile of the same store explains nothing", "[build]") {
  Explained project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "one");
  project.causes();
  project.request.dockerfile = "other.Dockerfile";
  project.dir.write("context/a", "two");
  CHECK(project.causes() == first);
}

TEST_CASE("image.md 7.12: what is remembered of a stage stays small, and damage is nothing",
          "[build]") {
  engine::StageMemory memory;
  const auto digest = [](int number) {
    return Digest::parse("sha256:" + std::string(62, 'a') + std::to_string(10 + number));
  };
  const engine::StepFacts step{"COPY a b", 0, {{Cause::variable, "A", "1"}}};
  const auto never = [](const Digest&) { return std::optional<fs::file_time_type>(); };
  for (int i = 0; i < 20; ++i)
    memory.add({.step = step, .key = digest(i), .blob = digest(i), .diff_id = digest(i)});
  const std::string bytes = memory.encode();
  CHECK(bytes.size() < 1000);
  const auto read = engine::StageMemory::decode(bytes);
  REQUIRE(read.find(step, never) != nullptr);
  CHECK(read.find(step, never)->key == digest(19));
  CHECK(read.find(step, never)->step.facts == step.facts);
  CHECK(engine::StageMemory::decode(bytes.substr(1)).find(step, never) == nullptr);
  CHECK(engine::StageMemory::decode("").find(step, never) == nullptr);
}
