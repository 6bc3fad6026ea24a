// SPDX-License-Identifier: Apache-2.0
// A small HTTP server, the kind of program an image is made for: one static file, one configuration
// file.
//
//   fluidity-server [--config FILE]            serves GET / and GET /healthz until SIGTERM
//   fluidity-server --health [--config FILE]   asks a running server; exit 0 if it is well. For
//   HEALTHCHECK,
//                                              since an image from scratch has neither shell nor
//                                              curl

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

struct Settings {
  std::uint16_t port = 8443;
  std::string greeting = "hello";
};

class Socket {
public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int get() const { return fd_; }

private:
  int fd_;
};

std::runtime_error system_error(const std::string& what) {
  return std::runtime_error(what + ": " + std::strerror(errno));
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\"");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\"") - first + 1);
}

/// The subset of YAML that a flat configuration needs: "key: value" lines and # comments.
Settings read_settings(const std::string& path) {
  Settings settings;
  if (path.empty()) return settings;
  std::ifstream file(path);
  if (!file) throw system_error("cannot read " + path);
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(':');
    if (trimmed(line).empty() || trimmed(line).front() == '#') continue;
    if (colon == std::string::npos) throw std::runtime_error(path + ": no colon in: " + line);
    const auto key = trimmed(line.substr(0, colon));
    const auto value = trimmed(line.substr(colon + 1));
    if (key == "greeting") {
      settings.greeting = value;
    } else if (key == "port") {
      const int port = std::stoi(value);
      if (port < 1 || port > 65535) throw std::runtime_error(path + ": bad port: " + value);
      settings.port = static_cast<std::uint16_t>(port);
    } else {
      throw std::runtime_error(path + ": unknown key: " + key);
    }
  }
  return settings;
}

sockaddr_in address(std::uint32_t host, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(host);
  return result;
}

/// A peer that stalls must not keep the only thread for ever.
void limit_waiting(int fd) {
  const timeval limit{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Everything up to the empty line that ends a request or answer without body, at most 8 KiB.
std::string receive_head(int fd) {
  std::string text;
  char buffer[1024];
  while (text.size() < 8192 && text.find("\r\n\r\n") == std::string::npos) {
    const auto received = ::recv(fd, buffer, sizeof buffer, 0);
    if (received <= 0) break;
    text.append(buffer, static_cast<std::size_t>(received));
  }
  return text;
}

std::string answer(std::string_view status, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string respond(const std::string& request, const Settings& settings) {
  if (!request.starts_with("GET ")) return answer("405 Method Not Allowed", "only GET\n");
  const auto path = request.substr(4, request.find(' ', 4) - 4);
  if (path == "/") return answer("200 OK", settings.greeting + "\n");
  if (path == "/healthz") return answer("200 OK", "ok\n");
  return answer("404 Not Found", "no such page\n");
}

volatile std::sig_atomic_t stopping = 0;

void on_stop(int) {
  stopping = 1;
}

/// Without SA_RESTART, so that accept() returns when the signal comes. Process 1 of a container has
/// no default action for SIGTERM: without this handler `docker stop` would wait ten seconds and
/// kill.
void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

void serve(const Settings& settings) {
  const Socket listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (listener.get() < 0) throw system_error("socket");
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto where = address(INADDR_ANY, settings.port);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0 ||
      ::listen(listener.get(), 64) != 0) {
    throw system_error("port " + std::to_string(settings.port));
  }
  std::cout << "serving on port " << settings.port << std::endl;
  while (stopping == 0) {
    const Socket peer(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (peer.get() < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      throw system_error("accept");
    }
    limit_waiting(peer.get());
    send_all(peer.get(), respond(receive_head(peer.get()), settings));
  }
}

bool healthy(const Settings& settings) {
  const Socket peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (peer.get() < 0) throw system_error("socket");
  limit_waiting(peer.get());
  const auto where = address(INADDR_LOOPBACK, settings.port);
  if (::connect(peer.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
    return false;
  }
  send_all(peer.get(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return receive_head(peer.get()).starts_with("HTTP/1.1 200 ");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::string config;
    bool health = false;
    for (int i = 1; i < argc; ++i) {
      const std::string_view argument = argv[i];
      if (argument == "--health") {
        health = true;
      } else if (argument == "--config" && i + 1 < argc) {
        config = argv[++i];
      } else {
        std::cerr << "usage: fluidity-server [--health] [--config FILE]\n";
        return 2;
      }
    }
    const auto settings = read_settings(config);
    if (health) return healthy(settings) ? 0 : 1;
    catch_stop_signals();
    serve(settings);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "fluidity-server: " << error.what() << '\n';
    return 1;
  }
}
