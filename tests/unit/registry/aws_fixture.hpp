// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "registry/aws_access.hpp"
#include "secrets.hpp"
#include "support/temp_dir.hpp"

namespace ocibuild::test {

/// Amazon's services as a list of answers, and what they were asked.
struct AwsScript {
  struct Answer {
    int status = 200;  ///< 0: none
    std::string body{};
    std::string date{};
  };

  registry::AwsAccess access() {
    const auto exchange = [this](const std::string& who) {
      return [this, who](const http::Request& request) { return answer(who, request); };
    };
    environment.emplace("HOME", home.path().string());
    return {.environment = environment,
            .send = exchange(""),
            .send_metadata = exchange("metadata "),
            .retry = {.repetitions = 2, .delay = std::chrono::milliseconds(1)}};
  }

  http::Client::TextAnswer answer(const std::string& who, const http::Request& request) {
    std::string line = who + std::string(http::name_of(request.method)) + ' ' + request.url.str();
    for (const auto& [name, value] : request.headers.fields()) {
      if (name != "Content-Type" && name != "Accept") line += " | " + name + ": " + value;
    }
    if (request.body != nullptr) {
      const auto source = request.body->open();
      line += " | " + support::read_all(*source, 1 << 20, "body");
    }
    if (request.signature) {
      const auto& s = *request.signature;
      line += " | signed " + s.region + ' ' + s.service + ' ' + s.access_key_id + ' ' +
              s.secret_access_key;
    }
    if (!who.empty()) CHECK(request.direct);
    asked.push_back(line);
    http::Client::TextAnswer out;
    if (answers.empty() || answers.front().status == 0) {
      out.outcome.failure = http::Failure{.kind = http::Failure::Kind::connect, .text = "refused"};
    } else {
      out.outcome.head = http::ResponseHead{.status = answers.front().status};
      if (!answers.front().date.empty())
        out.outcome.head->headers.add("Date", answers.front().date);
      out.body = answers.front().body;
    }
    if (!answers.empty()) answers.pop_front();
    return out;
  }

  TempDir home{};
  std::map<std::string, std::string> environment{};
  std::deque<Answer> answers{};
  std::vector<std::string> asked{};
};

/// Keys in the forms of the sources that answer in JSON.
inline std::string keys_json(const std::string& id, const std::string& token = "Token") {
  return R"({"Version": 1, "AccessKeyId": ")" + id + R"(", "SecretAccessKey": "sec-hUsH", ")" +
         token + R"(": "tok-hUsH"})";
}
inline std::string sts_json(const std::string& action, const std::string& id) {
  return "{\"" + action + "Response\": {\"" + action +
         "Result\": {\"Credentials\": " + keys_json(id, "SessionToken") + "}}}";
}

}  // namespace ocibuild::test
