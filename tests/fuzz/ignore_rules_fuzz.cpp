// SPDX-License-Identifier: Apache-2.0
// A .dockerignore and one path. First line: the path; the rest: the rules. What IgnoreRules says is
// compared with the evaluation of docs/reference/dockerfile.md 11.6, pattern by pattern.
#include <filesystem>
#include <string>
#include <vector>

#include "context/ignore_rules.hpp"
#include "fuzz.hpp"
#include "oci/rootfs_path.hpp"
#include "support/text.hpp"

namespace {

using namespace ocibuild;
using context::IgnoreRules;

/// One line alone, as a rule that excludes, so that it tells whether its pattern matches.
struct SingleRule {
  IgnoreRules pattern;
  bool exception;
};

std::vector<SingleRule> single_rules(std::string_view text) {
  std::vector<SingleRule> out;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (const std::string& line : support::split(text, '\n')) {
    if (line.starts_with('#')) continue;
    std::string_view written = support::trim(line);
    if (written.empty()) continue;
    bool exception = written.front() == '!';
    if (exception) written = support::trim(written.substr(1));
    std::string clean = std::filesystem::path(written).lexically_normal();
    if (clean.starts_with('/')) clean.erase(0, 1);
    if (!exception && clean.starts_with('!')) {
      exception = true;
      clean.erase(0, 1);
      // Not cleaned again, so that it may match nothing.
      if (clean.starts_with('/') || clean != std::filesystem::path(clean).lexically_normal())
        continue;
    }
    // "./" is cleaned away; it keeps '#' from being a comment. A '!' that is left is a letter.
    const std::string_view front = clean.starts_with('!') ? "\\" : "./";
    out.push_back({IgnoreRules::parse("rules", support::concat(front, clean)), exception});
  }
  return out;
}

bool excluded_by_the_book(const std::vector<SingleRule>& rules, const oci::RootfsPath& path) {
  std::vector<oci::RootfsPath> walk = path.parents();
  walk.push_back(path);
  std::vector<bool> hit(rules.size(), false);
  bool excluded = false;
  for (const oci::RootfsPath& at : walk) {
    excluded = false;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const SingleRule& rule = rules[i];
      if (!hit[i] && rule.exception == excluded) {
        hit[i] = rule.pattern.enter(rule.pattern.root(), at.str()).excluded;
      }
      if (hit[i]) excluded = !rule.exception;
    }
  }
  return excluded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const oci::RootfsPath path(fuzz::take_line(rest));
  if (path.is_root() || path.parents().size() > 64) return 0;
  IgnoreRules rules;
  if (!fuzz::accepts([&] { rules = IgnoreRules::parse("rules", rest); })) return 0;

  const bool excluded = rules.excludes(path.str());
  fuzz::require(excluded == excluded_by_the_book(single_rules(rest), path), "11.6 is kept");
  fuzz::require(excluded == rules.culprit(path.str()).has_value(),
                "an excluded path has a culprit");
  IgnoreRules::Hits hits = rules.root();
  for (const oci::RootfsPath& parent : path.parents()) {
    hits = rules.enter(hits, parent.str());
    if (hits.excluded && !rules.may_reinclude_below(parent.str())) {
      fuzz::require(excluded, "nothing is included again where a walk does not enter");
    }
  }
  fuzz::require(rules.enter(hits, path.str()).excluded == excluded, "a walk says the same");
  return 0;
}
