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

/// Annotations are found by the path below the checkout, which jobs work in.
std::filesystem::path from_working_directory(const std::filesystem::path& path, const Io& io) {
  if (path.empty()) return path;
  const auto relative = (io.working_directory / path)
                            .lexically_normal()
                            .lexically_relative(io.working_directory.lexically_normal());
  return relative.empty() || *relative.begin() == ".." ? path : relative;
}

}  // namespace

void check_format(const std::string& format, const std::string& origin) {
  if (format == "text" || format == "json" || format == "github") return;
  usage_error(origin + " takes text, json or github, not '" + terminal_text(format, 100) + "'");
}

void print_check(BuildOptions& options, const std::string& format, Invocation& invocation) {
  read_standard_input(options, invocation.io);
  CheckResult result = ocibuild::check(options.request);
  result.path = from_working_directory(result.path, invocation.io);
  invocation.status = result.errors + result.warnings > 0 ? static_cast<int>(Errc::failed) : 0;
  const OutputStream& out = invocation.io.out;
  if (format == "text") {
    const Look look = look_of(invocation.flags, invocation.io, out);
    return out.sink->write(check_text(result, look));
  }
  out.sink->write(format == "json" ? check_json(result) : check_github(result));
  invocation.console.note(counts(result));
}

void check(Invocation& invocation) {
  const std::string format = invocation.flags.text("format").value_or("text");
  check_format(format, invocation.flags.origin("format"));
  BuildOptions options = parse_source_options(invocation.flags, invocation.io);
  print_check(options, format, invocation);
}

}  // namespace ocibuild::program
