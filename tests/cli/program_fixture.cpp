// SPDX-License-Identifier: Apache-2.0
#include "program_fixture.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <sstream>

namespace ocibuild::test {

namespace {

class StringSink final : public program::TextSink {
public:
  explicit StringSink(std::string& text) : text_(text) {}
  void write(std::string_view text) override { text_ += text; }

private:
  std::string& text_;
};

}  // namespace

Program::Program() {
  environment["HOME"] = (dir / "home").string();
}
Program::~Program() = default;

int Program::run(const program::Arguments& arguments) {
  out.clear();
  err.clear();
  StringSink out_sink(out);
  StringSink err_sink(err);
  const int archive =
      ::open((dir / "stdout").c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const auto input_file = dir.write("stdin", input);
  const int in = ::open(input_file.c_str(), O_RDONLY | O_CLOEXEC);
  program::Io io{.out = {&out_sink, terminal, archive},
                 .err = {&err_sink, terminal, -1},
                 .in = in,
                 .in_is_terminal = terminal,
                 .environment = environment,
                 .working_directory = dir.path(),
                 .system_config = dir / "etc/config.toml",
                 .run_directory = dir / "run",
                 .now = 1'700'000'000};
  const int status = program::run(arguments, io);
  ::close(in);
  ::close(archive);
  out += read_text(dir / "stdout");
  return status;
}

std::string steady(std::string text) {
  text = std::regex_replace(text, std::regex("sha256:[0-9a-f]{64}"), "sha256:…");
  text = std::regex_replace(text, std::regex("sha256:[0-9a-f]{12}(\\.\\.\\.|…)"), "sha256:…");
  return std::regex_replace(text, std::regex("\\b[0-9]+(\\.[0-9]s| ms)"), "T");
}

std::string read_text(const std::filesystem::path& file) {
  std::ostringstream text;
  std::ifstream in(file, std::ios::binary);
  if (in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  return std::move(text).str();
}

}  // namespace ocibuild::test
