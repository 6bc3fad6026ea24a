// SPDX-License-Identifier: Apache-2.0
#include "registry/ecr_name.hpp"

#include "support/catch.hpp"

using namespace ocibuild::registry;

TEST_CASE("registry.md W1, W3: a host name tells region, partition and endpoint", "[registry]") {
  struct Row {
    const char* host;
    const char* endpoint;
    const char* sts;
  };
  for (const Row& row : {
           Row{"123456789012.dkr.ecr.eu-west-1.amazonaws.com",
               "https://api.ecr.eu-west-1.amazonaws.com/", "https://sts.r.amazonaws.com/"},
           Row{"123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
               "https://ecr-fips.us-gov-west-1.amazonaws.com/", "https://sts.r.amazonaws.com/"},
           Row{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
               "https://api.ecr.cn-north-1.amazonaws.com.cn/", "https://sts.r.amazonaws.com.cn/"},
           Row{"123456789012.dkr-ecr.us-east-1.on.aws", "https://ecr.us-east-1.api.aws/",
               "https://sts.r.amazonaws.com/"},
           Row{"123456789012.dkr-ecr-fips.us-east-1.on.aws", "https://ecr-fips.us-east-1.api.aws/",
               "https://sts.r.amazonaws.com/"},
           Row{"123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
               "https://ecr.cn-north-1.api.amazonwebservices.com.cn/",
               "https://sts.r.amazonaws.com.cn/"},
           Row{"123456789012.dkr.ecr.cn-north-1.on.amazonwebservices.com.cn",
               "https://ecr.cn-north-1.api.amazonwebservices.com.cn/",
               "https://sts.r.amazonaws.com.cn/"},
           Row{"123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu",
               "https://api.ecr.eusc-de-east-1.amazonaws.eu/", "https://sts.r.amazonaws.eu/"},
           Row{"123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov",
               "https://api.ecr.us-isob-east-1.sc2s.sgov.gov/", "https://sts.r.sc2s.sgov.gov/"},
           Row{"123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov",
               "https://api.ecr.us-iso-east-1.c2s.ic.gov/", "https://sts.r.c2s.ic.gov/"},
           Row{"123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk",
               "https://api.ecr.eu-isoe-west-1.cloud.adc-e.uk/", "https://sts.r.cloud.adc-e.uk/"},
           Row{"123456789012.dkr.ecr.us-isof-east-1.csp.hci.ic.gov",
               "https://api.ecr.us-isof-east-1.csp.hci.ic.gov/", "https://sts.r.csp.hci.ic.gov/"},
           Row{"public.ecr.aws", "https://api.ecr-public.us-east-1.amazonaws.com/",
               "https://sts.r.amazonaws.com/"},
       }) {
    INFO(row.host);
    const auto name = parse_ecr_name(row.host);
    REQUIRE(name);
    CHECK(ecr_endpoint(*name) == row.endpoint);
    CHECK(sts_endpoint(*name, "r") == row.sts);
    CHECK(name->service() == (name->public_gallery ? "ecr-public" : "ecr"));
  }
  const auto name = parse_ecr_name("123456789012.dkr.ecr.eu-west-1.amazonaws.com");
  CHECK(name->account == "123456789012");
  CHECK(name->region == "eu-west-1");
}

TEST_CASE("registry.md W1: names that only look like Amazon's are other registries", "[registry]") {
  for (const char* host :
       {"ghcr.io", "", "12345678901.dkr.ecr.r.amazonaws.com",
        "1234567890123.dkr.ecr.r.amazonaws.com", "x23456789012.dkr.ecr.r.amazonaws.com",
        "123456789012.dkr.ecr.amazonaws.com", "123456789012.dkr.ecr..amazonaws.com",
        "123456789012.dkr.ecr.r.amazonaws.com.evil.example",
        "123456789012.dkr.ecr.evil.example/r.amazonaws.com", "123456789012.dkr.ecr.r.amazonaws.co",
        "123456789012.dkr.ecr.r.on.aws", "123456789012.dkr-ecr.r.amazonaws.com",
        "123456789012.dkr.ecr.r.amazonaws.com:443", "123456789012.dkr.ecrx.r.amazonaws.com",
        "123456789012.dkr.ecr.r..com", "x.public.ecr.aws"}) {
    INFO(host);
    CHECK_FALSE(parse_ecr_name(host));
  }
}
