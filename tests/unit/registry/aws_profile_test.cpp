// SPDX-License-Identifier: Apache-2.0
#include "registry/aws_profile.hpp"

#include "support/catch.hpp"

using namespace ocibuild::registry;

TEST_CASE("registry.md W6: INI files are read as Amazon's tools write them", "[registry]") {
  const auto sections = parse_ini(
      "ignored = before any section\n# comment\n; comment\n[default]\r\nAWS_Access_Key_ID = AKID "
      "\r\n  nested = no\ns3 =\n  max = 1\n[profile a b]\nregion=eu-west-1\n[ profile  \"x\" ]\n"
      "secret = a=b#c;d\nno sign\n[open\nlost = 1\n[default]\nmore = 1");
  CHECK(sections == std::map<std::string, AwsProfile>{
                        {"default", {{"aws_access_key_id", "AKID"}, {"s3", ""}, {"more", "1"}}},
                        {"profile a b", {{"region", "eu-west-1"}}},
                        {"profile x", {{"secret", "a=b#c;d"}}}});
}

TEST_CASE("registry.md W6.3: a profile is made of both files, the credentials file first",
          "[registry]") {
  const auto credentials = parse_ini("[default]\nk = c\n[dev]\nk = c\n[profile odd]\nk = c\n");
  const auto config =
      parse_ini("[default]\nk = x\nr = 1\n[profile dev]\nk = x\nr = 2\n[bare]\nk = x\n");
  CHECK(find_profile(credentials, config, "default") == AwsProfile{{"k", "c"}, {"r", "1"}});
  CHECK(find_profile(credentials, config, "dev") == AwsProfile{{"k", "c"}, {"r", "2"}});
  CHECK_FALSE(find_profile(credentials, config, "bare"));
  CHECK_FALSE(find_profile(credentials, config, "odd"));
  CHECK(find_profile({}, parse_ini("[profile default]\nk = p\n[default]\nk = d\n"), "default") ==
        AwsProfile{{"k", "p"}});
}

TEST_CASE("registry.md W6.3: a credential_process is split into words without a shell",
          "[registry]") {
  using Words = std::vector<std::string>;
  CHECK(split_words("a  b\tc ") == Words{"a", "b", "c"});
  CHECK(split_words(R"("/opt/my tool" --x='a "b"' "c\"d" e\ f)") ==
        Words{"/opt/my tool", "--x=a \"b\"", "c\"d", "e f"});
  CHECK(split_words(R"('a\b' "" $HOME;`x`)") == Words{"a\\b", "", "$HOME;`x`"});
  CHECK_FALSE(split_words("a 'b"));
  CHECK_FALSE(split_words("a \"b"));
  CHECK_FALSE(split_words("  "));
}
