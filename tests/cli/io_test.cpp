// SPDX-License-Identifier: Apache-2.0
#include "io.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include <ocibuild/error.hpp>
#include <ocibuild/version.hpp>

#include "program.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ocibuild;
using namespace ocibuild::program;

namespace {

class StringSink final : public TextSink {
public:
  void write(std::string_view part) override { text += part; }
  std::string text;
};

template <typename Thrown>
class ThrowingSink final : public TextSink {
public:
  explicit ThrowingSink(Thrown thrown) : thrown_(std::move(thrown)) {}
  void write(std::string_view) override { throw thrown_; }

private:
  Thrown thrown_;
};

struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { REQUIRE(::pipe(ends.data()) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    if (ends[1] >= 0) ::close(ends[1]);
  }
};

}  // namespace

TEST_CASE("a reader that has gone ends the program quietly", "[cli]") {
  ::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  ::close(pipe.ends[0]);
  DescriptorSink sink(pipe.ends[1], DescriptorSink::OnFailure::report);
  CHECK_THROWS_AS(sink.write("x"), ClosedOutput);
  StringSink err;
  Io io{.out = {&sink}, .err = {&err}, .working_directory = "/"};
  CHECK(run({"version"}, io) == 0);
  CHECK(err.text.empty());
}

TEST_CASE("a full disk behind standard output is an error", "[cli]") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) return;  // not every system has that device
  DescriptorSink sink(full, DescriptorSink::OnFailure::report);
  StringSink err;
  Io io{.out = {&sink}, .err = {&err}, .working_directory = "/"};
  CHECK(run({"version"}, io) == 1);
  CHECK(err.text ==
        "error[output-failed]: standard output cannot be written: No space left on device\n");
  DescriptorSink(full, DescriptorSink::OnFailure::ignore).write("x");
  ::close(full);
}

TEST_CASE("what should never happen says that it is a bug, and ends with 100", "[cli]") {
  const std::string text =
      "error[internal]: bug in ocibuild: oh\n"
      "   = note: ocibuild " OCIBUILD_VERSION
      "; nothing in your files should cause this\n"
      "   = help: report it to the project with this text, the Dockerfile and the output with "
      "--debug\n";
  ThrowingSink unknown{std::runtime_error("oh")};
  StringSink err;
  Io io{.out = {&unknown}, .err = {&err}, .working_directory = "/"};
  CHECK(run({"version"}, io) == 100);
  CHECK(err.text == text);
  ThrowingSink known{Error(Errc::internal, "x", "oh")};
  err.text.clear();
  io.out.sink = &known;
  CHECK(run({"version"}, io) == 100);
  CHECK(err.text == text);
}

TEST_CASE("waiting for standard input ends with an interrupt", "[cli]") {
  Pipe pipe;
  StringSink sink;
  std::stop_source stop;
  stop.request_stop();
  test::TempDir dir;
  Io io{.out = {&sink},
        .err = {&sink},
        .in = pipe.ends[0],
        .environment = {{"HOME", dir.path().string()}},
        .working_directory = dir.path(),
        .stop = stop.get_token()};
  CHECK(run({"-f", "-", "."}, io) == 130);
  CHECK(sink.text == "interrupted\n");
}

TEST_CASE("relative paths start at the working directory given", "[cli]") {
  StringSink sink;
  const Io io{.out = {&sink}, .err = {&sink}, .working_directory = "/some/where"};
  CHECK(io.resolve("a/../b") == "/some/where/b");
  CHECK(io.resolve(".") == "/some/where");
  CHECK(io.resolve("/abs/./x") == "/abs/./x");
}
