// SPDX-License-Identifier: Apache-2.0
#include "units.hpp"

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "table.hpp"
#include "terminal_text.hpp"

using namespace ocibuild::program;
using ocibuild::Error;
using namespace std::chrono_literals;

TEST_CASE("sizes are decimal with one decimal, as docker counts", "[cli]") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(999) == "999 B");
  CHECK(human_size(1000) == "1.0 kB");
  CHECK(human_size(2149) == "2.1 kB");
  CHECK(human_size(2150) == "2.2 kB");
  CHECK(human_size(999'949) == "999.9 kB");
  CHECK(human_size(999'950) == "1.0 MB");
  CHECK(human_size(23'400'000, "") == "23.4MB");
  CHECK(human_size(18'446'744'073'709'551'615U) == "18446.7 PB");
}

TEST_CASE("durations are milliseconds below a second", "[cli]") {
  CHECK(human_duration(24ms) == "24 ms");
  CHECK(human_duration(1149ms) == "1.1s");
  CHECK(plain_seconds(49ms) == "0.0s");
  CHECK(plain_seconds(50ms) == "0.1s");
}

TEST_CASE("times are read with fraction and zone, and nothing else", "[cli]") {
  CHECK(parse_time("1970-01-01T00:00:01Z") == 1);
  CHECK(parse_time("2023-11-14T22:13:20.123456789Z") == 1'700'000'000);
  CHECK(parse_time("2023-11-15T00:13:20+02:00") == 1'700'000'000);
  CHECK(!parse_time(""));
  CHECK(!parse_time("2023-02-30T00:00:00Z"));
  CHECK(!parse_time("yesterday at ten o'clock"));
}

TEST_CASE("ages are docker's words, and an image without a time has none", "[cli]") {
  constexpr std::int64_t now = 1'700'000'000;
  CHECK(human_age("2023-11-14T22:13:20Z", now) == "Less than a second ago");
  CHECK(human_age("2023-11-14T22:12:50Z", now) == "30 seconds ago");
  CHECK(human_age("2023-11-14T22:12:00Z", now) == "About a minute ago");
  CHECK(human_age("2023-11-14T20:13:20Z", now) == "2 hours ago");
  CHECK(human_age("2023-11-10T22:13:20Z", now) == "4 days ago");
  CHECK(human_age("2023-10-14T22:13:20Z", now) == "4 weeks ago");
  CHECK(human_age("2020-11-14T22:13:20Z", now) == "3 years ago");
  CHECK(human_age("1970-01-01T00:00:00Z", now) == "N/A");
  CHECK(human_age("", now) == "N/A");
}

TEST_CASE("text from elsewhere cannot move the cursor or hide itself", "[cli]") {
  CHECK(terminal_text("a\x1b[31mb\rc\nd\te") == "a\\x1b[31mb\\rc\\nd\\te");
  CHECK(terminal_text("\xff\xc2\x9b") == "\\xff\\u009b");
  CHECK(terminal_text("safe\u202Egnp.exe") == "safe\\u202egnp.exe");
  CHECK(terminal_text("größe 日本") == "größe 日本");
  CHECK(terminal_text(std::string(1'000'000, 'x')) == std::string(500, 'x') + "...");
  CHECK(display_width("größe") == 5);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);
}

TEST_CASE("table columns are aligned by what is seen, not by bytes", "[cli]") {
  Table table({"NAME", "SIZE", "NOTE"});
  table.add({"größe", "1 B", ""});
  table.add({"日本", "10 B", "x"});
  CHECK(table.str() ==
        "NAME    SIZE   NOTE\n"
        "größe   1 B\n"
        "日本    10 B   x\n");
}

TEST_CASE("cli.md 7.10: times and sizes have units", "[cli]") {
  const auto ms = [](std::string_view text) { return parse_duration(text, "--x").count(); };
  CHECK(ms("0") == 0);
  CHECK(ms("300ms") == 300);
  CHECK(ms("1h30m") == 5'400'000);
  CHECK(ms("24h") == 86'400'000);
  CHECK(parse_duration("240h", "--x", std::chrono::hours(1000)).count() == 864'000'000);
  for (const char* text : {"", "1", "h", "1d", "24h1ms", "-1s", "1h0", "1h2"})
    CHECK_THROWS_AS(ms(text), Error);
  const auto bytes = [](std::string_view text) { return parse_size(text, "--x"); };
  CHECK(bytes("0") == 0);
  CHECK(bytes("17B") == 17);
  CHECK(bytes("512KiB") == 512 * 1024);
  CHECK(bytes("10MB") == 10'000'000);
  CHECK(bytes("10m") == 10'000'000);
  CHECK(bytes("1g") == 1'000'000'000);
  CHECK(bytes("2TiB") == std::uint64_t{2} << 40);
  for (const char* text : {"", "MB", "1X", "1kk", "-1", "99999999999TB", "1ib", "1.5GB"})
    CHECK_THROWS_AS(bytes(text), Error);
  CHECK(format_time(1'700'000'000) == "2023-11-14T22:13:20Z");
}
