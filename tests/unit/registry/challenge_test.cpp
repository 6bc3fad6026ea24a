// SPDX-License-Identifier: Apache-2.0
#include "registry/challenge.hpp"

#include "support/catch.hpp"

using ocibuild::registry::Challenge;
using ocibuild::registry::choose;
using ocibuild::registry::parse_challenges;

namespace {

/// "scheme{name=value;name=value} scheme{}".
std::string shown(const std::vector<std::string>& lines) {
  std::string out;
  for (const Challenge& challenge : parse_challenges(lines)) {
    if (!out.empty()) out += ' ';
    out += challenge.scheme + '{';
    for (const auto& [name, value] : challenge.parameters) out += name + '=' + value + ';';
    out += '}';
  }
  return out;
}

}  // namespace

TEST_CASE("registry.md T2: challenges are read in every spelling that servers use", "[registry]") {
  struct Row {
    std::vector<std::string> lines;
    const char* read;
  };
  const Row rows[] = {
      {{}, ""},
      {{""}, ""},
      {{"Basic"}, "basic{}"},
      {{R"(Basic realm="Registry, \"Realm\"")"}, R"(basic{realm=Registry, "Realm";})"},
      {{R"(BEARER Realm="https://a/t",SERVICE="a",scope="repository:x:pull,push")"},
       "bearer{realm=https://a/t;scope=repository:x:pull,push;service=a;}"},
      {{R"(Bearer realm = "https://a/t" , service=a)"}, "bearer{realm=https://a/t;service=a;}"},
      {{R"(Basic realm="a", Bearer realm="b")"}, "basic{realm=a;} bearer{realm=b;}"},
      {{R"(Basic realm="a")", R"(Bearer realm="b")"}, "basic{realm=a;} bearer{realm=b;}"},
      {{"Negotiate abc==, Basic realm=x"}, "negotiate{} basic{realm=x;}"},
      {{"Negotiate ab/c+d, Basic realm=x"}, "negotiate{} basic{realm=x;}"},
      {{"Negotiate, NTLM, Basic realm=x"}, "negotiate{} ntlm{} basic{realm=x;}"},
      {{"Negotiate abc="}, "negotiate{}"},
      {{R"(Digest qop="auth,auth-int", nonce="x==", Bearer realm="b")"},
       "digest{nonce=x==;qop=auth,auth-int;} bearer{realm=b;}"},
      {{",, Basic realm=x ,,"}, "basic{realm=x;}"},
      {{"Bearer realm=https://a/t?x=y,service=s"}, "bearer{realm=https://a/t?x=y;service=s;}"},
      // The first of two values counts, and values without a scheme belong to nobody.
      {{"Basic realm=a, realm=b"}, "basic{realm=a;}"},
      {{"realm=a, Basic realm=b"}, "basic{realm=b;}"},
      // An unterminated quote takes its challenge with it, not those before it or on other lines.
      {{R"(Basic realm=a, Bearer realm="b)", "Basic realm=c"}, "basic{realm=a;} basic{realm=c;}"},
      {{R"(Bearer realm="b\)"}, ""},
      {{R"(Bearer realm="a"service="b")"}, "bearer{realm=a;service=b;}"},
      {{"\x01\x02 ; Basic realm=x"}, "basic{realm=x;}"},
  };
  for (const Row& row : rows) {
    INFO((row.lines.empty() ? std::string("no line") : row.lines.front()));
    CHECK(shown(row.lines) == row.read);
  }
}

TEST_CASE("registry.md T2: at most 32 challenges and 16 KiB are read", "[registry]") {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "Basic realm=x, ";
  CHECK(parse_challenges({many}).size() == 32);
  CHECK(parse_challenges({many, many}).size() == 32);
  CHECK(parse_challenges(std::vector<std::string>(100, "Basic realm=x")).size() == 32);

  const std::string longest = "Basic realm=" + std::string((16 << 10) - 12, 'x');
  CHECK(parse_challenges({longest}).size() == 1);
  CHECK(parse_challenges({longest + 'x'}).empty());
  CHECK(parse_challenges({longest, "Basic"}).size() == 1);
}

TEST_CASE("registry.md T2: Bearer with a realm is chosen before Basic, in any order",
          "[registry]") {
  struct Row {
    const char* line;
    const char* scheme;
  };
  for (const Row& row :
       {Row{"Basic realm=a, Bearer realm=b", "bearer"}, Row{"Bearer realm=b, Basic", "bearer"},
        Row{"Bearer service=s, Basic", "basic"}, Row{"Negotiate, Basic", "basic"},
        Row{"Bearer service=s", ""}, Row{"Negotiate", ""}, Row{"", ""}}) {
    INFO(row.line);
    const auto chosen = choose(parse_challenges({row.line}));
    CHECK((chosen ? chosen->scheme : "") == row.scheme);
  }
}
