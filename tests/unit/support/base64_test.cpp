// SPDX-License-Identifier: Apache-2.0
#include "support/base64.hpp"

#include "support/catch.hpp"

using namespace ocibuild::support;

TEST_CASE("base64 gives back every length of bytes", "[support]") {
  for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"),
                                   std::string("abc"), std::string("a\0\xff:", 4)}) {
    CHECK(decode_base64(encode_base64(bytes)) == bytes);
  }
  CHECK(encode_base64("user:pass") == "dXNlcjpwYXNz");
}

TEST_CASE("base64 is read without padding and with line ends, and refused with anything else",
          "[support]") {
  CHECK(decode_base64("YQ") == "a");
  CHECK(decode_base64("YW\nI=\n") == "ab");
  for (const char* bad : {"Y", "YQ=a", "Y*==", "YWJjZ", "\x80\x80\x80\x80"})
    CHECK_FALSE(decode_base64(bad));
}
