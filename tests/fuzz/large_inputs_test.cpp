// SPDX-License-Identifier: Apache-2.0
// Inputs of megabytes that would take minutes, or all memory, wherever time is not linear in them.
// Each takes well under two seconds; the limit leaves room for sanitizers on a busy machine.
#include <chrono>
#include <set>
#include <string>
#include <string_view>

#include <ocibuild/error.hpp>

#include "context/ignore_rules.hpp"
#include "oci/image_json.hpp"
#include "oci/pattern.hpp"
#include "rootfs/layer_members.hpp"
#include "support/catch.hpp"
#include "support/text.hpp"
#include "support/tree_fixture.hpp"
#include "unit/plan/plan_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::test;
using support::concat;

namespace {

constexpr std::chrono::seconds limit{20};

class Stopwatch {
public:
  bool in_time() const { return std::chrono::steady_clock::now() - start_ < limit; }

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// `line` of each number below `count`, one after the other.
template <typename Line>
std::string lines(int count, Line&& line) {
  std::string out;
  for (int i = 0; i < count; ++i) out += line(i);
  return out;
}

/// The ids of all errors, each once a row, of a Dockerfile that is FROM scratch and `text`.
std::set<std::string> planned(const std::string& text) {
  const Stopwatch time;
  const Planned plan("FROM scratch\n" + text);
  CHECK(time.in_time());
  std::set<std::string> ids;
  for (const Diagnostic& error : plan.diagnostics.errors()) ids.insert(error.id);
  return ids;
}

const std::set<std::string> no_errors;

}  // namespace

TEST_CASE("dockerfile.md 1.6: a Dockerfile of 10 MB is read at once", "[fuzz]") {
  CHECK(planned("ENV" + lines(200'000, [](int i) {
                  return concat(" \\\n  # a comment\n  SOME_LONGER_NAME_", i, "=\"its value ", i,
                                "\"");
                })) == no_errors);
  CHECK(planned(lines(200'000, [](int i) {
          return concat("ENV SOME_NAME_", i, "=and_its_value_which_is_longer\n");
        })) == no_errors);
  CHECK(planned(concat("LABEL a=", std::string(10'000'000, ' '), "b=c\n")) == no_errors);
  CHECK(planned("RUN" + lines(1'000'000, [](int) { return " \\\n"; })) ==
        std::set<std::string>{"arguments-missing"});
}

TEST_CASE("dockerfile.md 6.8: stages by the hundred thousand", "[fuzz]") {
  CHECK(planned(lines(200'000, [](int i) { return concat("FROM scratch AS s", i, "\n"); })) ==
        no_errors);
  CHECK(planned(lines(20'000, [](int i) {
          return i == 0 ? std::string("FROM scratch AS s0\n")
                        : concat("FROM s", i - 1, " AS s", i, "\nCOPY --from=s", i - 1, " a b\n");
        })) == no_errors);
  CHECK(planned(lines(200'000, [](int) { return "FROM scratch AS same\n"; })) == no_errors);
  CHECK(planned(lines(100'000, [](int i) {
          return concat("COPY --from=unknown", i, ":x a b\n");
        })) == no_errors);
}

TEST_CASE("dockerfile.md 4.11: substitutions that nest or grow end in an error", "[fuzz]") {
  const std::set<std::string> too_deep{"expansion-too-deep"};
  const std::set<std::string> too_long{"expansion-too-long"};
  CHECK(planned("ENV A=" + lines(500'000, [](int) { return "${A:-"; }) + "\n") == too_deep);
  CHECK(planned("ENV A=" + lines(500'000, [](int) { return "\"${A:+\""; }) + "\n") == too_deep);
  // Each value is a byte longer than the one above: 5 GB, all together.
  CHECK(planned("ARG A0=x\n" + lines(100'000, [](int i) {
                  return concat("ARG A", i + 1, "=${A", i, "}x\n");
                })) == too_long);
  CHECK(planned("ARG A0=x\n" + lines(100'000, [](int i) {
                  return concat("ARG A", i + 1, "=$A", i, "\n");
                })) == no_errors);
  // Half a megabyte, read and thrown away a hundred thousand times.
  const std::string half = "ENV A=" + std::string(500'000, 'a') + "\n";
  CHECK(planned(half + "ENV B=" + lines(100'000, [](int) { return "${A:+}"; }) + "\n") == too_long);
  CHECK(planned(half + lines(100'000, [](int) { return "ENV B=${A##*a*b}\n"; })) == too_long);
  CHECK(Planned("ARG A=" + std::string(500'000, 'a') + "\n" +
                lines(100'000, [](int) { return "FROM $A\n"; }))
            .errors()
            .size() < 100);
  CHECK(Planned("ARG A0=x\n" +
                lines(100'000, [](int i) { return concat("ARG A", i + 1, "=${A", i, "}x\n"); }) +
                "FROM scratch\n")
            .errors()
            .size() == 1);
  CHECK(planned(lines(100'000, [](int) { return "EXPOSE 1-65535\n"; })) == too_long);
  CHECK(planned("ENV P=" + lines(100'000, [](int) { return "x\\ "; }) + "x\nEXPOSE $P\n") ==
        std::set<std::string>{"port-invalid"});
}

TEST_CASE("dockerfile.md 6.11: triggers times stages end in an error", "[fuzz]") {
  const Stopwatch time;
  support::Diagnostics found;
  dockerfile::Dockerfile file = dockerfile::parse(
      "Dockerfile",
      "FROM scratch AS a\n" + lines(50'000, [](int) { return "ONBUILD LABEL a=b\n"; }) +
          lines(10'000, [](int i) { return concat("FROM a AS s", i, "\n"); }) + "FROM scratch\n" +
          lines(10'000, [](int i) { return concat("COPY --from=s", i, " a b\n"); }),
      found);
  plan::StageGraph graph = plan::build_stage_graph(file, {}, found);
  CHECK(found.errors().empty());
  plan::add_triggers(file, graph, {}, nullptr, found);
  CHECK(found.errors().front().id == "onbuild-too-many");
  CHECK(time.in_time());
}

TEST_CASE("dockerfile.md 4.6: patterns are matched without going back", "[fuzz]") {
  const std::string value = "ENV A=" + std::string(200'000, 'a') + "\n";
  for (const std::string_view use : {"${A##*a*a*a*a*a*b}", "${A%%b*a*a*a*a*a*}", "${A//a*a*b/x}",
                                     "${A//a/aaaa}", "${A//?b/x}"}) {
    CHECK(planned(concat(value, "ENV B=", use, "\n")) == no_errors);
  }
}

TEST_CASE("dockerfile.md 3.5, 3.6: words and quotes by the megabyte", "[fuzz]") {
  CHECK(planned("ENV A=" + std::string(1'000'000, '"') + "\n") == no_errors);
  CHECK(planned("ENV A=" + std::string(1'000'001, '\'') + "\n") ==
        std::set<std::string>{"quote-unterminated"});
  CHECK(planned("COPY" + lines(100'000, [](int i) { return concat(" source", i); }) + " /to/\n") ==
        no_errors);
  CHECK(planned("COPY [\"a\"" + lines(100'000, [](int i) { return concat(", \"", i, "\""); }) +
                "]\n") == no_errors);
  CHECK(planned("CMD " + std::string(1'000'000, '[') + "\n") == no_errors);
  CHECK(planned("LABEL " + lines(200'000, [](int i) { return concat(" l", i, "=v"); }) + "\n") ==
        no_errors);
}

TEST_CASE("dockerfile.md 10.2: heredocs by the hundred thousand", "[fuzz]") {
  const auto time = Stopwatch();
  Planned("FROM scratch\nCOPY" + lines(100'000, [](int i) { return concat(" <<E", i); }) +
          " /x/\n" + lines(100'000, [](int i) { return concat("body\nE", i, "\n"); }));
  Planned("FROM scratch\n" + lines(100'000, [](int) { return "COPY <<E /x\n$A\nE\n"; }));
  Planned("FROM scratch\n" + lines(100'000, [](int) { return "RUN <<NEVER\n"; }));
  CHECK(time.in_time());
}

TEST_CASE("dockerfile.md 17: mistakes by the hundred thousand", "[fuzz]") {
  planned(lines(100'000, [](int i) { return concat("COPPY ", i, "\n"); }));
  planned(lines(100'000, [](int i) { return concat("LABEL a", i, "=$UNKNOWN_", i, "\n"); }));
  planned(lines(50'000, [](int i) { return concat("ENV NAME_", i, "=x\n"); }) +
          lines(50'000, [](int i) { return concat("LABEL a", i, "=$NAMES_", i, "\n"); }));
  planned(concat("ENV ", std::string(1'000'000, 'A'), "=x\nENV B=$", std::string(1'000'001, 'A'),
                 "\n"));
  planned(lines(100'000, [](int i) { return concat("FROM scratch AS stage", i, "\n"); }) +
          lines(1'000, [](int i) { return concat("COPY --from=stagee", i, " a b\n"); }));
}

TEST_CASE("dockerfile.md 11.6: a hundred thousand rules judge a hundred thousand files", "[fuzz]") {
  const auto count_hidden = [](const std::string& text) {
    const Stopwatch time;
    const auto rules = context::IgnoreRules::parse("rules", text);
    unsigned hidden = 0;
    for (int d = 0; d < 1000; ++d) {
      const std::string directory = concat("dir", d);
      const auto parent = rules.enter(rules.root(), directory);
      if (parent.excluded && !rules.may_reinclude_below(directory)) hidden += 100;
      for (int f = 0; f < 100 && !(parent.excluded && !rules.may_reinclude_below(directory)); ++f) {
        hidden += rules.enter(parent, concat(directory, "/file", f, ".txt")).excluded ? 1 : 0;
      }
    }
    CHECK(time.in_time());
    return hidden;
  };
  CHECK(count_hidden(lines(100'000, [](int i) {
          return concat("dir", i / 100, "/file", i % 100, ".txt\n");
        })) == 100'000);
  CHECK(count_hidden(lines(100'000, [](int i) { return concat("**/file", i, ".txt\n"); })) ==
        100'000);
  CHECK(count_hidden(lines(100'000, [](int i) { return concat("dir", i, "/*\n"); })) == 100'000);
  CHECK(count_hidden("*\n" + lines(100'000, [](int i) {
                       return concat("!dir", i, "/file7*\n");
                     })) == 89'000);
  CHECK(count_hidden("*\n" +
                     lines(100'000, [](int i) { return concat("!*/file", i, ".txt\n"); })) == 0);
  CHECK(count_hidden(lines(50'000, [](int) { return "*\n!*\n"; })) == 0);
  CHECK(count_hidden(lines(50'000, [](int) { return "!**/file1*\n**\n"; })) == 100'000);
}

TEST_CASE("dockerfile.md 11.4, 12.2: stars against long paths", "[fuzz]") {
  const Stopwatch time;
  const std::string path = lines(2'000, [](int) { return "a/"; }) + "b";
  for (const auto grammar : {oci::Pattern::Grammar::go_match, oci::Pattern::Grammar::ignore}) {
    for (const std::string& text :
         {lines(1'000, [](int) { return "*a"; }) + "c",
          lines(500, [](int) { return "**/a/"; }) + "c",
          lines(1'000'000, [](int) { return "**/"; }) + "c", std::string(1'000'000, '*'),
          lines(1'000'000, [](int) { return "[^b]"; }),
          lines(1'000'000, [](int) { return "?*"; })}) {
      const oci::Pattern pattern(text, grammar);
      pattern.matches(path);
      pattern.may_match_below(path);
    }
  }
  CHECK(time.in_time());
}

TEST_CASE("image.md 4.8: documents with many members or deep nesting", "[fuzz]") {
  const Stopwatch time;
  const std::string labels =
      "{\"config\":{\"Labels\":{\"\":\"\"" +
      lines(200'000, [](int i) { return concat(",\"label", i, "\":\"value\""); }) +
      "},\"Other\":{\"\":1" + lines(100'000, [](int i) { return concat(",\"", i, "\":[]"); }) +
      "}},\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\"}}";
  const ImageConfig config = oci::parse_image_config(labels);
  CHECK(config.config.labels.size() == 200'001);
  CHECK(oci::parse_image_config(oci::to_json(config)).config.labels.size() == 200'001);
  CHECK_THROWS_AS(oci::parse_image_config(std::string(10'000'000, '[')), Error);
  CHECK_THROWS_AS(oci::parse_image_config(lines(1'000'000, [](int) { return "{\"a\":"; })), Error);
  CHECK(time.in_time());
}

TEST_CASE("image.md 5.4: hard links by the hundred thousand, all in a row or all to one",
          "[fuzz]") {
  const Stopwatch time;
  const auto link = [](const std::string& path, const std::string& target) {
    oci::Entry entry = file_entry(path, 0);
    entry.type = oci::EntryType::hard_link;
    entry.link_target = target;
    return rootfs::IndexedFile{.entry = entry};
  };
  rootfs::LayerMembers row("the layer");
  for (int i = 1; i < 100'000; ++i) row.add(link(concat('l', i), concat('l', i - 1)));
  for (int i = 1; i < 100'000; ++i) row.add({.entry = file_entry(concat('l', i), 0)});
  rootfs::LayerMembers star("the layer");
  star.add({.entry = file_entry("file", 1)});
  for (int i = 0; i < 100'000; ++i) star.add(link(concat('l', i), "file"));
  for (int i = 0; i < 100'000; ++i) star.add({.entry = dir_entry(concat('l', i))});
  CHECK(star.finish(0)->files().size() == 100'001);
  CHECK(time.in_time());
}
