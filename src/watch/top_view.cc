#include "watch/top_view.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "watch/column_text.h"
#include "watch/metric_page.h"

namespace weir {
namespace {

constexpr std::size_t kMostLogged = 20;
constexpr std::size_t kNarrowestName = 18;

/// How many lines of the screen a problem may take from the list; the page of problems has it whole.
constexpr std::size_t kMostNoteLines = 4;
constexpr std::size_t kRowsForNotes = 16;  // on a lower screen it has one

constexpr std::size_t kKeyColumns = 17;
constexpr std::array kHelp{
    "1 to 5, Tab      metrics, families, histograms, writers, problems",
    "arrows, j k      move; PgUp, PgDn, Home and End too",
    "Enter, right     open a metric: picture, quantiles, who counted; a family: its metrics",
    "Esc, left        back",
    "/                show only names that hold these words; Enter keeps them, Esc drops them",
    "s                order by rate, value, name, change",
    "r                the other way round",
    "z                count changes from now on",
    "p, blank         pause, and go on",
    "+ -              read more seldom, more often",
    "q, Ctrl-C        quit",
};
constexpr const char* kColumnsHelp =
    "VALUE of a histogram or summary is its count. RATE/S is the growth between the last two readings, per second. "
    "CHANGE is the growth since watching began, or since z.";

/// The columns that fit, from the left, and how wide each is.
struct Layout {
  std::vector<std::size_t> columns;  // indices
  std::vector<std::size_t> widths;
};

Layout layout_of(const std::vector<Listing::Column>& columns, std::size_t width) {
  Layout layout;
  for (std::size_t i = 0; i < columns.size(); ++i) layout.columns.push_back(i);
  const auto taken = [&] {
    std::size_t all = 0;
    for (const std::size_t i : layout.columns) all += columns[i].width > 0 ? columns[i].width + 1 : 0;
    return all;
  };
  for (;;) {
    const auto first_to_go =
        std::ranges::max_element(layout.columns, {}, [&](std::size_t i) { return columns[i].rank; });
    if (columns[*first_to_go].rank == 0 || taken() + kNarrowestName <= width) break;
    layout.columns.erase(first_to_go);
  }
  const std::size_t name = width > taken() ? width - taken() : 1;
  for (const std::size_t i : layout.columns) layout.widths.push_back(columns[i].width > 0 ? columns[i].width : name);
  return layout;
}

template <typename CellOf>
std::string row_text(const Listing& listing, const Layout& layout, CellOf cell_of) {
  std::string out;
  for (std::size_t at = 0; at < layout.columns.size(); ++at) {
    const std::size_t i = layout.columns[at];
    if (at > 0) out += ' ';
    const std::size_t width = layout.widths[at];
    out += i == 0                        ? fit_middle(cell_of(i), width)
           : listing.columns[i].is_right ? fit_right(cell_of(i), width)
                                         : fit(cell_of(i), width);
  }
  return out;
}

std::string row_text(const Listing& listing, const Layout& layout, std::size_t index) {
  const std::vector<std::string> cells = listing.cells(index);
  return row_text(listing, layout, [&cells](std::size_t i) -> std::string_view { return cells[i]; });
}

std::string heading_text(const Listing& listing, const Layout& layout) {
  return row_text(listing, layout, [&](std::size_t i) -> std::string_view { return listing.columns[i].title; });
}

/// What does not fit goes.
ScreenLine clipped(const std::string& text, std::size_t columns, Style style) {
  return {columns_of(text) > columns ? fit(text, columns) : shown_text(text), style};
}

void add_wrapped(std::vector<ScreenLine>& lines, std::string_view text, std::size_t columns, std::size_t indent,
                 Style style) {
  for (const std::string& line : wrapped(text, columns, indent)) lines.push_back(clipped(line, columns, style));
}

std::vector<ScreenLine> help_lines(std::size_t columns) {
  std::vector<ScreenLine> out;
  for (const char* line : kHelp) add_wrapped(out, line, columns, kKeyColumns, Style::plain);
  out.emplace_back();
  add_wrapped(out, kColumnsHelp, columns, 0, Style::plain);
  return out;
}

}  // namespace

void TopView::take(TopReading reading) {
  watch_.add(std::move(reading.collection), reading.seconds);
  knows_writers_ = reading.knows_writers;
  writers_ = std::move(reading.writers);
  writers_fault_ = std::move(reading.writers_fault);
  split_of_ = std::move(reading.split_of);
  split_ = std::move(reading.split);
  families_ = family_totals(watch_);
}

void TopView::log(std::string line) {
  if (logged_.size() == kMostLogged) logged_.erase(logged_.begin());
  logged_.push_back(std::move(line));
}

const FamilyHead* TopView::opened_family() const {
  const WatchedMetric* metric = opened_.empty() ? nullptr : watch_.find(opened_);
  return metric == nullptr ? nullptr : &watch_.families()[metric->shape.family].head;
}

Listing TopView::listing() {
  switch (page_) {
    case Page::families:
      return list_families(families_, choice_);
    case Page::histograms:
      return list_histograms(watch_, choice_);
    case Page::writers: {
      Listing writers = list_writers(writers_, choice_);
      if (!knows_writers_)
        writers.nothing = "who counts cannot be told from here; of a directory, a Redis and a `weir serve` it can";
      if (!writers_fault_.empty()) writers.nothing = writers_fault_;
      return writers;
    }
    case Page::problems:
      problems_ = problem_texts();
      return list_problems(problems_, choice_);
    case Page::metrics:
      break;
  }
  return list_metrics(watch_, choice_);
}

std::vector<std::string> TopView::problem_texts() const {
  std::vector<std::string> out;
  for (const Problem& problem : watch_.problems()) {
    out.push_back(fmt::format("{}: {}", problem.reason, message_with_subject(problem)));
  }
  if (!writers_fault_.empty()) out.push_back(writers_fault_);
  out.insert(out.end(), logged_.begin(), logged_.end());
  return out;
}

std::vector<ScreenLine> TopView::problem_lines(std::size_t columns) {
  const Listing list = listing();
  std::vector<ScreenLine> out{{fit(list.columns[0].title, columns), Style::heading}};
  for (const Listing::Entry& entry : list.entries) add_wrapped(out, entry.name, columns, 2, Style::warning);
  if (list.entries.empty()) add_wrapped(out, list.nothing, columns, 0, Style::plain);
  return out;
}

std::string TopView::writers_summary() const {
  if (!knows_writers_) return "";
  std::array<std::size_t, 4> count{};
  for (const Writer& writer : writers_) ++count[static_cast<std::size_t>(writer.state)];
  std::string out = fmt::format("; writers: {} alive, {} dead", count[0], count[1]);
  if (count[2] > 0) out += fmt::format(", {} unknown", count[2]);
  if (count[3] > 0) out += fmt::format(", {} folded", count[3]);
  return out;
}

std::vector<ScreenLine> TopView::head_lines(const ScreenSize& size) const {
  const std::size_t columns = size.columns;
  const std::string state = is_paused_ ? "paused" : fmt::format("every {:g} s", interval_);
  const std::string name = "weir top: " + source_;
  const std::size_t left = columns > state.size() + 1 ? columns - state.size() - 1 : columns;
  std::vector<ScreenLine> lines{{fit(name, left) + (left < columns ? " " + state : ""), Style::title}};
  std::string counts = watch_.readings() == 0
                           ? "reading"
                           : fmt::format("{} families, {} metrics", families_.size(), watch_.metrics().size());
  counts += writers_summary();
  if (watch_.readings() > 1) counts += fmt::format("; reading {}, {:.3f} s", watch_.readings(), watch_.elapsed());
  lines.push_back(clipped(counts, columns, Style::plain));
  add_note(lines, size);
  return lines;
}

/// The first problem, as far as there is room.
void TopView::add_note(std::vector<ScreenLine>& lines, const ScreenSize& size) const {
  const std::vector<std::string> problems = problem_texts();
  if (problems.empty()) return;
  const std::string note =
      fmt::format("! {} {}{}: {}", problems.size(), problems.size() == 1 ? "problem" : "problems",
                  watch_.is_stale() && watch_.readings() > 0 ? ", old values" : "", problems.front());
  const std::vector<std::string> all = wrapped(note, size.columns, 2);
  const std::size_t most = page_ == Page::problems || size.rows < kRowsForNotes ? 1 : kMostNoteLines;
  for (std::size_t i = 0; i + 1 < std::min(most, all.size()); ++i) {
    lines.push_back(clipped(all[i], size.columns, Style::warning));
  }
  std::string last = all[std::min(most, all.size()) - 1];
  if (most < all.size()) last += " " + all[most].substr(all[most].find_first_not_of(' '));  // its end is then `~`
  lines.push_back(clipped(last, size.columns, Style::warning));
}

ScreenLine TopView::foot_line(std::size_t columns) const {
  if (is_filtering_)
    return clipped("filter: " + choice_.filter + "_   Enter keeps it, Esc drops it", columns, Style::selected);
  if (is_help_ || !opened_.empty()) return clipped("Esc back  q quit  arrows scroll", columns, Style::faint);
  std::string text = fmt::format(
      "q quit  ? help  Tab {}  s by {}{}  p {}  / ", kPages[(static_cast<std::size_t>(page_) + 1) % kPages.size()],
      to_string(choice_.order), choice_.is_reversed ? " reversed" : "", is_paused_ ? "go on" : "pause");
  text += choice_.filter.empty() ? "filter" : "filtered: " + choice_.filter;
  return clipped(text, columns, Style::faint);
}

std::string TopView::why_empty(const Listing& list) const {
  if (watch_.readings() == 0 && watch_.is_stale()) return "nothing could be read yet; it is tried again";
  return list.all > 0 ? fmt::format("nothing of {} fits the filter {}", list.all, choice_.filter) : list.nothing;
}

void TopView::add_list(std::vector<ScreenLine>& lines, std::size_t columns, std::size_t rows) {
  const Listing list = listing();
  const Layout layout = layout_of(list.columns, columns);
  lines.push_back({fit(heading_text(list, layout), columns), Style::heading});
  shown_rows_ = rows > 1 ? rows - 1 : 1;
  if (list.entries.empty()) {
    add_wrapped(lines, why_empty(list), columns, 0, Style::plain);
    return;
  }
  const auto same = std::ranges::find(list.entries, selected_, &Listing::Entry::name);
  if (same != list.entries.end()) at_ = static_cast<std::size_t>(same - list.entries.begin());
  at_ = std::min(at_, list.entries.size() - 1);
  if (!selected_.empty()) selected_ = list.entries[at_].name;
  if (at_ < first_) first_ = at_;
  if (at_ >= first_ + shown_rows_) first_ = at_ - shown_rows_ + 1;
  first_ = std::min(first_, list.entries.size() - std::min(shown_rows_, list.entries.size()));
  for (std::size_t i = first_; i < std::min(first_ + shown_rows_, list.entries.size()); ++i) {
    const Listing::Entry& entry = list.entries[i];
    const Style style = i == at_ ? Style::selected : entry.is_bad ? Style::warning : Style::plain;
    lines.push_back({fit(row_text(list, layout, entry.index), columns), style});
  }
}

void TopView::add_scrolled(std::vector<ScreenLine>& lines, std::vector<ScreenLine> body, std::size_t rows) {
  shown_rows_ = std::max<std::size_t>(rows, 1);
  scrolled_ = std::min(scrolled_, body.size() - std::min(shown_rows_, body.size()));
  for (std::size_t i = scrolled_; i < std::min(scrolled_ + rows, body.size()); ++i) lines.push_back(std::move(body[i]));
}

std::vector<ScreenLine> TopView::lines(const ScreenSize& size) {
  std::vector<ScreenLine> lines = head_lines(size);
  const std::size_t around = lines.size() + 1;
  const std::size_t rows = size.rows > around ? size.rows - around : 1;
  const WatchedMetric* metric = opened_.empty() ? nullptr : watch_.find(opened_);
  if (is_help_) {
    add_scrolled(lines, help_lines(size.columns), rows);
  } else if (metric != nullptr) {
    const bool is_its_split = split_ && split_of_ == watch_.families()[metric->shape.family].head.name;
    add_scrolled(lines, metric_page(watch_, *metric, is_its_split ? &*split_ : nullptr, size.columns), rows);
  } else if (!opened_.empty()) {
    lines.push_back(clipped(opened_ + " is gone", size.columns, Style::warning));
  } else if (page_ == Page::problems) {
    add_scrolled(lines, problem_lines(size.columns), rows);
  } else {
    add_list(lines, size.columns, rows);
  }
  lines.resize(std::max<std::size_t>(size.rows, 1) - 1);
  lines.push_back(foot_line(size.columns));
  return lines;
}

std::string TopView::text(std::size_t most_columns) {
  const Listing list = listing();
  std::size_t widest = std::string_view(list.columns[0].title).size();
  for (const Listing::Entry& entry : list.entries) widest = std::max(widest, columns_of(entry.name));
  std::size_t width = widest;
  for (const Listing::Column& column : list.columns) width += column.width > 0 ? column.width + 1 : 0;
  width = std::max(width, kNarrowestName + width - widest);
  const bool is_bounded = most_columns > 0;
  const Layout layout = layout_of(list.columns, is_bounded ? std::min(width, most_columns) : width);
  const auto without_blanks = [](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string out;
  const std::string counts = head_lines({.columns = 10'000})[1].text;
  const std::string first = shown_text(source_) + ": " + counts;
  const auto add = [&](const std::string& text, std::size_t indent) {
    for (const std::string& line : wrapped(text, is_bounded ? most_columns : columns_of(text), indent)) {
      out += without_blanks(line);
    }
  };
  add(first, 2);
  if (is_bounded && page_ == Page::problems) {
    for (const ScreenLine& line : problem_lines(most_columns)) out += without_blanks(line.text);
    return out;
  }
  out += without_blanks(heading_text(list, layout));
  for (const Listing::Entry& entry : list.entries) out += without_blanks(row_text(list, layout, entry.index));
  if (list.entries.empty()) add(why_empty(list), 0);
  return out;
}

}  // namespace weir
