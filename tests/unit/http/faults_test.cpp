// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

#include <ocibuild/error.hpp>

#include "support/catch.hpp"
#include "support/sanitizer.hpp"
#include "unit/http/exchange_fixture.hpp"

namespace ocibuild::http {

using test::header_of;
using test::ScriptedServer;
using Kind = Failure::Kind;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

/// Counts, and does what a test wants at each piece.
class CountingTaker final : public ResponseTaker {
public:
  bool head(const ResponseHead& head) override {
    status = head.status;
    return wanted;
  }
  void body(support::Bytes bytes) override {
    received += bytes.size();
    if (at_piece) at_piece();
  }
  int status = 0;
  std::uint64_t received = 0;
  bool wanted = true;
  std::function<void()> at_piece;
};

/// A body of any size that waits for nobody and remembers how much of it was read.
class EndlessBody final : public RequestBody {
public:
  explicit EndlessBody(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  std::unique_ptr<support::ByteSource> open() const override {
    struct Source final : support::ByteSource {
      explicit Source(std::atomic<std::uint64_t>& total) : total_(total) {}
      std::size_t read(std::span<std::byte> buffer) override {
        total_ += buffer.size();
        return buffer.size();
      }
      std::atomic<std::uint64_t>& total_;
    };
    return std::make_unique<Source>(read);
  }
  mutable std::atomic<std::uint64_t> read = 0;

private:
  std::uint64_t size_;
};

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("registry.md Y3: each way of losing an answer has its kind", "[http]") {
  ScriptedServer server(R"({"listeners": {"main": {}, "reset": {"handler": "reset"}}, "rules": [
    {"path": "/reset-out", "body_size": 100000, "reset_out": 50000},
    {"path": "/cut", "body_size": 100000, "cut_out": 50000},
    {"path": "/cut-chunked", "body_size": 100000, "chunked": true, "cut_out": 65536},
    {"path": "/empty", "raw": ""},
    {"path": "/old", "raw": "hello, I am no HTTP"},
    {"path": "/long", "body": "x", "length": 3}]})");
  const NetworkSettings settings;
  Client client(settings);
  for (const char* path : {"/reset-out", "/cut", "/cut-chunked"}) {
    INFO(path);
    CountingTaker taker;
    const Outcome outcome = client.send(get(server, path), taker);
    CHECK(kind_of(outcome) == Kind::reset);
    CHECK(outcome.head->status == 200);
    CHECK(outcome.failure->received == taker.received);
    CHECK(taker.received <= 65536);
  }
  const auto empty = client.send(get(server, "/empty"), 100);
  CHECK(kind_of(empty.outcome) == Kind::reset);
  CHECK_FALSE(empty.outcome.head);
  CHECK_FALSE(client.send(get(server, "/old"), 100).outcome.head);
  CHECK(kind_of(client.send({.url = *Url::parse("http://127.0.0.1:1/")}, 100).outcome) ==
        Kind::connect);
  CHECK(kind_of(client.send({.url = *Url::parse("http://no-such-host.invalid/")}, 100).outcome) ==
        Kind::dns);
  CHECK(kind_of(client.send(get(server, "/", "reset"), 100).outcome) == Kind::reset);
}

TEST_CASE("registry.md N3: a stall ends after the idle time, a drip does not", "[http]") {
  ScriptedServer server(R"({"rules": [
    {"path": "/stall", "body_size": 100000, "stall_out": 1000}, {"path": "/silent", "silent": true},
    {"path": "/drip", "body_size": 8, "drip": [1, 0.2]}]})");
  NetworkSettings settings;
  settings.idle_timeout = 700ms;
  Client client(settings);
  CountingTaker taker;
  const auto began = Clock::now();
  const Outcome stalled = client.send(get(server, "/stall"), taker);
  CHECK(kind_of(stalled) == Kind::stalled);
  CHECK(stalled.failure->text == "no byte for 700 ms");
  CHECK(taker.received == 1000);
  CHECK(kind_of(client.send(get(server, "/silent"), 100).outcome) == Kind::stalled);
  CHECK(Clock::now() - began < 5s);
  CHECK_FALSE(client.send(get(server, "/drip"), 100).outcome.failure);
}

TEST_CASE("registry.md N3: the answer to a whole body may take longer than the idle time",
          "[http]") {
  ScriptedServer server(R"({"rules": [{"path": "/slow", "silent": true}]})");
  NetworkSettings settings;
  settings.idle_timeout = 100ms;
  Client client(settings);
  const TextBody body("content");
  Request request = get(server, "/slow");
  request.method = Method::put;
  request.body = &body;
  request.answer_timeout = 1s;
  const auto began = Clock::now();
  CHECK(kind_of(client.send(request, 100).outcome) == Kind::stalled);
  CHECK(Clock::now() - began >= 1s);
}

TEST_CASE("registry.md N3: a slow caller is no stall", "[http]") {
  ScriptedServer server(R"({"rules": [{"body_size": 2000000}]})");
  NetworkSettings settings;
  settings.idle_timeout = 300ms;
  Client client(settings);
  CountingTaker taker;
  taker.at_piece = [&] {
    if (taker.received <= 65536) std::this_thread::sleep_for(1s);
  };
  CHECK_FALSE(client.send(get(server, "/"), taker).failure);
  CHECK(taker.received == 2'000'000);
}

TEST_CASE("registry.md T10: an error that comes early ends the sending, and is the answer",
          "[http]") {
  ScriptedServer server(R"({"rules": [
    {"path": "/expecting", "status": 401, "early": true, "continue": false, "body": "no"},
    {"path": "/sending", "status": 401, "early": true, "body": "no"}]})");
  const NetworkSettings settings;
  Client client(settings);
  const EndlessBody body(std::uint64_t{1} << 30);
  Request request = get(server, "/expecting");
  request.method = Method::put;
  request.body = &body;
  const auto answer = client.send(request, 100);
  CHECK(answer.outcome.head->status == 401);
  CHECK(answer.body == "no");
  CHECK_FALSE(answer.outcome.failure);
  CHECK(body.read <= 1 << 20);
  CHECK(server.record().at(0).at("body_size") == 0);

  request.url = get(server, "/sending").url;
  request.headers.add("Expect", "");
  const EndlessBody longer(std::uint64_t{1} << 30);
  request.body = &longer;
  const auto second = client.send(request, 100);
  CHECK(second.outcome.head->status == 401);
  CHECK(longer.read < 100 << 20);
}

TEST_CASE("registry.md T10: an error that comes while we wait for the body's source is the answer",
          "[http]") {
  class Slow final : public RequestBody {
    std::uint64_t size() const override { return 1 << 30; }
    std::unique_ptr<support::ByteSource> open() const override {
      struct Source final : support::ByteSource {
        std::size_t read(std::span<std::byte> buffer) override {
          if (++reads == 2) std::this_thread::sleep_for(300ms);
          return buffer.size();
        }
        int reads = 0;
      };
      return std::make_unique<Source>();
    }
  };
  ScriptedServer server(R"({"rules": [{"status": 401, "early": true, "body": "no"}]})");
  NetworkSettings settings;
  Client client(settings);
  const Slow body;
  Request request = get(server, "/");
  request.method = Method::put;
  request.headers.add("Expect", "");
  request.body = &body;
  CHECK(client.send(request, 100).body == "no");
}

TEST_CASE("registry.md T10: 417 repeats without the expectation", "[http]") {
  ScriptedServer server(
      R"({"rules": [{"status": 417, "early": true, "continue": false, "times": 1}, {"status": 201}]})");
  const NetworkSettings settings;
  Client client(settings);
  const TextBody body(std::string(2 << 20, 'x'));
  Request request = get(server, "/");
  request.method = Method::put;
  request.body = &body;
  const auto answer = client.send(request, 100);
  REQUIRE(answer.outcome.head);
  CHECK(answer.outcome.head->status == 201);
  const auto record = server.record();
  REQUIRE(record.size() == 2);
  CHECK(header_of(record.at(1), "Expect").empty());
  CHECK(record.at(1).at("body_size") == 2 << 20);
}

TEST_CASE("registry.md N7: receiving and sending 200 MB needs no memory", "[http]") {
  ScriptedServer server(
      R"({"rules": [{"method": "GET", "body_size": 209715200}, {"method": "PUT", "status": 201}]})");
  const NetworkSettings settings;
  Client client(settings);
  client.send(get(server, "/none"), 0);
  const long before = peak_kilobytes();
  CountingTaker taker;
  taker.at_piece = [&] {
    if (taker.received < 200'000) std::this_thread::sleep_for(50ms);
  };
  CHECK_FALSE(client.send(get(server, "/"), taker).failure);
  CHECK(taker.received == 200 << 20);
  const EndlessBody body(200 << 20);
  Request request = get(server, "/up");
  request.method = Method::put;
  request.body = &body;
  CHECK(client.send(request, 100).outcome.head->status == 201);
  CHECK(server.record().back().at("body_size") == 200 << 20);
  // A sanitizer keeps freed memory for a while.
  CHECK(peak_kilobytes() - before < (test::under_sanitizer ? 100'000 : 20'000));
}

TEST_CASE("registry.md X5: heads and texts have limits", "[http]") {
  std::string many;
  for (int i = 0; i < 250; ++i) many += "X-Line: " + std::to_string(i) + "\\r\\n";
  ScriptedServer server(R"({"rules": [{"path": "/many", "raw": "HTTP/1.1 200 OK\r\n)" + many +
                        R"(\r\n"},
    {"path": "/large", "raw": "HTTP/1.1 200 OK\r\nX: )" +
                        std::string(70'000, 'x') + R"(\r\n\r\n"},
    {"path": "/text", "body": "0123456789"}]})");
  const NetworkSettings settings;
  Client client(settings);
  CHECK(kind_of(client.send(get(server, "/many"), 100).outcome) == Kind::header_too_large);
  CHECK(kind_of(client.send(get(server, "/large"), 100).outcome) == Kind::header_too_large);
  CHECK(client.send(get(server, "/text"), 10).body == "0123456789");
  const auto cut = client.send(get(server, "/text"), 9);
  CHECK(kind_of(cut.outcome) == Kind::body_too_large);
  CHECK(cut.outcome.head->status == 200);
}

TEST_CASE("registry.md N4: a redirect is an answer like any other", "[http]") {
  ScriptedServer server(R"({"listeners": {"main": {}, "second": {}},
    "rules": [{"status": 307, "headers": [["Location", "{second}/x?sig=a%2Fb"]]}, {"on": "second"}]})");
  const NetworkSettings settings;
  Client client(settings);
  const auto answer = client.send(get(server, "/"), 100);
  CHECK(answer.outcome.head->status == 307);
  CHECK(answer.outcome.head->headers.find("location") == server.url("/x?sig=a%2Fb", "second"));
  CHECK(server.record().size() == 1);
}

TEST_CASE("registry.md N4: a taker that wants no body, or throws, ends the exchange", "[http]") {
  ScriptedServer server(R"({"rules": [{"body_size": 209715200}]})");
  const NetworkSettings settings;
  Client client(settings);
  CountingTaker taker;
  taker.wanted = false;
  const Outcome outcome = client.send(get(server, "/"), taker);
  CHECK(outcome.head->status == 200);
  CHECK_FALSE(outcome.failure);
  CHECK(taker.received == 0);
  taker.wanted = true;
  taker.at_piece = [] { throw std::runtime_error("disk full"); };
  CHECK_THROWS_WITH(client.send(get(server, "/"), taker), "disk full");
}

TEST_CASE("registry.md U7: a body that ends before its size is an error, not a stall", "[http]") {
  class Shrunk final : public RequestBody {
    std::uint64_t size() const override { return 100; }
    std::unique_ptr<support::ByteSource> open() const override {
      return std::make_unique<support::MemorySource>("short");
    }
  };
  ScriptedServer server("{}");
  const NetworkSettings settings;
  Client client(settings);
  const Shrunk body;
  Request request = get(server, "/");
  request.method = Method::put;
  request.body = &body;
  CHECK_THROWS_WITH(client.send(request, 100), "the content to send ended after 5 of 100 bytes");
}

TEST_CASE("registry.md N1: a stop ends an exchange within a second, wherever it is", "[http]") {
  ScriptedServer server(
      R"({"rules": [{"path": "/silent", "silent": true}, {"path": "/stall", "body_size": 1000, "stall_out": 10}]})");
  const NetworkSettings settings;
  Client client(settings);
  const EndlessBody body(std::uint64_t{1} << 40);
  for (const char* path : {"/silent", "/stall", "/up"}) {
    INFO(path);
    std::stop_source stop;
    Clock::time_point asked;
    const std::jthread stopper([&] {
      std::this_thread::sleep_for(100ms);
      asked = Clock::now();
      stop.request_stop();
    });
    Request request = get(server, path);
    if (path == std::string("/up")) {
      request.method = Method::put;
      request.body = &body;
    }
    try {
      client.send(request, 100, stop.get_token());
      FAIL("it went on");
    } catch (const Error& error) {
      CHECK(error.code() == Errc::interrupted);
    }
    CHECK(Clock::now() - asked < 1s);
  }
}

TEST_CASE("registry.md N6: many threads share one client", "[http]") {
  ScriptedServer server(
      R"({"rules": [{"method": "GET", "body_size": 300000}, {"method": "PUT", "status": 201}]})");
  const NetworkSettings settings;
  Client client(settings);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const TextBody body(std::string(200'000, 'x'));
      for (int round = 0; round < 5; ++round) {
        CountingTaker taker;
        Request put = get(server, "/");
        put.method = Method::put;
        put.body = &body;
        client.send(get(server, "/"), taker);
        const auto sent = client.send(put, 100);
        if (taker.received == 300'000 && sent.outcome.head && sent.outcome.head->status == 201)
          ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(good == 80);
}

TEST_CASE("registry.md W4: a request to AWS is signed with its body", "[http]") {
  ScriptedServer server(R"({"rules": [{"body": "{}"}]})");
  const NetworkSettings settings;
  Client client(settings);
  const TextBody body("{}");
  Request request = get(server, "/");
  request.method = Method::post;
  request.body = &body;
  request.signature = {.region = "eu-central-1",
                       .service = "ecr",
                       .access_key_id = "AKIDEXAMPLE",
                       .secret_access_key = "secret/key"};
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken");
  CHECK(client.send(request, 100).outcome.head->status == 200);
  const auto seen = server.record().at(0);
  const std::string authorization = header_of(seen, "Authorization");
  INFO(authorization);
  CHECK(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
  CHECK(authorization.find("/eu-central-1/ecr/aws4_request, "
                           "SignedHeaders=content-type;host;x-amz-date;x-amz-target, ") !=
        std::string::npos);
  CHECK(seen.dump().find("secret/key") == std::string::npos);
  CHECK(seen.at("body") == "{}");
  CHECK(seen.at("method") == "POST");
}

TEST_CASE("registry.md N1: an offline client may be made, and asking it is our bug", "[http]") {
  const NetworkSettings settings{.offline = true};
  Client client(settings);
  try {
    client.send({.url = *Url::parse("http://localhost/")}, 100);
    FAIL("sent");
  } catch (const Error& error) {
    CHECK(error.code() == Errc::internal);
  }
}

}  // namespace ocibuild::http
