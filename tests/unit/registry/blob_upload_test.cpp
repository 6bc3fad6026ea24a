// SPDX-License-Identifier: Apache-2.0
#include "registry/blob_upload.hpp"

#include <ocibuild/error.hpp>

#include "oci/hasher.hpp"
#include "support/catch.hpp"
#include "support/scripted_server.hpp"

namespace ocibuild::registry {

namespace {

using test::ScriptedServer;

constexpr const char* script = R"({"listeners": {"main": {}}, "rules": []})";

NetworkSettings quick() {
  NetworkSettings settings;
  settings.retries = 1;
  settings.retry_delay = std::chrono::milliseconds(1);
  return settings;
}

/// A repository "t/app" of the server, and how it is talked to.
struct Fixture {
  explicit Fixture(std::string_view rules) { server.rules(rules); }

  std::vector<std::string> asked() {
    std::vector<std::string> out;
    for (const auto& request : server.record()) {
      out.push_back(request["method"].get<std::string>() + ' ' +
                    request["target"].get<std::string>());
    }
    return out;
  }

  ScriptedServer server{script};
  NetworkSettings settings = quick();
  Network network{settings, {}};
  Session session{network,
                  {.registry = "127.0.0.1:" + std::to_string(server.port()),
                   .repository = "t/app",
                   .insecure = true},
                  Purpose::push};
};

constexpr const char* sessions = R"([{"method": "POST", "path": "/v2/t/app/blobs/uploads/*",
  "status": 202, "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]}])";

const Digest digest = oci::sha256("blob");

class TextContent final : public BlobContent {
public:
  explicit TextContent(std::string text) : text_(std::move(text)) {}
  std::unique_ptr<support::ByteSource> open(std::uint64_t offset) const override {
    return std::make_unique<support::MemorySource>(std::string_view(text_).substr(offset));
  }

private:
  std::string text_;
};

/// As often as `failures`, what it is read from begins anew, after it was read `before` times.
class RestartingContent final : public BlobContent {
public:
  explicit RestartingContent(unsigned failures, unsigned before = 0)
      : failures_(failures), before_(before) {}
  std::unique_ptr<support::ByteSource> open(std::uint64_t) const override {
    const unsigned n = opened_++;
    if (n >= before_ && n < before_ + failures_) return std::make_unique<Restarting>();
    return std::make_unique<support::MemorySource>(std::string_view("blob"));
  }

private:
  struct Restarting final : support::ByteSource {
    std::size_t read(std::span<std::byte>) override { throw ContentRestarted(); }
  };
  const unsigned failures_;
  const unsigned before_;
  mutable unsigned opened_ = 0;
};

std::string id_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.diagnostic().id;
  }
  return "no error";
}

}  // namespace

TEST_CASE("registry.md U10: a session is used for five minutes", "[registry]") {
  const OpenUpload upload;
  CHECK(upload.is_fresh(upload.opened + std::chrono::seconds(299)));
  CHECK_FALSE(upload.is_fresh(upload.opened + std::chrono::seconds(300)));
}

TEST_CASE("registry.md M1: nothing is mounted from the destination itself", "[registry]") {
  Fixture f("[]");
  CHECK_FALSE(may_mount(f.session, "t/app"));
  CHECK(may_mount(f.session, "t/base"));
}

TEST_CASE("registry.md M3: two mounts in a row that are ignored are enough", "[registry]") {
  Fixture f(R"([{"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "HEAD", "path": "/v2/t/base/*", "status": 200}])");
  CHECK(mount_blob(f.session, digest, "t/base"));
  CHECK(may_mount(f.session, "t/base"));
  CHECK(mount_blob(f.session, digest, "t/other"));
  CHECK_FALSE(may_mount(f.session, "t/base"));
  CHECK_FALSE(may_mount(f.session, "t/third"));
}

TEST_CASE("registry.md M3: it says nothing that a blob which its source lacks is not mounted",
          "[registry]") {
  Fixture f(sessions);  // a HEAD is answered with 404
  for (int i = 0; i < 3; ++i) CHECK(mount_blob(f.session, digest, "t/base"));
  CHECK(may_mount(f.session, "t/other"));
  CHECK(f.asked().at(1) == "HEAD /v2/t/base/blobs/" + digest.str());
}

TEST_CASE("registry.md M3: a mount that works in between counts anew", "[registry]") {
  Fixture f(R"([{"method": "POST", "times": 1, "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "POST", "times": 1, "path": "/v2/*", "status": 201},
                {"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/2"]]},
                {"method": "HEAD", "path": "/v2/*", "status": 200}])");
  CHECK(mount_blob(f.session, digest, "t/base"));
  CHECK_FALSE(mount_blob(f.session, digest, "t/base"));
  CHECK(mount_blob(f.session, digest, "t/base"));
  CHECK(may_mount(f.session, "t/base"));
}

TEST_CASE("registry.md M2: a source that failed is not asked again, others are", "[registry]") {
  Fixture f(R"([{"method": "POST", "times": 1, "path": "/v2/*", "status": 403},
                {"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]}])");
  const auto session = mount_blob(f.session, digest, "t/base");
  REQUIRE(session);
  CHECK(session->location.path == "/v2/t/app/blobs/uploads/1");
  CHECK_FALSE(may_mount(f.session, "t/base"));
  CHECK(may_mount(f.session, "t/other"));
}

TEST_CASE("registry.md U8: a session is given up once, and nobody logs in for it", "[registry]") {
  Fixture f(R"([{"method": "DELETE", "path": "/v2/*", "status": 401, "headers":
    [["WWW-Authenticate", "Bearer realm=\"{main}/token\",scope=\"repository:t/app:delete\""]]}])");
  cancel_upload(f.session, {f.session.url("blobs/uploads/1")});
  CHECK(f.asked() == std::vector<std::string>{"DELETE /v2/t/app/blobs/uploads/1"});
}

TEST_CASE(
    "registry.md U5, U6.3: pieces are no smaller than wanted, and go on where the registry is",
    "[registry]") {
  const Descriptor blob{.media_type = "", .digest = digest, .size = 4};
  const std::string opened = R"({"method": "POST", "path": "/v2/*", "status": 202, "headers":
      [["Location", "/v2/t/app/blobs/uploads/1"], ["OCI-Chunk-Min-Length", "20000000"]]},
      {"method": "PUT", "path": "/v2/*", "times": 1, "status": 413},)";
  const std::string lost = R"({"method": "PATCH", "path": "/v2/*", "times": TIMES, "status": 416,
      "headers": [["Range", "0-0"], ["Location", "/v2/t/app/blobs/uploads/2"]]},)";
  const std::string taken = R"({"method": "PATCH", "path": "/v2/*", "status": 202,
      "headers": [["Location", "/v2/t/app/blobs/uploads/3"]]},
      {"method": "PUT", "path": "/v2/*", "status": 201}])";
  const auto rules = [&](const char* times) {
    std::string text = lost;
    text.replace(text.find("TIMES"), 5, times);
    return '[' + opened + text + taken;
  };
  {
    Fixture f(rules("2"));
    CHECK_NOTHROW(upload_blob(f.session, blob, TextContent("blob"), {}));
    CHECK(f.asked().back().starts_with("PUT /v2/t/app/blobs/uploads/3?digest="));
  }
  {
    Fixture f(rules("9"));
    CHECK(id_of([&] { upload_blob(f.session, blob, TextContent("blob"), {}); }) ==
          "registry-refused");
    std::size_t patches = 0;
    for (const std::string& request : f.asked()) patches += request.starts_with("PATCH");
    CHECK(patches == 3);
  }
  {
    const std::string content(17 << 20, 'x');  // more than a piece of ours
    const Descriptor large{
        .media_type = "", .digest = oci::sha256(content), .size = content.size()};
    Fixture f('[' + opened + taken);
    CHECK_NOTHROW(upload_blob(f.session, large, TextContent(content), {}));
    CHECK(f.asked().size() == 6);  // POST, PUT, DELETE; POST, one PATCH, PUT
  }
}

TEST_CASE("registry.md U8: a session is given up also after a stop, and in two seconds at most",
          "[registry]") {
  Fixture f(R"([{"method": "DELETE", "path": "/v2/t/app/blobs/uploads/1", "status": 204},
                {"method": "DELETE", "path": "/v2/t/app/blobs/uploads/2", "silent": true}])");
  std::stop_source stopped;
  stopped.request_stop();
  Network network(f.settings, stopped.get_token());
  Session session(network, f.session.source(), Purpose::push);
  const auto began = std::chrono::steady_clock::now();
  cancel_upload(session, {session.url("blobs/uploads/1")});
  CHECK(f.asked().back() == "DELETE /v2/t/app/blobs/uploads/1");
  cancel_upload(session, {session.url("blobs/uploads/2")});
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(4));
}

TEST_CASE("registry.md U8: an upload that fails gives its session up", "[registry]") {
  Fixture f(R"([{"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "PUT", "path": "/v2/*", "status": 403}])");
  const Descriptor blob{.media_type = "", .digest = digest, .size = 4};
  CHECK(id_of([&] { upload_blob(f.session, blob, TextContent("blob"), {}); }) == "push-denied");
  CHECK(f.asked().back() == "DELETE /v2/t/app/blobs/uploads/1");
}

TEST_CASE("registry.md U7: content that changed is told from bytes changed on the way",
          "[registry]") {
  Fixture f(R"([{"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "PUT", "path": "/v2/*", "status": 400,
                 "body": "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}"}])");
  const Descriptor blob{.media_type = "", .digest = digest, .size = 4};
  CHECK(id_of([&] { upload_blob(f.session, blob, TextContent("blub"), {}); }) == "source-changed");
  CHECK(id_of([&] { upload_blob(f.session, blob, TextContent("blob"), {}); }) == "upload-corrupt");
}

TEST_CASE("registry.md M4, Y4: content that begins anew gets a new session, five at most",
          "[registry]") {
  Fixture f(R"([{"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "PUT", "path": "/v2/*", "status": 201}])");
  const Descriptor blob{.media_type = "", .digest = digest, .size = 4};
  CHECK_NOTHROW(upload_blob(f.session, blob, RestartingContent(4), {}));
  CHECK(id_of([&] { upload_blob(f.session, blob, RestartingContent(5), {}); }) == "upload-broken");
}

TEST_CASE("registry.md U7, M4.2: a source that begins anew while it is checked is sent once more",
          "[registry]") {
  Fixture f(R"([{"method": "POST", "path": "/v2/*", "status": 202,
                 "headers": [["Location", "/v2/t/app/blobs/uploads/1"]]},
                {"method": "PUT", "path": "/v2/*", "times": 1, "status": 400,
                 "body": "{\"errors\":[{\"code\":\"DIGEST_INVALID\"}]}"},
                {"method": "PUT", "path": "/v2/*", "status": 201}])");
  const Descriptor blob{.media_type = "", .digest = digest, .size = 4};
  CHECK_NOTHROW(upload_blob(f.session, blob, RestartingContent(1, 1), {}));
}

TEST_CASE("registry.md U10, W8: Amazon's registry gets the repository that a push lacks, once",
          "[registry]") {
  ScriptedServer server(R"({"listeners": {"main": {}, "proxy": {"handler": "proxy",
      "to": {"123456789012.dkr.ecr.eu-west-1.amazonaws.com:443": "main"}}},
    "rules": [
      {"method": "POST", "path": "/", "times": 1, "status": 200, "body":
        "{\"authorizationData\":[{\"authorizationToken\":\"QVdTOmhVc0g=\",\"expiresAt\":9e12}]}"},
      {"method": "POST", "path": "/", "times": 1, "status": 400,
       "body": "{\"__type\":\"RepositoryNotFoundException\"}"},
      {"method": "POST", "path": "/", "times": 1, "status": 200, "body": "{}"},
      {"method": "POST", "times": 1, "status": 404,
       "body": "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}"},
      {"method": "POST", "times": 1, "status": 202,
       "headers": [["Location", "/v2/app/blobs/uploads/1"]]},
      {"method": "POST", "status": 404,
       "body": "{\"errors\":[{\"code\":\"NAME_UNKNOWN\"}]}"}]})");
  const std::string registry = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";
  NetworkSettings settings = quick();
  settings.proxies.all = {server.url("", "proxy"), "ALL_PROXY"};
  settings.insecure_registries = {registry};
  settings.credentials.environment = {{"AWS_ACCESS_KEY_ID", "AKIDUSABLE"},
                                      {"AWS_SECRET_ACCESS_KEY", "hUsH"},
                                      {"AWS_ENDPOINT_URL_ECR", server.url("/")}};
  Network network(settings, {});
  std::vector<std::string> told;
  network.repeater().observe([&](const Retrying& retrying) { told.push_back(retrying.reason); });
  Session session(network, {registry, "app", true}, Purpose::push);
  CHECK(open_upload(session).location.path == "/v2/app/blobs/uploads/1");
  CHECK(told == std::vector<std::string>{"created repository app in 123456789012/eu-west-1"});

  settings.create_repository = false;
  CHECK(id_of([&] { open_upload(session); }) == "repository-missing");
}

}  // namespace ocibuild::registry
