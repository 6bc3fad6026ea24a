// SPDX-License-Identifier: Apache-2.0
#include "process/run.hpp"

#include <chrono>
#include <thread>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

namespace ocibuild::process {

namespace {
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

Command shell(std::string script) {
  return {.program = "sh", .arguments = {"-c", std::move(script)}};
}
}  // namespace

TEST_CASE("registry.md K4: a program gets its words and its input, and gives output and status",
          "[process]") {
  Command command = shell("cat; printf '%s|' \"$@\"; echo trouble >&2; exit 3");
  command.arguments.insert(command.arguments.end(), {"zero", "a b", "$(c)", ""});
  command.input = "registry.test\n";
  const auto result = run(command);
  REQUIRE(result);
  CHECK(result->exit_code == 3);
  CHECK(result->output == "registry.test\na b|$(c)||");
  CHECK(result->errors == "trouble\n");
  CHECK_FALSE(result->timed_out);
  CHECK_FALSE(result->too_much_output);
}

TEST_CASE("registry.md K4.5: a program that is not there is no error", "[process]") {
  CHECK_FALSE(run({.program = "ocibuild-no-such-program"}));
  CHECK_FALSE(run({.program = "/no/such/program"}));
  const test::TempDir dir;
  CHECK_FALSE(run({.program = dir.write("not-executable", "#!/bin/sh\n", 0644).string()}));
}

TEST_CASE("registry.md K4: a program that cannot be started says why", "[process]") {
  const test::TempDir dir;
  const auto program = dir.write("broken",
                                 "\x7f"
                                 "ELF garbage",
                                 0755)
                           .string();
  try {
    run({.program = program});
    FAIL("it ran");
  } catch (const Error& error) {
    CHECK(error.diagnostic().id == "program-not-started");
    CHECK(error.diagnostic().message == program + " cannot be started: Exec format error");
  }
}

TEST_CASE("registry.md K4: a program that never reads its input neither blocks nor kills us",
          "[process]") {
  Command command = shell("exec <&-; echo done");
  command.input = std::string(1 << 20, 'x');
  CHECK(run(command)->output == "done\n");
  command.arguments = {"-c", "true"};
  CHECK(run(command)->exit_code == 0);
}

TEST_CASE("registry.md K4.6: at the time limit a program dies with all that it started",
          "[process]") {
  const test::TempDir dir;
  Command command = shell("sh -c 'sleep 0.6; touch " + (dir / "alive").string() + "' & sleep 30");
  command.timeout = 200ms;
  const auto began = Clock::now();
  const auto result = run(command);
  CHECK(result->timed_out);
  CHECK(result->exit_code == 137);
  CHECK(Clock::now() - began < 3s);
  std::this_thread::sleep_for(700ms);
  CHECK_FALSE(std::filesystem::exists(dir / "alive"));
}

TEST_CASE("registry.md K4.2: output beyond the limit ends a program, errors are cut", "[process]") {
  Command command = shell("head -c 100000 /dev/zero >&2; cat /dev/zero");
  command.output_limit = 1000;
  const auto result = run(command);
  CHECK(result->too_much_output);
  CHECK(result->output.size() == 1000);
  CHECK(result->errors.size() == 4096);
}

TEST_CASE("registry.md K4: what a program leaves in the background is not waited for",
          "[process]") {
  const auto began = Clock::now();
  const auto result = run(shell("sleep 5 & echo done"));
  CHECK(result->output == "done\n");
  CHECK(Clock::now() - began < 3s);
}

TEST_CASE("registry.md K4: a program that a signal ends has 128 and its number", "[process]") {
  CHECK(run(shell("kill -TERM $$"))->exit_code == 143);
}

TEST_CASE("registry.md K4.6: a stop ends a program at once", "[process]") {
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  const auto began = Clock::now();
  try {
    run(shell("sleep 30"), stop.get_token());
    FAIL("it ran on");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::interrupted);
  }
  CHECK(Clock::now() - began < 1s);
}

TEST_CASE("registry.md K4.6: programs run at the same time do not wait for each other",
          "[process]") {
  const auto began = Clock::now();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Command command = shell("cat; sleep 0.5");
      command.input = std::to_string(i);
      if (run(command)->output == std::to_string(i)) ++good;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 8);
  CHECK(Clock::now() - began < 3s);
}

}  // namespace ocibuild::process
