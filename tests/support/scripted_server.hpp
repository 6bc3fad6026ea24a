// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <sys/types.h>
#include <nlohmann/json.hpp>

namespace ocibuild::test {

/// A process of tests/support/scripted_server.py, whose head says what a script can ask for. It
/// ends with this object. A test that needs it and finds no python3 fails.
class ScriptedServer {
public:
  /// `script`: JSON text.
  explicit ScriptedServer(std::string_view script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port(const std::string& listener = "main") const { return ports_.at(listener); }
  /// "http://127.0.0.1:PORT" + path.
  std::string url(std::string_view path, const std::string& listener = "main") const;
  /// The same by a name that is no loopback: scheme://registry.test:PORT + path; see resolve().
  std::string named_url(std::string_view scheme, std::string_view path,
                        const std::string& listener = "main") const;
  /// For NetworkSettings::resolve: registry.test with that listener's port is 127.0.0.1.
  std::string resolve(const std::string& listener = "main") const;
  /// ca.crt, client.crt, client.key …
  std::filesystem::path certificate(std::string_view file) const { return directory_ / file; }

  /// All requests since the start or the last clear.
  nlohmann::json record() { return command("record"); }
  void clear() { command("clear"); }
  void rules(std::string_view json) { command("rules " + std::string(json)); }
  /// Cuts the idle connections of a listener.
  void close_idle(const std::string& listener = "main") { command("close " + listener); }

private:
  nlohmann::json command(const std::string& line);
  void send_line(std::string line);
  std::string read_line();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string rest_;
  std::map<std::string, int> ports_;
  std::filesystem::path directory_;
};

/// Value of a header in an element of record(); empty if it is not there.
std::string header_of(const nlohmann::json& request, std::string_view name);

}  // namespace ocibuild::test
