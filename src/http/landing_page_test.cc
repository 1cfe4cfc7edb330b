#include "http/landing_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(LandingPage, HostileNamesStayText) {
  Collection collection;
  collection.problems.push_back({"not_a_db_file", "/run/<script>alert(1)</script>.db", "\"quoted\" & 'apostrophed'"});
  const std::string page = landing_page("directory <img src=x>", collection);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, HasSubstr("&quot;quoted&quot; &amp; &#39;apostrophed&#39;"));
}

TEST(LandingPage, ManyProblemsAreCountedAndTheFirstShown) {
  Collection collection;
  collection.problems.assign(250, {"truncated", "/run/counter_1.db", "too short"});
  const std::string page = landing_page("directory /run", collection);
  EXPECT_THAT(page, HasSubstr("250 could not be read"));
  EXPECT_THAT(page, HasSubstr("and 150 more"));
}

TEST(LandingPage, LinksToEveryEndpoint) {
  const std::string page = landing_page("directory /run", {});
  for (const char* path : {"/metrics", "/backend", "/readyz", "/healthz"}) {
    EXPECT_THAT(page, HasSubstr(std::string("<a href=\"") + path + "\">"));
  }
}

}  // namespace
}  // namespace weir
