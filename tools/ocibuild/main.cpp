// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <ctime>
#include <filesystem>
#include <stop_token>
#include <system_error>
#include <thread>

#include "program.hpp"

extern "C" char** environ;

namespace {

using namespace ocibuild::program;

/// Turns the first SIGINT or SIGTERM into a stop request, and ends the process on a second one or
/// when stopping takes too long. The signals are blocked in every other thread.
class StopOnSignal {
public:
  StopOnSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::thread([this] { wait(); });
  }
  ~StopOnSignal() {
    done_ = true;
    pthread_kill(thread_.native_handle(), SIGTERM);  // wakes the thread up
    thread_.join();
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  int received() const { return received_; }

private:
  void wait() {
    const int signal = next(nullptr);
    if (done_) return;
    received_ = signal;
    stop_.request_stop();
    // Only a write that never returns, to a terminal or pipe, keeps us longer than this. The store
    // is valid at any point.
    const timespec grace{0, 900'000'000};
    next(&grace);
    if (done_) return;
    static constexpr char text[] = "interrupted\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, sizeof text - 1);
    ::_exit(128 + signal);
  }

  int next(const timespec* timeout) {
    for (;;) {
      const int signal = timeout != nullptr ? ::sigtimedwait(&signals_, nullptr, timeout)
                                            : ::sigwaitinfo(&signals_, nullptr);
      if (signal > 0 || timeout != nullptr) return signal;
    }
  }

  sigset_t signals_{};
  std::stop_source stop_;
  std::atomic<int> received_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> out;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

}  // namespace

int main(int argc, char* argv[]) {
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a result of write() like others
  StopOnSignal signals;
  DescriptorSink out(STDOUT_FILENO, DescriptorSink::OnFailure::report);
  DescriptorSink err(STDERR_FILENO, DescriptorSink::OnFailure::ignore);
  std::error_code ignored;
  Io io{.out = {&out, ::isatty(STDOUT_FILENO) == 1, STDOUT_FILENO},
        .err = {&err, ::isatty(STDERR_FILENO) == 1, STDERR_FILENO},
        .in = STDIN_FILENO,
        .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
        .environment = environment(),
        .working_directory = std::filesystem::current_path(ignored),
        .now = static_cast<std::int64_t>(std::time(nullptr)),
        .stop = signals.token()};
  const int status = run(Arguments(argv + (argc > 0 ? 1 : 0), argv + argc), io);
  const bool terminated = status == 128 + SIGINT && signals.received() == SIGTERM;
  return terminated ? 128 + SIGTERM : status;
}
