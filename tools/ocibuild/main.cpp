// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <stop_token>
#include <system_error>
#include <thread>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "program.hpp"

extern "C" char** environ;

namespace {

using namespace ocibuild::program;

/// Turns the first SIGINT or SIGTERM into a stop request, and ends the process on a second one or
/// when stopping takes too long. The signals are blocked in every other thread. Where the system
/// grants no thread for that, the first signal ends the process, as without this.
class StopOnSignal {
public:
  /// `cursor_hidden` must outlive this.
  explicit StopOnSignal(const std::atomic<bool>& cursor_hidden) : cursor_hidden_(cursor_hidden) {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    try {
      thread_ = std::thread([this] { wait(); });
    } catch (const std::system_error&) {
      pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
    }
  }
  ~StopOnSignal() {
    if (!thread_.joinable()) return;
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
    // Shows the cursor first where progress has hidden it.
    const std::string_view text = cursor_hidden_ ? "\x1b[?25hinterrupted\n" : "interrupted\n";
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    ::_exit(128 + signal);
  }

  int next(const timespec* timeout) {
    for (;;) {
      const int signal = timeout != nullptr ? ::sigtimedwait(&signals_, nullptr, timeout)
                                            : ::sigwaitinfo(&signals_, nullptr);
      if (signal > 0 || timeout != nullptr) return signal;
    }
  }

  const std::atomic<bool>& cursor_hidden_;
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

/// A link called `executor` takes kaniko's flags, as the command of that name does.
Arguments arguments_of(int argc, char* argv[]) {
  Arguments out(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (argc > 0 && std::filesystem::path(argv[0]).filename() == "executor")
    out.insert(out.begin(), "executor");
  return out;
}

/// A standard stream that is closed would be the number of the first file that is opened, a blob
/// perhaps, and get what is meant for the stream.
void open_standard_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) >= 0) continue;
    if (::open("/dev/null", O_RDWR) < 0) ::_exit(1);  // takes the lowest number that is free
  }
}

/// For terminals that do not know their width, such as serial lines.
void set_columns(std::string_view text, std::size_t& columns) {
  std::size_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failure == std::errc() && end == text.data() + text.size();
  if (whole && number > 0 && number < 10'000) columns = number;
}

}  // namespace

int main(int argc, char* argv[]) {
  open_standard_streams();
#ifdef __GLIBC__
  // Left alone, glibc moves this up when a large block is freed, and then keeps the buffers of
  // layer chunks that several threads gave back: 20 MB of nothing.
  ::mallopt(M_MMAP_THRESHOLD, 512 * 1024);
#endif
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a result of write() like others
  std::atomic<bool> cursor_hidden{false};
  StopOnSignal signals(cursor_hidden);
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
  io.err.cursor_hidden = &cursor_hidden;
  if (const auto columns = io.variable("COLUMNS")) set_columns(*columns, io.err.columns);
  const int status = run(arguments_of(argc, argv), io);
  const bool terminated = status == 128 + SIGINT && signals.received() == SIGTERM;
  return terminated ? 128 + SIGTERM : status;
}
