// SPDX-License-Identifier: Apache-2.0
#include "registry/scopes.hpp"

#include "support/catch.hpp"

using ocibuild::registry::Scopes;
using Strings = std::vector<std::string>;

TEST_CASE("registry.md T7: one scope a repository, its actions merged, the first stays first",
          "[registry]") {
  Scopes scopes = Scopes::push("a/b");
  scopes.add("repository:c:pull repository:a/b:pull,delete");
  CHECK(scopes.list() == Strings{"repository:a/b:pull,push,delete", "repository:c:pull"});
  CHECK(scopes.str() == "repository:a/b:pull,push,delete repository:c:pull");
}

TEST_CASE("registry.md T7: a scope of another kind is kept as it is", "[registry]") {
  Scopes scopes;
  scopes.add("aws  registry:catalog:*");
  CHECK(scopes.list() == Strings{"aws", "registry:catalog:*"});
}

TEST_CASE("registry.md T8: a token serves requests for a part of its scopes", "[registry]") {
  const Scopes push = Scopes::push("a");
  CHECK(push.cover(Scopes::pull("a")));
  CHECK_FALSE(Scopes::pull("a").cover(push));
  CHECK_FALSE(push.cover(Scopes::pull("b")));
  CHECK(push.cover(Scopes()));
}
