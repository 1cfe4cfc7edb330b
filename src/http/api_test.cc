// The documents under /api/v1 and the page at /, asked over HTTP.
#include "http/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <regex>
#include <thread>

#include "http/http_client_for_test.h"
#include "http/page_bundle.h"
#include "http/sources_for_test.h"
#include "weir/error.h"
#include "weir/exposer.h"

namespace weir {
namespace {

using test::counter_family;
using test::fetch;
using test::FixedSource;
using test::Response;
using testing::HasSubstr;
using testing::Not;

/// Two writers, whose shares of a histogram stand in buckets.
class FixedWriters : public WriterView {
 public:
  std::string storage() const override { return "files"; }
  std::string how_to_write() const override { return "Start processes with X=/run"; }
  std::vector<Writer> writers() override {
    if (is_broken) throw StorageError("cannot list /run");
    return {{.name = "17", .state = WriterState::alive, .host = {}, .files = 2, .bytes = 640},
            {.name = "18<b>", .state = WriterState::dead, .host = "h"}};
  }
  FamilySplit split(const FamilyHead& family, std::size_t) override {
    ++splits;
    if (is_broken) throw StorageError("cannot list /run");
    if (is_slow) let_go.wait();
    FamilySplit split;
    const std::string bucket = family.name + "_bucket";
    split.shares = {{"17", WriterState::alive, bucket, {{"le", "1.0"}, {"p", "a"}}, 2},
                    {"17", WriterState::alive, bucket, {{"le", "+Inf"}, {"p", "a"}}, 3},
                    {"18", WriterState::dead, bucket, {{"le", "1.0"}, {"p", "a"}}, 10},
                    {"18", WriterState::dead, family.name + "_sum", {{"p", "a"}}, 0.5}};
    return split;
  }
  std::atomic<bool> is_broken{false};
  std::atomic<bool> is_slow{false};
  std::atomic<int> splits{0};
  std::latch let_go{1};  // of a split that is slow
};

class ApiTest : public testing::Test {
 protected:
  FixedSource source_{{counter_family("apples", 3),
                       {{"h", MetricType::histogram, "", ""}, {{"h_bucket", {{"le", "+Inf"}, {"p", "a"}}, 15, {}}}}},
                      {{"truncated", "/run/a.db", "too \"short\""}}};
  FixedWriters writers_;
  Exposer exposer_{{.listen = "127.0.0.1:0"}, source_, nullptr, &writers_};
  Response get(const std::string& target, const std::string& headers = "") {
    return fetch(exposer_.port(), target, headers);
  }
};

std::string etag_of(const Response& response) {
  std::smatch found;
  return std::regex_search(response.head, found, std::regex("ETag: ([^\r\n]+)")) ? found[1].str() : "";
}

TEST_F(ApiTest, ValuesBelongToTheSeriesDocumentOfTheirGeneration) {
  const Response series = get("/api/v1/series");
  EXPECT_EQ(series.status, 200);
  EXPECT_TRUE(series.has("Content-Type: application/json"));
  EXPECT_THAT(series.body, HasSubstr(R"("name":"apples","type":"counter")"));
  std::smatch generation;
  ASSERT_TRUE(std::regex_search(series.body, generation, std::regex("\"generation\":\"([0-9a-f]{16})\"")));
  const Response values = get("/api/v1/values");
  EXPECT_THAT(values.body, HasSubstr("\"generation\":\"" + generation[1].str() + "\""));
  EXPECT_THAT(values.body, HasSubstr("\"values\":[3,15,null,null]"));
  EXPECT_THAT(values.body, HasSubstr(R"("problems_total":1,"problems":[{"reason":"truncated","subject":"/run/a.db",)"
                                     R"("message":"too \"short\""}])"));
}

TEST_F(ApiTest, UnchangedDocumentsAnswer304) {
  for (const char* target : {"/api/v1/series", "/api/v1/values", "/"}) {
    const std::string etag = etag_of(get(target));
    ASSERT_NE(etag, "") << target;
    const Response again = get(target, "If-None-Match: \"x\", " + etag + "\r\nAccept-Encoding: gzip\r\n");
    EXPECT_EQ(again.status, 304) << target;
    EXPECT_EQ(again.body, "") << target;
    EXPECT_EQ(get(target, "If-None-Match: W/\"0000000000000000\"\r\n").status, 200) << target;
  }
}

TEST_F(ApiTest, PollsWithinASecondShareACollectionAndScrapesNever) {
  for (int i = 0; i < 5; ++i) get("/api/v1/values");
  EXPECT_EQ(source_.collections, 1);
  get("/metrics");
  EXPECT_EQ(source_.collections, 2);
  get("/api/v1/values");
  EXPECT_EQ(source_.collections, 2);
}

TEST_F(ApiTest, TimeIsTheCollectionsNotTheAnswers) {
  const auto time_of = [](const std::string& body) {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(body, found, std::regex("\"time\":([0-9.]+)"))) << body;
    return std::stod("0" + found[1].str());
  };
  const double values = time_of(get("/api/v1/values").body);
  for (int i = 0; i < 200; ++i) get("/healthz");  // tens of milliseconds
  EXPECT_NEAR(time_of(get("/api/v1/split?family=h").body), values, 0.01);
  EXPECT_EQ(source_.collections, 1);
}

TEST_F(ApiTest, GzipIsSentWhereItIsAccepted) {
  EXPECT_TRUE(get("/api/v1/series", "Accept-Encoding: gzip\r\n").has("Content-Encoding: gzip"));
  EXPECT_FALSE(get("/api/v1/series").has("Content-Encoding"));
  EXPECT_TRUE(get("/", "Accept-Encoding: gzip\r\n").has("Content-Encoding: gzip"));
}

TEST_F(ApiTest, StatusListsWritersAndTheExportersOwnMetrics) {
  const std::string body = get("/api/v1/status").body;
  EXPECT_THAT(body, HasSubstr(R"("source":"directory /run/<b>metrics</b>","storage":"files")"));
  EXPECT_THAT(body, HasSubstr(R"("writers":{"alive":1,"dead":1,"unknown":0,"folded":0,"listed":2)"));
  EXPECT_THAT(body, HasSubstr(R"({"name":"17","state":"alive","files":2,"bytes":640})"));
  EXPECT_THAT(body, HasSubstr(R"({"name":"18<b>","state":"dead","host":"h"})"));
  EXPECT_THAT(body, HasSubstr(R"("name":"weir_collect_series")"));
  EXPECT_THAT(body, Not(HasSubstr("_bucket")));
}

TEST_F(ApiTest, WritersThatCannotBeAskedAreAFieldNotAFault) {
  writers_.is_broken = true;
  const Response response = get("/api/v1/status");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"("writers":null,"writers_error":"cannot list /run")"));
}

TEST_F(ApiTest, SplitAddsAWritersBucketsUp) {
  const std::string body = get("/api/v1/split?family=h").body;
  EXPECT_THAT(body, HasSubstr(R"({"writer":"17","state":"alive","sample":"h_count","labels":{"p":"a"},"value":5})"));
  EXPECT_THAT(body, HasSubstr(R"({"writer":"18","state":"dead","sample":"h_count","labels":{"p":"a"},"value":10})"));
  EXPECT_THAT(body, HasSubstr(R"("sample":"h_sum","labels":{"p":"a"},"value":0.5})"));
}

TEST_F(ApiTest, SplitThatFailsCostsItselfOnly) {
  writers_.is_broken = true;
  const Response response = get("/api/v1/split?family=h");
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(response.body, HasSubstr("cannot list /run"));
  EXPECT_EQ(get("/metrics").status, 200);
}

TEST_F(ApiTest, ScrapesDoNotWaitForASplit) {
  writers_.is_slow = true;
  std::future<Response> split = std::async(std::launch::async, [this] { return get("/api/v1/split?family=h"); });
  while (writers_.splits == 0) std::this_thread::yield();
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_EQ(get("/api/v1/values").status, 200);
  EXPECT_EQ(split.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  writers_.let_go.count_down();
  EXPECT_EQ(split.get().status, 200);
}

TEST_F(ApiTest, SplitsOfAFamilyWithinASecondShareAReading) {
  const std::string plain = get("/api/v1/split?family=h").body;
  EXPECT_EQ(get("/api/v1/split?family=h").body, plain);
  EXPECT_TRUE(get("/api/v1/split?family=h", "Accept-Encoding: gzip\r\n").has("Content-Encoding: gzip"));
  EXPECT_EQ(writers_.splits, 1);
  get("/api/v1/split?family=apples");
  EXPECT_EQ(writers_.splits, 2);
}

TEST_F(ApiTest, QueriesThatCannotBeAreNamed) {
  const Response missing = get("/api/v1/split");
  EXPECT_EQ(missing.status, 400);
  EXPECT_THAT(missing.body, HasSubstr("The parameter family is missing"));
  EXPECT_EQ(get("/api/v1/split?family").status, 400);
  EXPECT_EQ(get("/api/v1/split?family=h&family=h").status, 400);
  EXPECT_THAT(get("/api/v1/values?famly=h").body, HasSubstr("There is no parameter \"famly\" here"));
  EXPECT_EQ(get("/api/v1/status?writers=many").status, 400);
  EXPECT_EQ(source_.collections, 0);
}

TEST_F(ApiTest, StatusListsAsManyWritersAsAsked) {
  const std::string one = get("/api/v1/status?writers=1").body;
  EXPECT_THAT(one, HasSubstr(R"("writers":{"alive":1,"dead":1,"unknown":0,"folded":0,"listed":1,)"));
  EXPECT_THAT(one, Not(HasSubstr(R"("name":"18<b>")")));
}

TEST_F(ApiTest, UnknownFamiliesAndPathsGet404AndWhatCannotBeRead503) {
  const Response unknown = get("/api/v1/split?family=plums");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, HasSubstr("There is no family \"plums\""));
  FixedSource gone({}, {{"no_directory", "/run", "cannot list /run"}});
  const Exposer unread({.listen = "127.0.0.1:0"}, gone);
  const Response nobody_knows = fetch(unread.port(), "/api/v1/split?family=plums");
  EXPECT_EQ(nobody_knows.status, 503);
  EXPECT_THAT(nobody_knows.body, HasSubstr("cannot list /run"));
  EXPECT_EQ(get("/api/v2/series").status, 404);
  EXPECT_EQ(get("/api/v1/").status, 404);
}

TEST_F(ApiTest, LivePageAllowsOnlyItsOwnStyleAndScriptByHash) {
  const Response page = get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, kPageBundle.html);
  EXPECT_TRUE(page.has("Content-Security-Policy: default-src 'none'; script-src 'sha256-"));
  EXPECT_THAT(page.head, Not(HasSubstr("unsafe")));
  EXPECT_EQ(source_.collections, 0);
}

TEST(ApiPages, WithoutALivePageThereIsNoApi) {
  FixedSource source{{counter_family("apples", 3)}};
  const Exposer off({.listen = "127.0.0.1:0", .page = PageKind::none}, source);
  EXPECT_EQ(fetch(off.port(), "/").status, 404);
  EXPECT_EQ(fetch(off.port(), "/api/v1/values").status, 404);
  EXPECT_EQ(fetch(off.port(), "/metrics").status, 200);
  const Exposer plain({.listen = "127.0.0.1:0", .page = PageKind::plain}, source);
  EXPECT_EQ(fetch(plain.port(), "/api/v1/values").status, 404);
  EXPECT_THAT(fetch(plain.port(), "/").body, Not(HasSubstr("<script")));
}

TEST(ApiPages, SourceThatKnowsNoWritersSaysSo) {
  FixedSource source{{counter_family("apples", 3)}};
  const Exposer exposer({.listen = "127.0.0.1:0"}, source);
  EXPECT_THAT(fetch(exposer.port(), "/api/v1/status").body, HasSubstr("\"writers\":null"));
  EXPECT_THAT(fetch(exposer.port(), "/api/v1/split?family=apples").body, HasSubstr("\"known\":false"));
}

TEST(MatchesEtag, ComparesWeaklyAndKnowsLists) {
  EXPECT_TRUE(matches_etag("\"a\", W/\"bc\"", "W/\"bc\""));
  EXPECT_TRUE(matches_etag("*", "W/\"bc\""));
  EXPECT_FALSE(matches_etag("\"b\", \"abc\"", "W/\"bc\""));
  EXPECT_FALSE(matches_etag("", "W/\"bc\""));
  EXPECT_FALSE(matches_etag("\"\"", ""));
}

}  // namespace
}  // namespace weir
