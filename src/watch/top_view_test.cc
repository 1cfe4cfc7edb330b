#include "watch/top_view.h"

#include <gmock/gmock.h>

#include <string>

#include "watch/column_text.h"
#include "watch/exposition_text.h"
#include "watch/metric_page.h"

namespace weir {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr const char* kBefore =
    "# TYPE a counter\na_total{x=\"1\"} 10\na_total{x=\"2\"} 90\n# TYPE g gauge\ng 500\n# TYPE h histogram\n"
    "h_bucket{le=\"1\"} 4\nh_bucket{le=\"+Inf\"} 4\nh_count 4\nh_sum 2\n";
constexpr const char* kAfter =
    "# TYPE a counter\na_total{x=\"1\"} 70\na_total{x=\"2\"} 91\n# TYPE g gauge\ng 480\n# TYPE h histogram\n"
    "h_bucket{le=\"1\"} 8\nh_bucket{le=\"+Inf\"} 8\nh_count 8\nh_sum 4\n";

class TopViewTest : public testing::Test {
 protected:
  void read(const char* body, double seconds) {
    TopReading reading;
    reading.collection = parse_exposition(body, "test");
    reading.seconds = seconds;
    reading.knows_writers = true;
    reading.writers = {{.name = "41", .state = WriterState::alive, .host = "", .files = 2, .bytes = 640},
                       {.name = "40", .state = WriterState::dead, .host = "", .files = 1, .bytes = 320}};
    view_.take(std::move(reading));
  }
  void read_twice() {
    read(kBefore, 0);
    read(kAfter, 2);
  }
  TopView::Wish type(std::string_view keys) {
    TopView::Wish wish = TopView::Wish::nothing;
    for (const char key : keys) wish = view_.press({Key::character, std::string(1, key)});
    return wish;
  }
  TopView::Wish press(Key key) { return view_.press({key}); }
  std::vector<std::string> shown(ScreenSize size = {}) {
    std::vector<std::string> out;
    for (ScreenLine& line : view_.lines(size)) out.push_back(std::move(line.text));
    return out;
  }
  /// The first word of each row of the list.
  std::vector<std::string> names() {
    std::vector<std::string> out;
    const std::vector<std::string> lines = shown();
    for (std::size_t i = 3; i + 1 < lines.size() && !lines[i].empty(); ++i) {
      out.push_back(lines[i].substr(0, lines[i].find(' ')));
    }
    return out;
  }
  std::string selected() {
    for (const ScreenLine& line : view_.lines({})) {
      if (line.style == Style::selected) return line.text.substr(0, line.text.find(' '));
    }
    return "";
  }
  TopView view_{{.source = "directory /m"}};
};

TEST_F(TopViewTest, ShowsValueRateAndChange) {
  read_twice();
  EXPECT_EQ(shown()[2], "METRIC                                TYPE           VALUE     RATE/S     CHANGE");
  EXPECT_EQ(shown()[3], "a_total{x=\"1\"}                        counter           70         30        +60");
  EXPECT_THAT(shown()[1], HasSubstr("3 families, 4 metrics; writers: 1 alive, 1 dead; reading 2, 2.000 s"));
}

TEST_F(TopViewTest, OrdersByRateValueNameAndChange) {
  read_twice();
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"1\"}", "h", "a_total{x=\"2\"}", "g"));
  type("s");
  EXPECT_THAT(names(), ElementsAre("g", "a_total{x=\"2\"}", "a_total{x=\"1\"}", "h"));
  type("s");
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"1\"}", "a_total{x=\"2\"}", "g", "h"));
  type("s");
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"1\"}", "g", "h", "a_total{x=\"2\"}"));
  type("r");
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"2\"}", "h", "g", "a_total{x=\"1\"}"));
}

TEST_F(TopViewTest, FiltersWhileTypingAndEscapeShowsAllAgain) {
  read_twice();
  type("/A_ 2");
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"2\"}"));
  press(Key::backspace);
  EXPECT_THAT(names(), SizeIs(2));
  type("zq");
  EXPECT_THAT(shown()[3], StartsWith("nothing of 4 fits the filter A_ zq"));
  EXPECT_THAT(view_.text(), HasSubstr("nothing of 4 fits the filter A_ zq"));
  press(Key::enter);
  EXPECT_EQ(type("q"), TopView::Wish::quit);
  press(Key::escape);
  EXPECT_THAT(names(), SizeIs(4));
}

TEST_F(TopViewTest, SelectionStaysWithItsRowWhenRowsChangePlaces) {
  read_twice();
  press(Key::down);
  EXPECT_EQ(selected(), "h");
  type("ss");
  EXPECT_EQ(selected(), "h");
  press(Key::home);
  EXPECT_EQ(selected(), "a_total{x=\"1\"}");
  press(Key::end);
  EXPECT_EQ(selected(), "h");
}

TEST_F(TopViewTest, LongListScrollsWithTheSelection) {
  std::string body;
  for (int i = 100; i < 200; ++i) body += "m" + std::to_string(i) + " 1\n";
  read(body.c_str(), 0);
  press(Key::end);
  EXPECT_EQ(selected(), "m199");
  press(Key::page_up);
  EXPECT_EQ(selected(), "m179");
  EXPECT_EQ(names().size(), 20u);
  press(Key::home);
  EXPECT_EQ(names().front(), "m100");
}

TEST_F(TopViewTest, EveryPageFitsEveryScreen) {
  read_twice();
  for (const char* keys : {"1", "2", "3", "4", "5", "?"}) {
    type(keys);
    for (const std::size_t columns : {1u, 7u, 20u, 40u, 79u, 80u, 200u}) {
      for (const std::size_t rows : {1u, 2u, 3u, 10u, 24u}) {
        const std::vector<std::string> lines = shown({columns, rows});
        EXPECT_THAT(lines, SizeIs(rows));
        for (const std::string& line : lines) EXPECT_LE(columns_of(line), columns) << keys << ": " << line;
      }
    }
  }
}

TEST_F(TopViewTest, NarrowScreenKeepsNameAndValue) {
  read_twice();
  EXPECT_EQ(shown({32, 10})[2], "METRIC                     VALUE");
  EXPECT_EQ(shown({32, 10})[3], "a_total{x=\"1\"}                70");
}

TEST_F(TopViewTest, FamiliesSumWhatOnlyGrows) {
  read_twice();
  type("2");
  EXPECT_EQ(shown()[3], "a                            counter          2        161       30.5        +61");
  press(Key::enter);
  EXPECT_THAT(names(), ElementsAre("a_total{x=\"1\"}", "a_total{x=\"2\"}"));
}

TEST_F(TopViewTest, HistogramsShowMeanAndQuantiles) {
  read_twice();
  type("3");
  EXPECT_EQ(shown()[3], "h                            8         2       0.5       0.5       0.9      0.99");
}

TEST_F(TopViewTest, WritersAreToldApart) {
  read_twice();
  type("4");
  EXPECT_THAT(shown()[3], StartsWith("41 "));
  EXPECT_THAT(shown()[3], HasSubstr("alive"));
  EXPECT_THAT(shown()[4], HasSubstr("dead"));
  EXPECT_EQ(view_.lines({})[4].style, Style::warning);
}

TEST_F(TopViewTest, ProblemsStandInOneLineAndOnTheirPage) {
  read("g 1\nbad\nworse\n", 0);
  view_.log("something was logged");
  EXPECT_THAT(shown()[2], StartsWith("! 3 problems: bad_line: test: line 2: "));
  type("5");
  EXPECT_THAT(names(), Each(Not(IsEmpty())));
  EXPECT_THAT(testing::PrintToString(shown()), HasSubstr("something was logged"));
}

TEST_F(TopViewTest, NoteOfAProblemTakesTheLinesItNeeds) {
  TopReading reading;
  auto unread = std::make_shared<Collection>();
  unread->problems.push_back({"no_directory", "/run/app", std::string(200, 'x') + " no such directory"});
  reading.collection = unread;
  view_.take(std::move(reading));
  EXPECT_THAT(shown()[2], StartsWith("! 1 problem: no_directory: "));
  EXPECT_THAT(testing::PrintToString(shown()), HasSubstr("no such directory"));
  EXPECT_THAT(testing::PrintToString(shown()), Not(HasSubstr("~")));
  EXPECT_THAT(testing::PrintToString(shown()), HasSubstr("nothing could be read yet"));
}

TEST_F(TopViewTest, HelpIsWholeOnEveryWidth) {
  for (const std::size_t columns : {200U, 80U, 40U}) {
    std::string all;
    type("?");
    for (const ScreenLine& line : view_.lines({.columns = columns, .rows = 60})) all += line.text + " ";
    EXPECT_THAT(all, Not(HasSubstr("~"))) << columns;
    EXPECT_THAT(all, HasSubstr("since z.")) << columns;
    type("?");
  }
}

TEST_F(TopViewTest, OpenedMetricShowsItsBucketsAndWhoCounted) {
  read_twice();
  type("/h");
  press(Key::enter);
  EXPECT_EQ(press(Key::enter), TopView::Wish::read);
  ASSERT_NE(view_.opened_family(), nullptr);
  EXPECT_EQ(view_.opened_family()->name, "h");
  TopReading reading;
  reading.collection = parse_exposition(kAfter, "test");
  reading.seconds = 3;
  reading.split_of = "h";
  reading.split = {{{"41", WriterState::alive, "h_bucket", {{"le", "1"}}, 5},
                    {"41", WriterState::alive, "h_bucket", {{"le", "+Inf"}}, 1},
                    {"41", WriterState::alive, "h_sum", {}, 9},
                    {"40", WriterState::dead, "h_bucket", {{"le", "1"}}, 2}},
                   false};
  view_.take(std::move(reading));
  const std::string all = testing::PrintToString(shown());
  EXPECT_THAT(all, HasSubstr("histogram: count 8, rate 0/s, change +4"));
  EXPECT_THAT(all, HasSubstr("since watching began:  p50 0.5  p90 0.9  p99 0.99"));
  EXPECT_THAT(all, HasSubstr("           6  alive     41"));
  EXPECT_THAT(all, HasSubstr("           2  dead      40"));
  press(Key::escape);
  EXPECT_EQ(view_.opened_family(), nullptr);
}

TEST_F(TopViewTest, PausesAndChangesTheInterval) {
  EXPECT_EQ(type("p"), TopView::Wish::nothing);
  EXPECT_TRUE(view_.is_paused());
  EXPECT_EQ(type(" "), TopView::Wish::read);
  type("++");
  EXPECT_DOUBLE_EQ(view_.interval(), 4);
  type("----------");
  EXPECT_DOUBLE_EQ(view_.interval(), TopView::kShortest);
  type("++++++++++++++++++++");
  EXPECT_DOUBLE_EQ(view_.interval(), TopView::kLongest);
}

TEST_F(TopViewTest, HelpComesAndGoes) {
  read_twice();
  type("?");
  EXPECT_THAT(testing::PrintToString(shown()), HasSubstr("q, Ctrl-C        quit"));
  press(Key::escape);
  EXPECT_THAT(names(), SizeIs(4));
}

TEST_F(TopViewTest, TextCutsNoNameAndListsEveryRow) {
  const std::string name = "m{path=\"" + std::string(120, 'x') + "\"}";
  read((name + " 1\nz 2\n").c_str(), 0);
  EXPECT_THAT(view_.text(), HasSubstr("\n" + name + " unknown            1          -          0\n"));
  EXPECT_THAT(view_.text(), HasSubstr("\nz "));
}

TEST_F(TopViewTest, TextForATerminalHasNoLineLongerThanIt) {
  read(("m{path=\"" + std::string(120, 'x') + "\"} 1\nz 2\n").c_str(), 0);
  for (const std::size_t columns : {40U, 80U}) {
    std::istringstream lines(view_.text(columns));
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
    EXPECT_LE(widest, columns);
    EXPECT_GT(widest, columns - 4) << "what fits is shown";
  }
  EXPECT_THAT(view_.text(80), AllOf(HasSubstr("xx~xx"), HasSubstr("\nz "), HasSubstr(" unknown            1 ")));
  type("/" + std::string(60, 'q'));
  EXPECT_THAT(view_.text(), HasSubstr("\nnothing of 2 fits the filter " + std::string(60, 'q') + "\n"));
  EXPECT_THAT(view_.text(40), HasSubstr("\nnothing of 2 fits the filter\n")) << "words are wrapped, too";
}

TEST(WriterValues, GaugeOfEveryProcessBelongsToItsPidAlone) {
  WatchedMetric metric;
  metric.type = MetricType::gauge;
  metric.shape.labels = {{"a", "1"}, {"pid", "7"}};
  const FamilySplit split{{{"7", WriterState::alive, "g", {{"a", "1"}}, 3},
                           {"8", WriterState::alive, "g", {{"a", "1"}}, 4},
                           {"7", WriterState::alive, "g", {{"a", "2"}}, 5}},
                          false};
  const std::vector<WriterValue> values = writer_values(metric, split);
  ASSERT_THAT(values, SizeIs(1));
  EXPECT_DOUBLE_EQ(values[0].value, 3);
}

}  // namespace
}  // namespace weir
