// SPDX-License-Identifier: Apache-2.0
#include <ocibuild/doctor.hpp>

#include "support/catch.hpp"
#include "support/temp_dir.hpp"

using namespace ocibuild;

TEST_CASE("registry.md E5.1: hosts and images are told apart, docker.io stands in for nothing",
          "[build]") {
  DoctorRequest request;
  request.network.offline = true;
  request.names = {"ghcr.io",     "localhost:5000", "[::1]:5000", "alpine:3",
                   "alpine:3.20", "quay.io/a/b",    "ghcr.io"};
  std::vector<std::string> hosts;
  std::vector<std::string> images;
  for (const DoctorSubject& subject : doctor(request).subjects)
    (subject.kind == DoctorSubject::Kind::host ? hosts : images).push_back(subject.name);
  CHECK(hosts == std::vector<std::string>{"ghcr.io", "localhost:5000", "[::1]:5000"});
  CHECK(images == std::vector<std::string>{"alpine:3", "alpine:3.20", "quay.io/a/b:latest"});
  request.names = {"[::1]:5000", "[::1]:5000"};
  CHECK(doctor(request).subjects.at(0).sources.at(0).host == "[::1]:5000");
  request.names = {};
  CHECK(doctor(request).subjects.at(0).sources.at(0).host == "registry-1.docker.io:443");
  request.network.mirrors = {{.location = "one.test/hub"}, {.location = "two.test"}};
  const DoctorResult mirrored = doctor(request);
  const auto& sources = mirrored.subjects.at(0).sources;
  REQUIRE(sources.size() == 3);
  CHECK(sources[0].repository == "hub");
  CHECK(sources[1].repository.empty());
  CHECK(sources[2].host == "registry-1.docker.io:443");
  CHECK(mirrored.rules.at(0).instead == "one.test/hub");
  CHECK(mirrored.rules.at(1).instead == "two.test");
  request.names = {"Bad/name"};
  CHECK_THROWS_AS(doctor(request), Error);
}

TEST_CASE("registry.md E5.1, E5.6, R5: bases by their resolved names, and files of ADD, are listed",
          "[build]") {
  test::TempDir dir;
  const std::string checksum = "--checksum=sha256:" + std::string(64, 'a');
  dir.write("Dockerfile", "FROM tool AS a\nFROM scratch\nARG V=1\nCOPY --from=a /x /x\nCOPY " +
                              std::string("--from=other /y /y\nADD ") + checksum +
                              " https://files.test/x-$V?s=1 /\nADD https://unverified.test/x /\n");
  DoctorRequest request;
  request.network.offline = true;
  request.network.registries_conf = {
      dir.write("registries.conf", "unqualified-search-registries = [\"quay.test\"]\n")};
  request.names = {"short:1"};
  request.build = BuildRequest{.store = dir / "store",
                               .context = dir.path(),
                               .build_contexts = {{"other:latest", Reference::parse("img.test/o")}},
                               .network = request.network};
  const DoctorResult result = doctor(request);
  std::vector<std::string> names;
  for (const DoctorSubject& subject : result.subjects) names.push_back(subject.name);
  CHECK(names == std::vector<std::string>{"quay.test/tool:latest", "img.test/o:latest",
                                          "https://files.test/x-1?…", "quay.test/short:1"});
  CHECK(result.subjects.at(2).kind == DoctorSubject::Kind::file);
  CHECK(result.hosts ==
        std::vector<std::string>{"quay.test:443", "img.test:443", "files.test:443"});
}

TEST_CASE("registry.md E5.1: a URL that a missing base has a part in is told of and not asked for",
          "[build]") {
  test::TempDir dir;
  const std::string add = "ADD --checksum=sha256:" + std::string(64, 'a') + ' ';
  dir.write("Dockerfile", "FROM img.test/tool\nARG HOST=files.test\n" + add +
                              "https://$HOST/$VERSION/x?key=$KEY /\n" + add + "$MIRROR/y /\n" +
                              add + "https://user:secret@$HOST/$VERSION?z /\n" + add +
                              "https://sure.test/z $APP_HOME/\n" + add + "no-url $APP_HOME/\n");
  DoctorRequest request;
  request.network.offline = true;
  request.build =
      BuildRequest{.store = dir / "store", .context = dir.path(), .network = request.network};
  const DoctorResult result = doctor(request);
  std::vector<std::string> names;
  for (const DoctorSubject& subject : result.subjects)
    names.push_back((subject.unknown ? "? " : "") + subject.name);
  CHECK(names == std::vector<std::string>{"img.test/tool:latest",
                                          "? https://files.test/${VERSION}/x?…", "? ${MIRROR}/y",
                                          "? …@files.test/${VERSION}?…", "https://sure.test/z"});
  CHECK(result.hosts ==
        std::vector<std::string>{"img.test:443", "files.test:443", "sure.test:443"});
  CHECK(result.subjects.at(1).works());
  CHECK(result.problem_count() == 0);
}
