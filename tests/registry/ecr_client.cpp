// SPDX-License-Identifier: Apache-2.0
// Logs in to ECR with this process's variables, for ecr_test.py:
//   ecr_client login HOST | ecr_client repository HOST NAME
#include <unistd.h>

#include <iostream>

#include <ocibuild/error.hpp>

#include "registry/ecr.hpp"

int main(int count, char** words) {
  using namespace ocibuild;
  if (count < 3) return 2;
  NetworkSettings settings;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::size_t sign = text.find('=');
    settings.credentials.environment[text.substr(0, sign)] = text.substr(sign + 1);
  }
  settings.retries = 0;
  // Nobody is there: what goes through it fails.
  settings.proxies.http =
      ProxySettings::Value{.url = "http://127.0.0.1:9", .setting = "http_proxy"};
  try {
    registry::Ecr ecr(settings);
    const std::string host = words[2];
    if (std::string(words[1]) == "login") {
      const auto login = ecr.login(host);
      std::cout << login->user << ' ' << login->password << ' ' << login->source << '\n';
    } else {
      std::cout << ecr.ensure_repository(host, words[3]).value_or("there") << '\n';
    }
    return 0;
  } catch (const Error& error) {
    std::cerr << error.diagnostic().id << ": " << error.what() << '\n';
    for (const std::string& note : error.diagnostic().notes) std::cerr << "note: " << note << '\n';
    for (const std::string& help : error.diagnostic().helps) std::cerr << "help: " << help << '\n';
    return 1;
  }
}
