// SPDX-License-Identifier: Apache-2.0
#include "support/scripted_server.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "support/temp_dir.hpp"
#include "support/text.hpp"

namespace ocibuild::test {

using support::concat;

namespace {
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  return ends;
}
}  // namespace

ScriptedServer::ScriptedServer(std::string_view script) {
  const auto input = make_pipe();
  const auto output = make_pipe();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(input[0], 0);
    ::dup2(output[1], 1);
    ::execlp("python3", "python3", SCRIPTED_SERVER, "-", nullptr);
    ::_exit(127);
  }
  ::close(input[0]);
  ::close(output[1]);
  in_ = input[1];
  out_ = output[0];
  // Making a certificate takes longer than most tests: all servers of a process share them.
  static const TempDir certificates;
  auto settings = nlohmann::json::parse(script);
  settings["directory"] = certificates.path().string();
  send_line(settings.dump());
  const auto started = nlohmann::json::parse(read_line());
  ports_ = started.at("ports").get<std::map<std::string, int>>();
  directory_ = started.at("directory").get<std::string>();
}

ScriptedServer::~ScriptedServer() {
  ::close(in_);
  ::close(out_);
  ::waitpid(pid_, nullptr, 0);
}

std::string ScriptedServer::url(std::string_view path, const std::string& listener) const {
  return concat("http://127.0.0.1:", port(listener), path);
}

std::string ScriptedServer::named_url(std::string_view scheme, std::string_view path,
                                      const std::string& listener) const {
  return concat(scheme, "://registry.test:", port(listener), path);
}

std::string ScriptedServer::resolve(const std::string& listener) const {
  return concat("registry.test:", port(listener), ":127.0.0.1");
}

nlohmann::json ScriptedServer::command(const std::string& line) {
  std::string one_line = line;
  std::replace(one_line.begin(), one_line.end(), '\n', ' ');
  send_line(one_line);
  return nlohmann::json::parse(read_line());
}

void ScriptedServer::send_line(std::string line) {
  line += '\n';
  std::string_view left = line;
  while (!left.empty()) {
    const auto count = ::write(in_, left.data(), left.size());
    if (count <= 0) throw std::runtime_error("the scripted server has ended");
    left.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string ScriptedServer::read_line() {
  std::array<char, 4096> buffer{};
  std::size_t end = 0;
  while ((end = rest_.find('\n')) == std::string::npos) {
    const auto count = ::read(out_, buffer.data(), buffer.size());
    if (count <= 0) throw std::runtime_error("the scripted server has ended; is python3 there?");
    rest_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::string line = rest_.substr(0, end);
  rest_.erase(0, end + 1);
  return line;
}

std::string header_of(const nlohmann::json& request, std::string_view name) {
  for (const auto& header : request.at("headers")) {
    if (support::equal_ignoring_case(header.at(0).get<std::string>(), name)) return header.at(1);
  }
  return {};
}

}  // namespace ocibuild::test
