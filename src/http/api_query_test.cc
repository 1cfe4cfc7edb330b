#include "http/api_query.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(ApiQuery, SplitHasAFamilyAsItStands) {
  const ApiQuery query = api_query(View::api_split, {{"family", "a b&c"}});
  EXPECT_EQ(query.fault, "");
  EXPECT_THAT(query.names, ElementsAre("a b&c"));
}

TEST(ApiQuery, MissingFamilyIsNamedWithWhatWouldBeRight) {
  for (const auto& arguments : {std::vector<QueryArgument>{}, {{"famly", "a"}}}) {
    EXPECT_EQ(api_query(View::api_split, arguments).fault,
              "The parameter family is missing: write /api/v1/split?family=NAME as /api/v1/series names it.\n");
  }
}

TEST(ApiQuery, EmptyAndRepeatedParametersAreFaults) {
  EXPECT_THAT(api_query(View::api_split, {{"family", ""}}).fault, StartsWith("The parameter family is empty"));
  EXPECT_THAT(api_query(View::api_split, {{"family", "a"}, {"family", "a"}}).fault,
              StartsWith("The parameter family is given 2 times"));
  EXPECT_THAT(api_query(View::api_status, {{"writers", ""}}).fault, StartsWith("The parameter writers is empty"));
}

TEST(ApiQuery, UnknownParametersAreNamed) {
  EXPECT_EQ(api_query(View::api_values, {{"familly\n", "a"}}).fault,
            "There is no parameter \"familly\\x0a\" here: this path has none.\n");
  EXPECT_THAT(api_query(View::api_split, {{"family", "a"}, {"x", ""}}).fault,
              StartsWith("There is no parameter \"x\" here: write /api/v1/split?family=NAME"));
  EXPECT_THAT(api_query(View::api_series, {}).fault, IsEmpty());
}

TEST(ApiQuery, WritersAreAWholeNumberInItsRange) {
  Ask ask{.view = View::api_status, .format = {}, .gzip = false, .names = {}};
  EXPECT_EQ(writers_asked(ask), kUsualWriters);
  for (const char* right : {"0", "17", "100000"}) {
    const ApiQuery query = api_query(View::api_status, {{"writers", right}});
    EXPECT_EQ(query.fault, "") << right;
    ask.names = query.names;
    EXPECT_EQ(std::to_string(writers_asked(ask)), right);
  }
  for (const char* wrong : {"-1", "100001", "1e3", "all", " 1", "99999999999999999999"}) {
    EXPECT_THAT(api_query(View::api_status, {{"writers", wrong}}).fault,
                HasSubstr(std::string("is \"") + wrong + "\": write /api/v1/status?writers=COUNT"));
  }
}

}  // namespace
}  // namespace weir
