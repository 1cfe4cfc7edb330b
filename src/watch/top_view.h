// `weir top` without a terminal: what it shows, and what keys do to it.
//
//   TopView view({.source = "directory /run/app/metrics"});
//   view.take(reading);
//   for (const ScreenLine& line : view.lines({.columns = 80, .rows = 24})) ...
//   if (view.press({Key::character, "q"}) == TopView::Wish::quit) ...
//
// Thread safety: none of its own; one thread uses it. Process safety: values only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watch/listing.h"
#include "watch/screen.h"
#include "watch/watch.h"
#include "weir/writers.h"

namespace weir {

/// What was read of a source at one moment.
struct TopReading {
  std::shared_ptr<const Collection> collection;
  double seconds = 0;  ///< when, on a clock that only goes forward
  bool knows_writers = false;
  std::vector<Writer> writers;
  std::string writers_fault;  ///< why the writers could not be asked; empty: they were
  std::string split_of;       ///< the family `split` is of
  std::optional<FamilySplit> split;

  /// Nothing could be read; who writes was not asked then.
  bool is_unread() const { return collection->snapshot.values.empty() && !collection->problems.empty(); }
};

class TopView {
 public:
  enum class Page : std::uint8_t { metrics, families, histograms, writers, problems };
  static constexpr std::array<std::string_view, 5> kPages{"metrics", "families", "histograms", "writers", "problems"};

  struct Options {
    std::string source;  ///< what is read, for people
    Page page = Page::metrics;
    ListingChoice choice{};
    double interval = 1;  ///< seconds between readings
  };
  enum class Wish : std::uint8_t { nothing, quit, read };  ///< read: at once

  explicit TopView(Options options)
      : source_(std::move(options.source)),
        page_(options.page),
        choice_(std::move(options.choice)),
        interval_(options.interval) {}

  void take(TopReading reading);
  /// Lines the program logged; they are shown among the problems.
  void log(std::string line);
  Wish press(const Press& press);

  double interval() const noexcept { return interval_; }  ///< seconds, from kShortest to kLongest
  bool is_paused() const noexcept { return is_paused_; }
  /// The family of the metric that is open; null when none is. Its split by writer is wanted.
  const FamilyHead* opened_family() const;

  /// Exactly size.rows lines.
  std::vector<ScreenLine> lines(const ScreenSize& size);
  /// The whole list as text: no name cut (0), or no line longer than that many columns.
  std::string text(std::size_t most_columns = 0);

  static constexpr double kShortest = 0.1;
  static constexpr double kLongest = 60;

 private:
  Listing listing();
  std::vector<std::string> problem_texts() const;
  std::vector<ScreenLine> head_lines(const ScreenSize& size) const;
  std::string why_empty(const Listing& list) const;
  void add_note(std::vector<ScreenLine>& lines, const ScreenSize& size) const;
  std::vector<ScreenLine> problem_lines(std::size_t columns);
  /// True where lines are scrolled, and no row is selected.
  bool is_scrolled() const noexcept { return is_help_ || !opened_.empty() || page_ == Page::problems; }
  std::string writers_summary() const;
  ScreenLine foot_line(std::size_t columns) const;
  void add_list(std::vector<ScreenLine>& lines, std::size_t columns, std::size_t rows);
  void add_scrolled(std::vector<ScreenLine>& lines, std::vector<ScreenLine> body, std::size_t rows);
  Wish press_character(std::string_view character);
  void press_about_list(char key);
  void press_movement(Key key);
  void press_while_filtering(const Press& press);
  void move(std::ptrdiff_t by);
  void open_selected();
  void go_to(Page page);

  std::string source_;
  Page page_;
  ListingChoice choice_;
  double interval_;
  bool is_paused_ = false;
  bool is_filtering_ = false;
  bool is_help_ = false;
  std::string opened_;    // the metric shown on a page of its own; empty: none
  std::string selected_;  // the name of the selected row: it stays when rows change places
  std::size_t at_ = 0;    // where the selected row is, and the first one shown
  std::size_t first_ = 0;
  std::size_t scrolled_ = 0;  // lines of help or of an opened metric above the screen
  std::size_t shown_rows_ = 10;

  Watch watch_;
  bool knows_writers_ = false;
  std::vector<Writer> writers_;
  std::string writers_fault_;
  std::string split_of_;
  std::optional<FamilySplit> split_;
  std::vector<FamilyTotal> families_;
  std::vector<std::string> logged_;
  std::vector<std::string> problems_;
};

}  // namespace weir
