// SPDX-License-Identifier: Apache-2.0
#include "layer/layer_writer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstdlib>

#include <ocibuild/error.hpp>

#include "compress/decompressor.hpp"
#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/fd.hpp"
#include "support/sanitizer.hpp"
#include "support/tree_fixture.hpp"
#include "tar/tar_reader.hpp"
#include "unit/layer/generated_content.hpp"

using namespace ocibuild;
using compress::Codec;
using compress::Setting;
using layer::FileSet;
using layer::LayerDigests;
using layer::LayerFile;
using test::dir_entry;
using test::file_entry;
using test::text_content;

namespace {

LayerFile generated(std::string_view path, std::uint64_t size) {
  return {.entry = file_entry(path, size),
          .content = std::make_shared<test::GeneratedContent>(size)};
}

std::vector<LayerFile> sample() {
  FileSet set;
  set.put({.entry = dir_entry("etc")});
  set.put({.entry = file_entry("etc/empty", 0)});
  set.put({.entry = file_entry("etc/motd", 5), .content = text_content("hello"), .link_group = 3});
  set.put({.entry = file_entry("motd", 5), .content = text_content("hello"), .link_group = 3});
  set.put(generated("var/big", 5'000'000));
  return std::move(set).finish();
}

std::vector<Setting> settings() {
  std::vector<Setting> out = {Setting::make(Codec::gzip, {}), Setting::make(Codec::none, {})};
#if OCIBUILD_HAVE_ZSTD
  out.push_back(Setting::make(Codec::zstd, {}));
#endif
  return out;
}

/// Without earlier layers.
LayerDigests write(const std::vector<LayerFile>& files, const Setting& setting,
                   layer::ChunkWorkers& workers, support::ByteSink& out,
                   const std::stop_token& stop = {}) {
  const layer::WriteOptions options{.setting = setting, .setting_key = {}};
  layer::ContentDigests contents(files);
  return layer::write_layer(files, contents, options, {}, workers, out, stop).digests;
}

LayerDigests write(const std::vector<LayerFile>& files, const Setting& setting, unsigned jobs,
                   support::ByteSink& out, const std::stop_token& stop = {}) {
  layer::ChunkWorkers workers(jobs);
  return write(files, setting, workers, out, stop);
}

/// A line of /proc/self/status.
unsigned long status_kib(std::string_view name) {
  const std::string status = support::read_file("/proc/self/status", 1 << 16);
  return std::stoul(status.substr(status.find(name) + name.size()));
}

}  // namespace

TEST_CASE("digests and sizes are those of the bytes written", "[layer]") {
  for (const Setting& setting : settings()) {
    support::StringSink out;
    const LayerDigests digests = write(sample(), setting, 2, out);
    CHECK(digests.digest == oci::sha256(std::string_view(out.text)));
    CHECK(digests.size == out.text.size());
    support::MemorySource source{std::string_view(out.text)};
    const auto plain = compress::decompress(source, "t");
    const std::string tar = support::read_all(*plain, 1 << 30, "t");
    CHECK(digests.diff_id == DiffId(oci::sha256(std::string_view(tar))));
    CHECK(digests.unpacked == tar.size());
    CHECK((digests.diff_id.digest() == digests.digest) == (setting.codec == Codec::none));
  }
}

TEST_CASE("a layer does not depend on the number of threads", "[layer]") {
  for (const Setting& setting : settings()) {
    support::StringSink one;
    write(sample(), setting, 1, one);
    for (const unsigned jobs : {2U, 5U}) {
      support::StringSink many;
      write(sample(), setting, jobs, many);
      CHECK((many.text == one.text));
    }
  }
}

TEST_CASE("a layer does not depend on those that were made before it", "[layer]") {
  layer::ChunkWorkers workers(2);
  std::vector<Setting> wanted = settings();
  wanted.push_back(Setting::make(Codec::gzip, 1));
  for (const Setting& setting : wanted) {
    for (const auto& files : {std::vector<LayerFile>{generated("a", 3'000'000)}, sample()}) {
      support::StringSink alone, after_others;
      write(files, setting, 2, alone);
      write(files, setting, workers, after_others);
      CHECK((after_others.text == alone.text));
    }
  }
}

TEST_CASE("the uncompressed tar is the same whatever the compression", "[layer]") {
  // Another diff_id here gives the layers of all users other diff_ids.
  for (const Setting& setting : settings()) {
    support::StringSink out;
    CHECK(write(sample(), setting, 1, out).diff_id.str() ==
          "sha256:28baf4eafbf5cb31bdb51d06ed02e6801e57879cf24440fada97e2c2acc31d88");
  }
}

TEST_CASE("libarchive reads a compressed layer as one tar", "[layer]") {
  for (const Setting& setting : settings()) {
    support::StringSink out;
    write(sample(), setting, 2, out);
    support::MemorySource source{std::string_view(out.text)};
    tar::TarReader reader(source, tar::Wrapping::any, "t");
    std::vector<std::string> names;
    for (tar::TarReader::Member member; reader.next(member);) {
      names.push_back(member.name);
      if (member.name == "etc/motd") {
        CHECK(support::read_all(reader.content(), 100, "t") == "hello");
      }
      if (member.name == "motd") CHECK(member.entry.link_target == "etc/motd");
    }
    CHECK(names == std::vector<std::string>{"etc/", "etc/empty", "etc/motd", "motd", "var/big"});
  }
}

TEST_CASE("a layer of no files is an empty tar", "[layer]") {
  support::StringSink out;
  const LayerDigests digests = write({}, Setting::make(Codec::none, {}), 1, out);
  CHECK(out.text == std::string(1024, '\0'));
  CHECK(digests.unpacked == 1024);
}

TEST_CASE("a file that is not what it was ends the layer with its name", "[layer]") {
  std::vector<LayerFile> files = {
      {.entry = file_entry("a/f", 9), .content = text_content("short")}};
  support::StringSink out;
  CHECK_THROWS_WITH(write(files, Setting::make(Codec::gzip, {}), 2, out),
                    "\"/a/f\" has only 5 of the 9 bytes it was listed with");
  files[0].content = text_content("longer than 9");
  CHECK_THROWS_WITH(write(files, Setting::make(Codec::gzip, {}), 2, out),
                    "\"/a/f\" has more than the 9 bytes it was listed with");
}

TEST_CASE("a stop is honoured within a file", "[layer]") {
  class StoppingSink final : public support::ByteSink {
  public:
    void write(support::Bytes) override { source.request_stop(); }
    std::stop_source source;
  };
  StoppingSink out;
  try {
    write({generated("huge", 1ULL << 34)}, Setting::make(Codec::gzip, 1), 1, out,
          out.source.get_token());
    FAIL("not stopped");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::interrupted);
  }
}

TEST_CASE("memory does not grow with the size of a file", "[layer]") {
  // 256 MiB keep the suite quick; OCIBUILD_TEST_HUGE_LAYER=1 makes it 4 GiB.
  const std::uint64_t size =
      std::getenv("OCIBUILD_TEST_HUGE_LAYER") == nullptr ? 1U << 28 : 1ULL << 32;
  class CountingSink final : public support::ByteSink {
  public:
    void write(support::Bytes bytes) override { size += bytes.size(); }
    std::uint64_t size = 0;
  };
  CountingSink out;
  // The peak of what ran before does not count: proc(5), clear_refs.
  const support::Fd peak(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
  support::FdSink(peak.get(), "").write(support::as_bytes("5"));
  const unsigned long before = status_kib("VmRSS:");
  const LayerDigests digests =
      write({generated("huge", size)}, Setting::make(Codec::gzip, 1), 2, out);
  CHECK(digests.unpacked == 512 + size + 1024);
  CHECK(digests.size == out.size);
  if (test::under_sanitizer) {
    WARN("memory is not measured under a sanitizer");
  } else {
    CHECK(status_kib("VmHWM:") - before < 32 * 1024);
  }
}
