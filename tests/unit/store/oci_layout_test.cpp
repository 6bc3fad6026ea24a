// SPDX-License-Identifier: Apache-2.0
#include "store/oci_layout.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/temp_dir.hpp"
#include "tiny_images.hpp"

using namespace ocibuild;
using store::OciLayout;
using test::listed_names;
using test::TempDir;

namespace {

using Names = std::vector<std::string>;

const std::string app = "docker.io/library/app:1";
const std::string web = "docker.io/library/web:1";

/// A descriptor is enough for the index; nothing reads the blob.
Descriptor manifest(std::string_view seed) {
  return {.media_type = std::string(media_types::oci_manifest),
          .digest = oci::sha256(seed),
          .size = seed.size()};
}

std::string numbered(const char* who, int i) {
  return std::string("docker.io/library/") + who + ":" + std::to_string(i);
}

}  // namespace

TEST_CASE("a root that does not exist is empty, and reading does not make it", "[store]") {
  const TempDir root;
  const OciLayout layout(root.path() / "a" / "b");
  CHECK(layout.read_index().manifests.empty());
  CHECK_FALSE(std::filesystem::exists(root.path() / "a"));
}

TEST_CASE("the first write makes an OCI image layout", "[store]") {
  const TempDir root;
  OciLayout layout(root.path() / "a" / "b");
  layout.set_name(manifest("x"), app);
  CHECK(support::read_file(layout.root() / "oci-layout", 100) ==
        R"({"imageLayoutVersion":"1.0.0"})");
  CHECK(support::read_file(layout.root() / "index.json", 1000) ==
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{)"
        R"("mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
            manifest("x").digest.str() +
            R"(","size":1,"annotations":{"org.opencontainers.image.ref.name":")" + app +
            R"("}}]})");
  CHECK(std::filesystem::is_directory(layout.root() / "blobs" / "sha256"));
  CHECK(std::filesystem::is_empty(layout.blobs().temp_directory()));
  CHECK(listed_names(OciLayout(layout.root())) == Names{app});
}

TEST_CASE("what is no layout is refused by name", "[store]") {
  const TempDir root;
  SECTION("a directory with other things") {
    root.write("main.c", "");
    const Error error = test::error_of([&] { OciLayout layout(root.path()); });
    CHECK(error.diagnostic().id == "store-invalid");
    CHECK_THAT(error.what(), Catch::Contains("it has no file oci-layout, but \"main.c\""));
  }
  SECTION("a file") {
    const auto file = root.write("file", "");
    const Error error = test::error_of([&] { OciLayout layout(file); });
    CHECK_THAT(error.what(), Catch::Contains("it is no directory"));
  }
  SECTION("a layout of a later version") {
    root.write("oci-layout", R"({"imageLayoutVersion":"2.0.0"})");
    const Error error = test::error_of([&] { OciLayout layout(root.path()); });
    CHECK(error.diagnostic().id == "store-invalid");
    CHECK_THAT(error.what(), Catch::Contains("version \"2.0.0\""));
  }
  SECTION("a damaged index") {
    OciLayout layout(root.path());
    layout.set_name(manifest("x"), app);
    root.write("index.json", "{");
    const Error error = test::error_of([&] { layout.set_name(manifest("y"), web); });
    CHECK(error.diagnostic().id == "store-invalid");
    CHECK_THAT(error.what(), Catch::Contains("index.json"));
    CHECK(support::read_file(root / "index.json", 10) == "{");
  }
}

TEST_CASE("blobs and cache that came before the layout do not stand in its way", "[store]") {
  const TempDir root;
  root.write("cache/record", "");
  store::BlobStore(root.path()).put("text/plain", "early");
  OciLayout layout(root.path());
  layout.set_name(manifest("x"), app);
  CHECK(listed_names(layout) == Names{app});
}

TEST_CASE("a manifest that loses its only name stays without one", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("old"), app);
  layout.set_name(manifest("other"), web);
  layout.set_name(manifest("new"), app);
  const Index index = layout.read_index();
  CHECK(listed_names(layout) == Names{app, web, ""});
  CHECK(index.manifests[0].digest == manifest("new").digest);
  CHECK(index.manifests[2].digest == manifest("old").digest);
}

TEST_CASE("a manifest with another name does not stay twice", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("old"), app);
  layout.set_name(manifest("old"), web);
  layout.set_name(manifest("new"), app);
  CHECK(listed_names(layout) == Names{app, web});
}

TEST_CASE("an image without a name is listed once, until it gets one", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("x"), "");
  layout.set_name(manifest("x"), "");
  CHECK(listed_names(layout) == Names{""});
  layout.set_name(manifest("x"), app);
  CHECK(listed_names(layout) == Names{app});
  layout.set_name(manifest("x"), "");
  CHECK(listed_names(layout) == Names{app});
}

TEST_CASE("the same name for the same image again writes nothing", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("x"), app);
  layout.set_name(manifest("y"), web);
  struct stat before {};
  struct stat after {};
  REQUIRE(::stat((root / "index.json").c_str(), &before) == 0);
  layout.set_name(manifest("x"), app);
  REQUIRE(::stat((root / "index.json").c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("of images without a name only the newest are kept", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.update_index([](Index& index) {
    for (std::size_t i = 0; i < store::most_nameless; ++i)
      index.manifests.push_back(manifest("old" + std::to_string(i)));
  });
  layout.set_name(manifest("named"), app);
  layout.set_name(manifest("newest"), "");
  const Index index = layout.read_index();
  CHECK(index.manifests.size() == store::most_nameless + 1);
  CHECK(index.manifests.front().digest == manifest("old1").digest);
  CHECK(index.manifests.back().digest == manifest("newest").digest);
  CHECK(listed_names(layout)[store::most_nameless - 1] == app);
}

TEST_CASE("an index that would grow beyond what is read again is refused", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("x"), app);
  const Error error = test::error_of([&] {
    layout.update_index([](Index& index) {
      Descriptor entry = index.manifests.front();
      for (int i = 0; i < 4096; ++i) {
        entry.annotations[std::string(store::ref_name_annotation)] = numbered("n", i);
        index.manifests.push_back(entry);
      }
    });
  });
  CHECK(error.diagnostic().id == "store-full");
  CHECK(listed_names(layout) == Names{app});
}

TEST_CASE("left-over temporary files of killed processes go after a day", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  const auto old = root.write(".ocibuild/tmp/.ocibuild-1", "half");
  const auto young = root.write(".ocibuild/tmp/.ocibuild-2", "half");
  std::filesystem::last_write_time(
      old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  layout.set_name(manifest("x"), app);
  CHECK_FALSE(std::filesystem::exists(old));
  CHECK(std::filesystem::exists(young));
}

TEST_CASE("threads that name images at once lose no name", "[store]") {
  const TempDir root;
  constexpr int threads = 8;
  constexpr int names = 10;
  {
    std::vector<std::jthread> group;
    for (int t = 0; t < threads; ++t) {
      group.emplace_back([&, t] {
        OciLayout layout(root.path());
        for (int i = 0; i < names; ++i)
          layout.set_name(manifest("x"), numbered(("t" + std::to_string(t)).c_str(), i));
      });
    }
  }
  CHECK(listed_names(OciLayout(root.path())).size() == threads * names);
}

TEST_CASE("processes that name images at once lose no name", "[store]") {
  const TempDir root;
  constexpr int processes = 4;
  constexpr int names = 10;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      try {
        OciLayout layout(root.path());
        for (int i = 0; i < names; ++i)
          layout.set_name(manifest("x"), numbered(("p" + std::to_string(p)).c_str(), i));
        ::_exit(0);
      } catch (...) {
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(listed_names(OciLayout(root.path())).size() == processes * names);
}

TEST_CASE("a reader does not wait for a writer", "[store]") {
  const TempDir root;
  OciLayout layout(root.path());
  layout.set_name(manifest("x"), app);
  layout.update_index([&](Index& index) {
    index.manifests.clear();
    CHECK(listed_names(OciLayout(root.path())) == Names{app});
  });
  CHECK(listed_names(layout).empty());
}

TEST_CASE("names of other tools are understood", "[store]") {
  const auto name = [](const Descriptor& entry) {
    const auto found = store::entry_name(entry, "box");
    return found ? found->str() : "";
  };
  const auto entry = [](std::string ref, std::string full = {}) {
    Descriptor out = manifest("x");
    out.annotations.emplace(store::ref_name_annotation, std::move(ref));
    if (!full.empty()) out.annotations.emplace(store::containerd_name_annotation, std::move(full));
    return out;
  };
  CHECK(name(entry("ghcr.io/me/app:2")) == "ghcr.io/me/app:2");
  CHECK(name(entry("app:2")) == "docker.io/library/app:2");
  // umoci and skopeo write a tag alone
  CHECK(name(entry("latest")) == "docker.io/library/box:latest");
  CHECK_FALSE(store::entry_name(entry("latest"), ""));
  // docker 25 and containerd
  CHECK(name(entry("3.20", "docker.io/library/alpine:3.20")) == "docker.io/library/alpine:3.20");
  CHECK(name(entry("No Name:x")).empty());
  CHECK(name(manifest("x")).empty());
}

TEST_CASE("a layout or archive lends bare tags its file name", "[store]") {
  CHECK(store::repository_of("/tmp/App.tar.gz") == "app");
  CHECK(store::repository_of("/tmp/box/") == "box");
  CHECK(store::repository_of("/tmp/a b.tar").empty());
  CHECK(store::repository_of("/").empty());
}
