// SPDX-License-Identifier: Apache-2.0
#include "process/run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <string_view>
#include <system_error>

// Otherwise Boost.Filesystem would have to be linked.
#define BOOST_PROCESS_USE_STD_FS
#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/group.hpp>
#include <boost/process/posix.hpp>
#include <boost/process/search_path.hpp>

#include <ocibuild/error.hpp>

#include "support/fd.hpp"
#include "support/text.hpp"

namespace bp = boost::process;

namespace ocibuild::process {

using Clock = std::chrono::steady_clock;
using support::Fd;

namespace {

[[noreturn]] void throw_system(std::string_view what, int error_number) {
  throw Error(Errc::failed, "program-not-started",
              support::concat(what, ": ", std::generic_category().message(error_number)));
}

struct Pipe {
  Fd read;
  Fd write;
};

/// Close-on-exec, so that no program started meanwhile holds an end open; above the standard
/// descriptors, so that dup2 onto one of those clears the flag.
Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_system("no pipe", errno);
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  for (Fd* end : {&pipe.read, &pipe.write}) {
    if (end->get() > 2) continue;
    Fd higher(::fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
    if (!higher.is_open()) throw_system("no pipe", errno);
    *end = std::move(higher);
  }
  return pipe;
}

void make_non_blocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

/// Keeps SIGPIPE from this thread while it writes to a program that may not read.
class WithoutSigpipe {
public:
  WithoutSigpipe() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
  }
  ~WithoutSigpipe() {
    if (::sigismember(&before_, SIGPIPE) == 0) {
      const timespec at_once{};
      ::sigtimedwait(&sigpipe_, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

private:
  sigset_t sigpipe_{};
  sigset_t before_{};
};

/// A started program: its process id, which is also its group's, and our ends of its pipes.
struct Running {
  pid_t pid = -1;
  Fd input;
  Fd output;
  Fd errors;
};

Running start(const std::string& path, const Command& command) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  std::error_code error;
  bp::group group;
  pid_t pid = -1;
  {
    // Boost.Process makes the pipe that reports a failed exec close-on-exec only after it exists: a
    // second start at that moment would inherit it, and the first wait until the second one's end.
    static std::mutex one_start_at_a_time;
    const std::lock_guard lock(one_start_at_a_time);
    bp::child child(bp::exe = path, bp::args = command.arguments, group,
                    bp::posix::fd.bind(0, input.read.get()),
                    bp::posix::fd.bind(1, output.write.get()),
                    bp::posix::fd.bind(2, errors.write.get()), error);
    pid = child.id();
    // Its own waiting with a time limit forks a second process and takes SIGCHLD; we wait
    // ourselves.
    child.detach();
    group.detach();
  }
  if (error) throw_system(support::concat(command.program, " cannot be started"), error.value());
  Running running{pid, std::move(input.write), std::move(output.read), std::move(errors.read)};
  for (const Fd* fd : {&running.input, &running.output, &running.errors}) make_non_blocking(*fd);
  return running;
}

/// One program from its start to its end.
class Watch {
public:
  Watch(const Command& command, Running running)
      : command_(command),
        running_(std::move(running)),
        deadline_(Clock::now() + command.timeout),
        // Linux 5.3; without it the end is noticed a twentieth of a second late.
        ended_(static_cast<int>(::syscall(SYS_pidfd_open, running_.pid, 0))),
        stopped_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Watch() {
    if (!reaped_) kill_group();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  Result to_the_end(const std::stop_token& stop) {
    const WithoutSigpipe guard;
    const std::stop_callback on_stop(stop, [this] { ::eventfd_write(stopped_.get(), 1); });
    while (!has_ended()) {
      write_input();
      wait();
      take_output();
      if (stop.stop_requested()) {
        throw Error(Errc::interrupted, "interrupted", "interrupted");
      }
      result_.timed_out = Clock::now() >= deadline_;
      if (result_.timed_out || result_.too_much_output) kill_group();
    }
    take_output();
    return std::move(result_);
  }

private:
  void write_input() {
    while (running_.input.is_open() && written_ < command_.input.size()) {
      const auto count = ::write(running_.input.get(), command_.input.data() + written_,
                                 command_.input.size() - written_);
      if (count < 0 && errno == EAGAIN) return;
      // It does not want to read: its own affair.
      written_ = count < 0 ? command_.input.size() : written_ + static_cast<std::size_t>(count);
    }
    running_.input.reset();
  }

  void wait() {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    const auto longest = std::int64_t{ended_.is_open() ? 60'000 : 50};
    // poll() passes over descriptors below 0: those that are closed.
    std::array<pollfd, 5> fds{{{running_.input.get(), POLLOUT, 0},
                               {running_.output.get(), POLLIN, 0},
                               {running_.errors.get(), POLLIN, 0},
                               {ended_.get(), POLLIN, 0},
                               {stopped_.get(), POLLIN, 0}}};
    ::poll(fds.data(), fds.size(), static_cast<int>(std::clamp<std::int64_t>(left, 0, longest)));
  }

  void take_output() {
    if (!take(running_.output, result_.output, command_.output_limit)) {
      result_.too_much_output = true;
      result_.output.resize(command_.output_limit);
    }
    if (!take(running_.errors, result_.errors, command_.error_limit)) {
      result_.errors.resize(command_.error_limit);
    }
  }

  /// All that is there now. False: `text` is longer than `limit`.
  static bool take(Fd& from, std::string& text, std::size_t limit) {
    std::array<char, 16384> buffer{};
    bool fits = true;
    while (from.is_open() && fits) {
      const auto count = ::read(from.get(), buffer.data(), buffer.size());
      if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (count <= 0) {
        from.reset();
        break;
      }
      text.append(buffer.data(), static_cast<std::size_t>(count));
      fits = text.size() <= limit;
    }
    return fits;
  }

  /// Only the program itself: what it left running in the background may keep our pipes open.
  bool has_ended() {
    if (reaped_) return true;
    int status = 0;
    const pid_t pid = ::waitpid(running_.pid, &status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) return false;
    reaped_ = true;
    if (pid > 0) {
      result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return true;
  }

  void kill_group() {
    ::kill(-running_.pid, SIGKILL);
    int status = 0;
    while (::waitpid(running_.pid, &status, 0) < 0 && errno == EINTR) {
    }
    result_.exit_code = 128 + SIGKILL;
    reaped_ = true;
  }

  const Command& command_;
  Running running_;
  const Clock::time_point deadline_;
  const Fd ended_;
  const Fd stopped_;
  std::size_t written_ = 0;
  bool reaped_ = false;
  Result result_;
};

/// Where the program is; empty: nowhere.
std::string find_program(const std::string& program) {
  if (program.find('/') == std::string::npos) return bp::search_path(program).string();
  return ::access(program.c_str(), X_OK) == 0 ? program : std::string();
}

}  // namespace

std::optional<Result> run(const Command& command, std::stop_token stop) {
  const std::string path = find_program(command.program);
  if (path.empty()) return {};
  Watch watch(command, start(path, command));
  return watch.to_the_end(stop);
}

}  // namespace ocibuild::process
