// The lists `weir top` shows: metrics, families, histograms, writers, problems; ordered, filtered, a row of cells each.
//
//   Listing listing = list_metrics(watch, {.order = Order::rate, .filter = "http"});
//   for (const Listing::Entry& entry : listing.entries) listing.cells(entry.index) ...
//
// Cells are made when asked for: of a hundred thousand metrics a screen shows forty.
//
// Thread safety: a listing reads what it was made from, which must outlive it and stay as it is.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "watch/watch.h"
#include "weir/writers.h"

namespace weir {

enum class Order : std::uint8_t { rate, value, name, change };
std::string_view to_string(Order order) noexcept;
std::optional<Order> order_from(std::string_view name) noexcept;

struct ListingChoice {
  Order order = Order::rate;  ///< largest first, what is not known last; names from a to z
  bool is_reversed = false;
  std::string filter;  ///< words that all stand in the row's name, whatever their case; empty: every row
};

struct Listing {
  struct Column {
    const char* title;
    std::size_t width = 0;  ///< 0: what the others leave
    std::size_t rank = 0;   ///< 0 stays, then the highest goes first where the screen is narrow
    bool is_right = true;
  };
  struct Entry {
    std::string_view name;  ///< unique in the list
    std::size_t index = 0;  ///< for cells()
    bool is_bad = false;    ///< worth a colour: a dead writer, a problem
  };
  std::vector<Column> columns;
  std::vector<Entry> entries;
  std::size_t all = 0;  ///< entries without the filter
  std::function<std::vector<std::string>(std::size_t index)> cells;
  std::string nothing;  ///< what to say where there is no entry
};

Listing list_metrics(const Watch& watch, const ListingChoice& choice);
Listing list_histograms(const Watch& watch, const ListingChoice& choice);

/// The metrics of one family together: sums of what only grows; of other types values stand where there is one metric.
struct FamilyTotal {
  std::string name;
  MetricType type = MetricType::unknown;
  std::size_t metrics = 0;
  double value = 0;
  double rate = 0;
  double change = 0;
};
std::vector<FamilyTotal> family_totals(const Watch& watch);
Listing list_families(std::span<const FamilyTotal> families, const ListingChoice& choice);

/// In the order given; only the filter of `choice` counts.
Listing list_writers(std::span<const Writer> writers, const ListingChoice& choice);
Listing list_problems(std::span<const std::string> problems, const ListingChoice& choice);

}  // namespace weir
