// SPDX-License-Identifier: Apache-2.0
#include "support/written_source.hpp"

#include <array>
#include <atomic>
#include <stdexcept>

#include "support/catch.hpp"

using namespace ocibuild;
using support::ByteSink;
using support::WrittenSource;

TEST_CASE("what is written on another thread is read in order, however large the parts are",
          "[support]") {
  std::string expected;
  for (std::size_t i = 0; i < 3'000'000; ++i) expected += static_cast<char>('a' + i % 23);
  WrittenSource source([&](ByteSink& out) {
    std::string_view rest = expected;
    for (std::size_t size = 1; !rest.empty(); size = size * 3 + 1) {
      out.write(support::as_bytes(rest.substr(0, size)));
      rest.remove_prefix(std::min(size, rest.size()));
    }
  });
  CHECK((support::read_all(source, 1 << 24, "t") == expected));
  WrittenSource nothing([](ByteSink&) {});
  CHECK(support::read_all(nothing, 1, "t").empty());
}

TEST_CASE("a writer that fails is heard of behind what it wrote", "[support]") {
  WrittenSource source([](ByteSink& out) {
    out.write(support::as_bytes(std::string(300'000, 'x')));
    throw std::runtime_error("enough");
  });
  std::array<std::byte, 4096> buffer{};
  std::size_t count = 0;
  CHECK_THROWS_WITH(
      [&] {
        while (const std::size_t more = source.read(buffer)) count += more;
      }(),
      "enough");
  CHECK(count == 256 * 1024);
}

TEST_CASE("a source that is dropped does not wait for all to be written", "[support]") {
  std::atomic<bool> gave_up = false;
  {
    WrittenSource source([&](ByteSink& out) {
      const std::string piece(1 << 16, 'x');
      try {
        while (true) out.write(support::as_bytes(piece));
      } catch (...) {
        gave_up = true;
        throw;
      }
    });
    std::array<std::byte, 10> buffer{};
    CHECK(source.read(buffer) == 10);
  }
  CHECK(gave_up);
}
