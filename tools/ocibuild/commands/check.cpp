// SPDX-License-Identifier: Apache-2.0
#include "commands/check.hpp"

#include "commands/check_json.hpp"
#include "commands/commands.hpp"
#include "console.hpp"
#include "diagnostic_text.hpp"
#include "terminal_text.hpp"
#include "units.hpp"

namespace ocibuild::program {

namespace {

std::string counts(const CheckResult& result) {
  const auto count = [](std::size_t number, std::string_view thing) {
    return number == 0 ? "no " + std::string(thing) + 's' : counted(number, thing);
  };
  return terminal_text(result.file) + ": " + count(result.errors, "error") + ", " +
         count(result.warnings, "warning");
}

std::string check_text(const CheckResult& result, const Look& look) {
  std::string out;
  for (const Finding& finding : result.findings) {
    out += diagnostic_text(finding.diagnostic, finding.severity, look) + '\n';
  }
  return out + counts(result) + '\n';
}

}  // namespace

void check_format(const std::string& format, const std::string& origin) {
  if (format == "text" || format == "json" || format == "github") return;
  usage_error(origin + " takes text, json or github, not '" + terminal_text(format, 100) + "'");
}

void print_check(BuildOptions& options, const std::string& format, Invocation& invocation) {
  read_standard_input(options, invocation.io);
  const CheckResult result = ocibuild::check(options.request);
  invocation.status = result.errors + result.warnings > 0 ? static_cast<int>(Errc::failed) : 0;
  const OutputStream& out = invocation.io.out;
  // Annotations are found by the path below the checkout, which jobs work in.
  const std::filesystem::path& directory = invocation.io.working_directory;
  if (format == "text") {
    out.sink->write(check_text(result, look_of(invocation.flags, invocation.io, out)));
  } else {
    out.sink->write(format == "json" ? check_json(result, directory)
                                     : check_github(result, directory));
    invocation.console.note(counts(result));
  }
  if (format == "github") return;
  for (const Finding& finding : result.findings)
    invocation.console.annotate(finding.diagnostic, finding.severity);
}

void check(Invocation& invocation) {
  const std::string format = invocation.flags.text("format").value_or("text");
  check_format(format, invocation.flags.origin("format"));
  BuildOptions options = parse_source_options(invocation.flags, invocation.io);
  print_check(options, format, invocation);
}

}  // namespace ocibuild::program
