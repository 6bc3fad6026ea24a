// SPDX-License-Identifier: Apache-2.0
#include "registry/aws_credentials.hpp"

#include "aws_fixture.hpp"

using namespace ocibuild;
using namespace ocibuild::registry;
using test::AwsScript;
using test::has;
using test::keys_json;
using test::refusal_of;
using test::sts_json;

namespace {

const EcrName name = *parse_ecr_name("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
const std::string static_keys = "aws_access_key_id = AKIDPROFILE1\naws_secret_access_key = hUsH\n";

/// "ID of SOURCE" with the home left out, or what it is refused with.
std::string keys(AwsScript& aws) {
  std::string out;
  std::string refusal = refusal_of([&] {
    const AwsAccess access = aws.access();
    const AwsKeys found = find_aws_keys(access, name);
    out = found.access_key_id + " of " + found.source;
    test::check_tells_nothing(found.shown());
  });
  if (!refusal.empty()) out = refusal;
  const std::string home = aws.home.path().string();
  for (auto at = out.find(home); at != std::string::npos; at = out.find(home))
    out.replace(at, home.size(), "~");
  return out;
}

void set(AwsScript& aws, std::map<std::string, std::string> variables) {
  for (auto& [key, value] : variables) aws.environment[key] = value;
}

void config(AwsScript& aws, const std::string& text) {
  aws.home.write(".aws/config", text);
}

}  // namespace

TEST_CASE("registry.md W6: the first source that is configured wins", "[registry]") {
  AwsScript aws;
  aws.answers = {{.body = "session"}, {.body = "role\n"}, {.body = keys_json("AKIDINSTANCE")}};
  CHECK(keys(aws) == "AKIDINSTANCE of the instance's role \"role\"");
  set(aws, {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x"}});
  aws.answers = {{.body = keys_json("AKIDCONTAINER")}};
  CHECK(keys(aws) == "AKIDCONTAINER of the container's credentials at 169.254.170.2");
  config(aws, "[default]\n" + static_keys);
  CHECK(keys(aws) == "AKIDPROFILE1 of the AWS profile \"default\"");
  set(aws, {{"AWS_WEB_IDENTITY_TOKEN_FILE", aws.home.write("token", "jwt-hUsH\n")},
            {"AWS_ROLE_ARN", "arn:role"}});
  aws.answers = {{.body = sts_json("AssumeRoleWithWebIdentity", "AKIDWEB")}};
  CHECK(keys(aws) == "AKIDWEB of AWS_WEB_IDENTITY_TOKEN_FILE");
  set(aws, {{"AWS_ACCESS_KEY_ID", "AKIDVARIABLE"}, {"AWS_SECRET_ACCESS_KEY", "hUsH"}});
  CHECK(keys(aws) == "AKIDVARIABLE of AWS_ACCESS_KEY_ID");
}

TEST_CASE("registry.md W6.1, X3: of a key only the last four characters are shown", "[registry]") {
  AwsKeys shown{.access_key_id = "AKIAhUsHXXXXWXYZ", .source = "s"};
  CHECK(shown.shown() == "key …WXYZ of s");
  shown.access_key_id = "hUsH1234";
  CHECK(shown.shown() == "key … of s");
  shown.access_key_id = "";
  CHECK(shown.shown() == "s");
}

TEST_CASE("registry.md W6.1: half a key pair is an error and not passed over", "[registry]") {
  AwsScript aws;
  set(aws, {{"AWS_ACCESS_KEY_ID", "AKID"}});
  CHECK(keys(aws) ==
        "credentials-invalid: AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not\n");
  AwsScript other;
  set(other, {{"AWS_SECRET_ACCESS_KEY", "hUsH"}});
  CHECK(has(keys(other), "AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not"));
}

TEST_CASE("registry.md W6.2, W7: a web identity takes its role unsigned", "[registry]") {
  AwsScript aws;
  set(aws, {{"AWS_WEB_IDENTITY_TOKEN_FILE", aws.home.write("token", "jwt+hUsH\n")},
            {"AWS_ROLE_ARN", "arn:role"},
            {"AWS_ROLE_SESSION_NAME", "job"}});
  aws.answers = {{.status = 400, .body = R"({"Error": {"Code": "InvalidIdentityToken"}})"},
                 {.body = sts_json("AssumeRoleWithWebIdentity", "AKIDWEB")}};
  CHECK(keys(aws) == "AKIDWEB of AWS_WEB_IDENTITY_TOKEN_FILE");
  REQUIRE(aws.asked.size() == 2);
  CHECK(aws.asked[0] ==
        "POST https://sts.eu-west-1.amazonaws.com/ | Action=AssumeRoleWithWebIdentity&"
        "Version=2011-06-15&RoleArn=arn%3Arole&RoleSessionName=job&WebIdentityToken=jwt%2BhUsH");
  CHECK(aws.asked[1] == aws.asked[0]);

  aws.answers = {{.status = 400, .body = R"({"Error": {"Code": "InvalidIdentityToken"}})"},
                 {.status = 400, .body = R"({"Error": {"Code": "InvalidIdentityToken",
                                             "Message": "No OpenIDConnect provider"}})"}};
  CHECK(keys(aws) ==
        "auth-refused: Amazon refuses sts:AssumeRoleWithWebIdentity of arn:role with "
        "AWS_WEB_IDENTITY_TOKEN_FILE: InvalidIdentityToken\n"
        "note: Amazon says: \"No OpenIDConnect provider\"\n");
  set(aws, {{"AWS_REGION", "us-west-2"}, {"AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9/sts"}});
  aws.answers = {{.body = sts_json("AssumeRoleWithWebIdentity", "AKIDWEB")}};
  keys(aws);
  CHECK(aws.asked.back().starts_with("POST http://127.0.0.1:9/sts | "));
  set(aws, {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token"}});
  CHECK(has(keys(aws), "the token file \"/nowhere/token\" does not exist"));
  aws.environment.erase("AWS_ROLE_ARN");
  CHECK(has(keys(aws), "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not"));
}

TEST_CASE("registry.md W6.3: a profile with a role takes it with the keys of its source",
          "[registry]") {
  AwsScript aws;
  config(aws,
         "[profile dev]\nrole_arn = arn:dev\nsource_profile = base\nexternal_id = e1\n"
         "role_session_name = s1\nregion = us-west-2\n[profile base]\n" +
             static_keys + "aws_session_token = tok-hUsH\n");
  set(aws, {{"AWS_PROFILE", "dev"}});
  aws.answers = {{.body = sts_json("AssumeRole", "AKIDROLE")}};
  CHECK(keys(aws) == "AKIDROLE of the AWS profile \"dev\"");
  CHECK(aws.asked.back() ==
        "POST https://sts.us-west-2.amazonaws.com/ | X-Amz-Security-Token: tok-hUsH | "
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Adev&RoleSessionName=s1&ExternalId=e1 | "
        "signed us-west-2 sts AKIDPROFILE1 hUsH");

  aws.answers = {
      {.status = 403, .body = R"({"Error": {"Code": "AccessDenied", "Message": "no"}})"}};
  CHECK(keys(aws) ==
        "auth-refused: Amazon does not allow sts:AssumeRole with key …ILE1 of the AWS profile "
        "\"base\"\nnote: Amazon says: \"no\"\n");
}

TEST_CASE("registry.md W6.3: each form of a profile", "[registry]") {
  struct Row {
    std::string config;
    const char* result;
  };
  const Row rows[] = {
      {"[profile p]\nregion = r\n", "the AWS profile \"p\" has no credentials"},
      {"[profile q]\n",
       "the AWS profile \"p\" is neither in ~/.aws/credentials nor in "
       "~/.aws/config"},
      {"[profile p]\naws_access_key_id = AKID\n",
       "has only one of aws_access_key_id and aws_secret_access_key"},
      {"[profile p]\nrole_arn = a\n",
       "has a role_arn without source_profile, credential_source and web_identity_token_file"},
      {"[profile p]\nrole_arn = a\nsource_profile = q\n", "the AWS profile \"q\" is neither in"},
      {"[profile p]\nrole_arn = a\nsource_profile = q\n[profile q]\nrole_arn = b\n"
       "source_profile = p\n",
       "\"source_profile\" of the AWS profile \"p\" leads back to it"},
      {"[profile p]\nrole_arn = a\nsource_profile = p\n",
       "\"source_profile\" of the AWS profile \"p\" leads back to it"},
      {"[profile p]\nrole_arn = a\nsource_profile = q\nmfa_serial = m\n[profile q]\n" + static_keys,
       "needs a code of its mfa_serial"},
      {"[profile p]\nrole_arn = a\ncredential_source = Elsewhere\n",
       "is none of Environment, Ec2InstanceMetadata and EcsContainer"},
      {"[profile p]\nrole_arn = a\ncredential_source = Environment\n",
       "the AWS profile \"p\": the credential_source Environment has none"},
      {"[profile p]\nsso_session = s\n",
       "logs in by SSO, which only the AWS CLI does\nhelp: give another profile these two lines "
       "and "
       "choose it with AWS_PROFILE:\nhelp: [profile p-keys]\nhelp: credential_process = aws "
       "configure export-credentials --profile p\n"},
      {"[profile p]\ncredential_process = 'x\n", "has a quote without end"},
      {"[profile p]\ncredential_process = /nowhere/x\n",
       "helper-failed: credential_process of the AWS profile \"p\": \"/nowhere/x\" is not on PATH"},
      {"[profile p]\ncredential_process = sh -c 'echo hUsH; exit 4'\n",
       "\"sh\" ended with exit code 4"},
      {"[profile p]\ncredential_process = echo '{\"Version\": 2, \"AccessKeyId\": \"hUsH\"}'\n",
       "its answer is of another version than 1"},
      {"[profile p]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"hUsH\"}'\n",
       "its answer has no \"SecretAccessKey\""},
      {"[profile p]\ncredential_process = echo hUsH\n", "its answer is not valid JSON"},
      {"[profile p]\ncredential_process = echo '" + keys_json("AKIDPROC", "SessionToken") + "'\n",
       "AKIDPROC of the AWS profile \"p\""},
  };
  for (const Row& row : rows) {
    INFO(row.config);
    AwsScript aws;
    config(aws, row.config);
    set(aws, {{"AWS_DEFAULT_PROFILE", "p"}});
    CHECK(has(keys(aws), row.result));
    CHECK(aws.asked.empty());
  }
}

TEST_CASE("registry.md W6.3: a role may be taken with the keys of container or instance",
          "[registry]") {
  AwsScript aws;
  config(aws, "[default]\nrole_arn = a\ncredential_source = Ec2InstanceMetadata\n");
  aws.answers = {{.body = "session"},
                 {.body = "role"},
                 {.body = keys_json("AKIDINSTANCE")},
                 {.body = sts_json("AssumeRole", "AKIDROLE")}};
  CHECK(keys(aws) == "AKIDROLE of the AWS profile \"default\"");
  CHECK(has(aws.asked.back(), "signed eu-west-1 sts AKIDINSTANCE sec-hUsH"));
  config(aws, "[default]\nrole_arn = a\ncredential_source = EcsContainer\n");
  set(aws, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://x.example/y"}});
  aws.answers = {{.body = keys_json("AKIDCONTAINER")},
                 {.body = sts_json("AssumeRole", "AKIDROLE")}};
  CHECK(keys(aws) == "AKIDROLE of the AWS profile \"default\"");
  // A profile that is its own source has the keys itself.
  config(aws, "[default]\nrole_arn = a\nsource_profile = default\n" + static_keys);
  aws.answers = {{.body = sts_json("AssumeRole", "AKIDROLE")}};
  CHECK(keys(aws) == "AKIDROLE of the AWS profile \"default\"");
  CHECK(has(aws.asked.back(), "signed eu-west-1 sts AKIDPROFILE1 hUsH"));
}

TEST_CASE("registry.md W6.4: a container's endpoint must be safe for plain HTTP", "[registry]") {
  struct Row {
    const char* uri;
    bool asked;
  };
  for (const Row& row :
       {Row{"https://x.example/y", true}, Row{"http://localhost:80/y", true},
        Row{"http://127.0.0.1/y", true}, Row{"http://[::1]/y", true},
        Row{"http://169.254.170.2/y", true}, Row{"http://169.254.170.23/v1/credentials", true},
        Row{"http://[fd00:ec2::23]/v1", true}, Row{"http://x.example/y", false},
        Row{"http://169.254.170.22/y", false}, Row{"http://10.0.0.1/y", false},
        Row{"ftp://127.0.0.1/", false}, Row{"http://u:hUsH@127.0.0.1/", false}}) {
    INFO(row.uri);
    AwsScript aws;
    set(aws, {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", row.uri},
              {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "auth-hUsH"}});
    aws.answers = {{.body = keys_json("AKIDCONTAINER")}};
    const std::string result = keys(aws);
    CHECK(result.starts_with("AKIDCONTAINER of ") == row.asked);
    CHECK(aws.asked ==
          (row.asked ? std::vector<std::string>{"metadata GET " + http::Url::parse(row.uri)->str() +
                                                " | Authorization: auth-hUsH"}
                     : std::vector<std::string>{}));
  }
}

TEST_CASE("registry.md W6.4: a container's token is read each time, its failure is an error",
          "[registry]") {
  AwsScript aws;
  const std::string file = aws.home.write("token", "one-hUsH\n");
  set(aws, {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "variable"},
            {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file}});
  aws.answers = {{.body = keys_json("AKID")}, {.body = keys_json("AKID")}};
  keys(aws);
  aws.home.write("token", "two-hUsH\n");
  keys(aws);
  CHECK(has(aws.asked[0], "Authorization: one-hUsH"));
  CHECK(has(aws.asked[1], "Authorization: two-hUsH"));
  aws.home.write("token", "a\nhUsH: b");
  CHECK(has(keys(aws), "has control characters"));
  aws.home.write("token", "t");
  aws.answers = {{.status = 500}, {.status = 503}};
  CHECK(has(keys(aws), "the container's credentials at 169.254.170.2: status 503 to the request"));
  aws.answers = {{.body = R"({"AccessKeyId": "hUsH"})"}};
  CHECK(has(keys(aws), "the answer has no \"SecretAccessKey\""));
  set(aws, {{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/nowhere"}});
  CHECK(has(keys(aws), "/nowhere of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE does not exist"));
}

TEST_CASE("registry.md W6.5: an instance is asked with a session token, twice at most",
          "[registry]") {
  AwsScript aws;
  aws.answers = {{.status = 0},
                 {.body = "session-hUsH\n"},
                 {.body = "my-role\nother"},
                 {.body = R"({"Code": "Success", "AccessKeyId": "AKIDI", "SecretAccessKey": "hUsH",
                              "Token": "hUsH"})"}};
  CHECK(keys(aws) == "AKIDI of the instance's role \"my-role\"");
  const std::string put =
      "metadata PUT http://169.254.169.254/latest/api/token | "
      "X-aws-ec2-metadata-token-ttl-seconds: 21600";
  const std::string get =
      "metadata GET http://169.254.169.254/latest/meta-data/iam/security-credentials/";
  const std::string token = " | X-aws-ec2-metadata-token: session-hUsH";
  CHECK(aws.asked == std::vector<std::string>{put, put, get + token, get + "my-role" + token});

  aws.answers = {{.body = "s"}, {.body = "r"}, {.body = R"({"Code": "Failed hUs"})"}};
  CHECK(has(keys(aws), "the instance's role \"r\": the answer says \"Failed hUs\""));
  aws.answers = {{.body = "s"}, {.body = "../x"}};
  CHECK(has(keys(aws), "instance metadata: the instance has no role"));
  set(aws, {{"AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://[fd00:ec2::254]"}});
  aws.answers = {{.body = "s"}, {.status = 404}};
  CHECK(has(keys(aws), "status 404 to the question for the instance's role"));
  CHECK(has(aws.asked.back(), "GET http://[fd00:ec2::254]/latest/meta-data"));
}

TEST_CASE("registry.md W6.6: without any source all that was looked at is listed", "[registry]") {
  AwsScript aws;
  CHECK(keys(aws) ==
        "auth-needed: no AWS credentials were found\n"
        "note: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: not set\n"
        "note: AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN: not set\n"
        "note: profile in ~/.aws/credentials and ~/.aws/config: none with credentials\n"
        "note: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and …_FULL_URI: not set\n"
        "note: instance metadata: no answer to the request for a token\n"
        "help: aws configure, or: aws ecr get-login-password | ocibuild login --username AWS "
        "--password-stdin HOST\n");
  CHECK(aws.asked.size() == 2);
  set(aws, {{"AWS_EC2_METADATA_DISABLED", "true"}});
  CHECK(has(keys(aws), "instance metadata: AWS_EC2_METADATA_DISABLED is true"));
  CHECK(aws.asked.size() == 2);
}
