// SPDX-License-Identifier: Apache-2.0
#include "registry/ecr.hpp"

#include <ctime>

#include "aws_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::AwsScript;
using test::has;
using test::refusal_of;

namespace {

const std::string host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

/// Services for somebody with keys.
struct Keyed : AwsScript {
  Keyed() {
    environment = {{"AWS_ACCESS_KEY_ID", "AKIDVARIABLE"}, {"AWS_SECRET_ACCESS_KEY", "hUsH"}};
  }
};

std::string token_answer(double seconds_left = 43200) {
  return R"({"authorizationData": [{"authorizationToken": ")" +
         support::encode_base64("AWS:pass-hUsH") + R"(", "expiresAt": )" +
         std::to_string(static_cast<double>(std::time(nullptr)) + seconds_left) +
         R"(, "proxyEndpoint": "https://elsewhere"}]})";
}

std::string fault(const std::string& type, const std::string& message = "words") {
  return R"({"__type": ")" + type + R"(", "message": ")" + message + R"("})";
}

std::string date_after(std::int64_t seconds) {
  const std::time_t when = std::time(nullptr) + seconds;
  std::tm parts{};
  ::gmtime_r(&when, &parts);
  char text[64];
  std::strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

}  // namespace

TEST_CASE("registry.md W4: a login is one signed call, kept until shortly before its end",
          "[registry]") {
  Keyed aws;
  aws.environment["AWS_SESSION_TOKEN"] = "tok-hUsH";
  Ecr ecr(aws.access());
  aws.answers = {{.body = token_answer()}};
  const auto login = ecr.login(host);
  REQUIRE(login);
  CHECK(login->user == "AWS");
  CHECK(login->password == "pass-hUsH");
  CHECK(login->source == "Amazon ECR, key …ABLE of AWS_ACCESS_KEY_ID");
  CHECK(aws.asked ==
        std::vector<std::string>{
            "POST https://api.ecr.eu-west-1.amazonaws.com/ | X-Amz-Target: "
            "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken | X-Amz-Security-Token: "
            "tok-hUsH | {} | signed eu-west-1 ecr AKIDVARIABLE hUsH"});
  CHECK(ecr.login(host)->password == "pass-hUsH");
  CHECK(aws.asked.size() == 1);
  ecr.forget(host);
  aws.answers = {{.body = token_answer(301)}};
  ecr.login(host);
  CHECK(aws.asked.size() == 2);
  CHECK_FALSE(ecr.login("ghcr.io"));
}

TEST_CASE("registry.md W3: variables replace the endpoint", "[registry]") {
  Keyed aws;
  aws.environment["AWS_ENDPOINT_URL"] = "https://all.example/x";
  aws.answers = {{.body = token_answer()}};
  Ecr(aws.access()).login(host);
  CHECK(aws.asked.back().starts_with("POST https://all.example/x | "));
  aws.environment["AWS_ENDPOINT_URL_ECR"] = "https://ecr.example/";
  aws.answers = {{.body = token_answer()}};
  Ecr(aws.access()).login(host);
  CHECK(aws.asked.back().starts_with("POST https://ecr.example/ | "));
  aws.environment["AWS_ENDPOINT_URL_ECR"] = "nonsense";
  CHECK(has(refusal_of([&] { Ecr(aws.access()).login(host); }), "is no URL"));
}

TEST_CASE("registry.md W1: the public gallery is asked by its own names", "[registry]") {
  Keyed aws;
  aws.answers = {{.body = R"({"authorizationData": {"authorizationToken": ")" +
                          support::encode_base64("AWS:p") + R"("}})"}};
  CHECK(Ecr(aws.access()).login("public.ecr.aws")->password == "p");
  CHECK(aws.asked.back() ==
        "POST https://api.ecr-public.us-east-1.amazonaws.com/ | X-Amz-Target: "
        "SpencerFrontendService.GetAuthorizationToken | {} | signed us-east-1 ecr-public "
        "AKIDVARIABLE hUsH");
}

TEST_CASE("registry.md W5: refusals say who, what and why", "[registry]") {
  const std::string who = "with key …ABLE of AWS_ACCESS_KEY_ID";
  struct Row {
    AwsScript::Answer answer;
    std::string said;
    std::size_t asked;
  };
  const Row rows[] = {
      {{400, fault("com.amazon#AccessDeniedException", "User x may not")},
       "auth-refused: Amazon does not allow ecr:GetAuthorizationToken " + who +
           "\nnote: Amazon says: \"User x may not\"\n",
       1},
      {{400, R"({"__type": "ExpiredTokenException", "Message": "old"})"},
       "auth-refused: Amazon refuses ecr:GetAuthorizationToken " + who +
           ": ExpiredTokenException\nnote: Amazon says: \"old\"\n",
       1},
      {{400, fault("UnrecognizedClientException")}, "UnrecognizedClientException", 1},
      {{400, fault("IncompleteSignatureException")}, "IncompleteSignatureException", 1},
      {{400, fault("InvalidSignatureException"), date_after(0)},
       "auth-refused: Amazon refuses ecr:GetAuthorizationToken",
       1},
      {{400, fault("InvalidSignatureException"), date_after(3630)},
       "tls-clock: this machine's clock is 60 minutes behind\nnote: "
       "api.ecr.eu-west-1.amazonaws.com refuses what is signed with such a time\nhelp: set the "
       "clock\n",
       1},
      {{400, fault("RequestExpired"), date_after(-7230)},
       "tls-clock: this machine's clock is 120 minutes ahead",
       1},
      {{400, fault("ThrottlingException")}, "registry-unavailable: ", 3},
      {{503, "<html>"}, "registry-unavailable: ", 3},
      {{418, "hUsH"},
       "registry-refused: ecr:GetAuthorizationToken: "
       "api.ecr.eu-west-1.amazonaws.com answers with status 418\n",
       1},
      {{0},
       "registry-unavailable: ecr:GetAuthorizationToken: no answer from "
       "api.ecr.eu-west-1.amazonaws.com: refused\n",
       3},
      {{200, "{}"}, "has no \"authorizationToken\"", 1},
      {{200, R"({"authorizationData": []})"}, "has no \"authorizationToken\"", 1},
      {{200, "hUsH"}, "is not valid JSON", 1},
      {{200, R"({"authorizationData": [{"authorizationToken": "*hUsH"}]})"},
       "holds no user and password",
       1},
  };
  for (const Row& row : rows) {
    INFO(row.answer.status << ' ' << row.answer.body);
    Keyed aws;
    aws.answers = {row.answer, row.answer, row.answer, row.answer};
    CHECK(has(refusal_of([&] { Ecr(aws.access()).login(host); }), row.said));
    CHECK(aws.asked.size() == row.asked);
  }
}

TEST_CASE("registry.md W5: a throttled login is repeated", "[registry]") {
  Keyed aws;
  aws.answers = {{400, fault("ThrottlingException")}, {503}, {.body = token_answer()}};
  CHECK(Ecr(aws.access()).login(host)->user == "AWS");
  CHECK(aws.asked.size() == 3);
}

TEST_CASE("registry.md W8: a missing repository is made with nothing else set", "[registry]") {
  Keyed aws;
  aws.answers = {{400, fault("RepositoryNotFoundException")}, {200, "{}"}};
  CHECK(Ecr(aws.access()).ensure_repository(host, "team/app") ==
        "created repository team/app in 123456789012/eu-west-1");
  REQUIRE(aws.asked.size() == 2);
  CHECK(has(aws.asked[0], ".DescribeRepositories | {\"repositoryNames\":[\"team/app\"]} | signed"));
  CHECK(has(aws.asked[1], ".CreateRepository | {\"repositoryName\":\"team/app\"} | signed"));
}

TEST_CASE("registry.md W8: a repository that is there is left alone", "[registry]") {
  Keyed aws;
  aws.answers = {{200, "{}"}};
  CHECK_FALSE(Ecr(aws.access()).ensure_repository(host, "app"));
  CHECK(aws.asked.size() == 1);
  aws.answers = {{400, fault("RepositoryNotFoundException")},
                 {400, fault("RepositoryAlreadyExistsException")}};
  CHECK_FALSE(Ecr(aws.access()).ensure_repository(host, "app"));
}

TEST_CASE("registry.md W8: who may not create is told the command that would", "[registry]") {
  Keyed aws;
  aws.answers = {{400, fault("AccessDeniedException")},
                 {400, fault("AccessDeniedException", "no policy")}};
  CHECK(refusal_of([&] { Ecr(aws.access()).ensure_repository(host, "app"); }) ==
        "push-denied: the repository app does not exist in 123456789012/eu-west-1, and "
        "ecr:CreateRepository is not allowed with key …ABLE of AWS_ACCESS_KEY_ID\n"
        "note: Amazon says: \"no policy\"\n"
        "help: aws ecr create-repository --region eu-west-1 --registry-id 123456789012 "
        "--repository-name app\n");
  aws.answers = {{400, fault("ServerException")}};
  CHECK(has(refusal_of([&] { Ecr(aws.access()).ensure_repository(host, "app"); }),
            "registry-refused: ecr:DescribeRepositories"));
}
