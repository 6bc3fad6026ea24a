// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <map>

#include <ocibuild/error.hpp>
#include <ocibuild/plan.hpp>

#include "project.hpp"

using namespace ocibuild;
namespace fs = std::filesystem;
using State = PlannedLayer::State;

namespace {

/// Every file below, by path: its bytes and the time of its last change.
std::map<std::string, std::pair<std::string, std::int64_t>> tree_of(const fs::path& top) {
  std::map<std::string, std::pair<std::string, std::int64_t>> out;
  for (const auto& entry : fs::recursive_directory_iterator(top)) {
    const std::string text =
        entry.is_regular_file() ? support::read_file(entry.path(), 1 << 24) : std::string();
    out[entry.path().string()] = {text, entry.last_write_time().time_since_epoch().count()};
  }
  return out;
}

BuildPlan plan(const test::Project& project) {
  NullEvents events;
  return plan_build(project.request, events);
}

std::vector<State> states(const BuildPlan& plan) {
  std::vector<State> out;
  for (const PlannedLayer& layer : plan.images.at(0).layers) out.push_back(layer.state);
  return out;
}

using States = std::vector<State>;

}  // namespace

TEST_CASE("cli.md 4.18: a plan tells what the build then does, and writes nothing", "[build]") {
  test::Project project("FROM scratch\nCOPY a /a\nCOPY b /b\nWORKDIR /w\n");
  project.dir.write("context/a", "one");
  project.dir.write("context/b", "two");
  const auto before = tree_of(project.dir.path());
  CHECK(states(plan(project)) == States{State::built, State::built, State::built});
  CHECK(tree_of(project.dir.path()) == before);  // not even a store
  const BuildResult result = project.build();
  project.dir.write("context/b", "2");
  const auto built = tree_of(project.dir.path());
  const BuildPlan next = plan(project);
  CHECK(tree_of(project.dir.path()) == built);
  REQUIRE(states(next) == States{State::reused, State::built, State::reused});
  const auto& layers = next.images[0].layers;
  CHECK(layers[0].blob->digest == result.platforms[0].layers[0].descriptor.digest);
  CHECK(layers[1].causes == std::vector<RebuildCause>{{Cause::file_content, "/b"}});
  CHECK(layers[1].instruction == "COPY b /b");
  CHECK(layers[1].line == 3);
  CHECK(next.downloads.empty());
}

TEST_CASE("cli.md 4.18: the size of a tar is planned to the byte, and what is copied of it",
          "[build]") {
  test::Project project("FROM scratch\nCOPY . /\n");
  project.dir.write("context/" + std::string(120, 'n'), "a name that ustar cannot hold");
  project.dir.write("context/empty", "");
  std::string large;
  for (unsigned i = 0; large.size() < 9'000'001; ++i) large += std::to_string(i * 7919);
  project.dir.write("context/large", large);
  const BuildPlan first = plan(project);
  CHECK(first.images[0].layers[0].copied == 0);
  const BuildResult result = project.build();
  CHECK(first.images[0].layers[0].unpacked == result.platforms[0].layers[0].unpacked);
  project.dir.write("context/zzz", "another");
  const PlannedLayer next = plan(project).images[0].layers[0];
  CHECK(next.state == State::built);
  CHECK(next.copied > 1'000'000);
  CHECK(next.copied < next.unpacked);
}

TEST_CASE("cli.md 4.18: a plan fails where the build would", "[build]") {
  test::Project project("FROM scratch\nCOPY missing /a\n");
  CHECK_THROWS_AS(plan(project), Error);
  CHECK(!fs::exists(project.request.store));
  project.request.dockerfile_text = "FROM nowhere\nCOPY a /a\n";
  try {
    plan(project);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "base-not-local");
  }
}

TEST_CASE("cli.md 4.18: a plan knows --no-cache, shared caches and several platforms", "[build]") {
  test::Project project("FROM scratch\nCOPY a /a\n");
  project.dir.write("context/a", "one");
  const BuildResult result = project.build();
  save_cache(project.request, result, {.directory = project.dir / "layers"});
  project.request.use_cache = false;
  CHECK(states(plan(project)) == States{State::built});
  project.request.use_cache = true;
  project.request.store = project.dir / "fresh";
  project.request.cache_from = {LayoutImage{.directory = project.dir / "layers"}};
  const auto before = tree_of(project.dir.path());
  const BuildPlan shared = plan(project);
  CHECK(tree_of(project.dir.path()) == before);
  REQUIRE(states(shared) == States{State::reused});
  CHECK(shared.images[0].layers[0].shared_cache == (project.dir / "layers").string());
  project.request.platforms = {Platform::parse("linux/amd64"), Platform::parse("linux/arm64")};
  CHECK(plan(project).images.size() == 2);
}
