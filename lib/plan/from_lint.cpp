// SPDX-License-Identifier: Apache-2.0
// Warnings about FROM lines that are right (docs/reference/dockerfile.md, 18); every line has them,
// also of a stage that nobody needs.
#include <algorithm>

#include <ocibuild/error.hpp>

#include "plan/graph_builder.hpp"
#include "support/text.hpp"

namespace ocibuild::plan {

using dockerfile::Expansion;
using dockerfile::From;
using dockerfile::VariableUse;
using dockerfile::Word;
using support::concat;
using support::quote;

void GraphBuilder::lint_from(const From& from, const Expansion& image, const Expansion& platform) {
  warn_undeclared(from.image, image);
  if (from.platform) {
    warn_undeclared(*from.platform, platform);
    warn_platform(from, platform);
  }
  warn_default(from, image);
}

void GraphBuilder::warn_undeclared(const Word& word, const Expansion& expansion) {
  for (const VariableUse& use : expansion.uses) {
    if (use.value || use.has_fallback || out_.global.is_declared(use.name)) continue;
    findings_.warning(
        "UndefinedArgInFrom",
        concat("FROM uses the variable ", quote(use.name), ", which no ARG before FROM declares"),
        word.span, undeclared(use.name));
  }
}

void GraphBuilder::warn_platform(const From& from, const Expansion& platform) {
  const std::vector<VariableUse>& uses = platform.uses;
  if (uses.size() == 1 && uses.front().name == "TARGETPLATFORM" &&
      platform.text == uses.front().value) {
    findings_.warning("RedundantTargetPlatform",
                      concat("--platform=", from.platform->text, " is what FROM does without it"),
                      from.platform->span, {.helps = {"leave --platform out"}});
  }
  if (!uses.empty()) return;
  const Platform constant = Platform::parse(platform.text);
  const std::string name = from.name ? from.name->text : "";
  // A stage called after its platform is there for it.
  if (name.find(constant.os) != std::string::npos ||
      name.find(constant.architecture) != std::string::npos) {
    return;
  }
  findings_.warning("FromPlatformFlagConstDisallowed",
                    concat("FROM is for ", quote(platform.text), " whatever the build is for"),
                    from.platform->span,
                    {.helps = {"leave --platform out, or write --platform=$BUILDPLATFORM",
                               concat("or name the stage after it: AS ",
                                      name.empty() ? "stage" : name, "-", constant.architecture)}});
}

/// The name is right with the --build-args given: would it be without them?
void GraphBuilder::warn_default(const From& from, const Expansion& image) {
  if (image.uses.empty() || inputs_.build_args.empty()) return;
  support::Diagnostics unseen;
  dockerfile::Findings findings(file_.source, file_.checks, unseen);
  if (!defaults_) defaults_ = global_scope({}, findings, defaults_limit_);
  const auto expansion = expand_in(*defaults_, from.image, findings, defaults_limit_);
  if (!expansion) return;
  try {
    static_cast<void>(Reference::parse(expansion->text));
  } catch (const Error&) {
    findings_.warning(
        "InvalidDefaultArgInFrom",
        concat(
            "without --build-arg the image name ", quote(from.image.text), " is ",
            expansion->text.empty() ? "empty" : concat(quote(expansion->text), ", which is none")),
        from.image.span, {.helps = {"give the ARG before FROM a default"}});
  }
}

}  // namespace ocibuild::plan
