#include "watch/listing.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "watch/column_text.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 4> kOrders{"rate", "value", "name", "change"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// The words of a filter, and whether they stand in a name.
class Filter {
 public:
  explicit Filter(std::string_view text) {
    std::string word;
    for (const char c : text) {
      if (c != ' ') {
        word += lower(c);
      } else if (!word.empty()) {
        words_.push_back(std::move(word));
        word.clear();
      }
    }
    if (!word.empty()) words_.push_back(std::move(word));
  }
  bool passes(std::string_view name) const {
    return std::ranges::all_of(words_, [name](const std::string& word) {
      return !std::ranges::search(name, word, {}, lower).empty() || word.empty();
    });
  }

 private:
  std::vector<std::string> words_;
};

/// What a row is ordered by, the largest first.
double weight(Order order, double value, double rate, double change) {
  switch (order) {
    case Order::rate:
      return rate;
    case Order::value:
      return value;
    case Order::change:
      return std::abs(change);
    case Order::name:
      break;
  }
  return 0;
}

struct Weighed {
  Listing::Entry entry;
  double weight = 0;
};

std::vector<Listing::Entry> ordered(std::vector<Weighed> rows, bool is_reversed) {
  std::ranges::sort(rows, [is_reversed](const Weighed& a, const Weighed& b) {
    if (std::isnan(a.weight) != std::isnan(b.weight)) return std::isnan(b.weight);
    if (!std::isnan(a.weight) && a.weight != b.weight) return (a.weight > b.weight) != is_reversed;
    return is_reversed ? a.entry.name > b.entry.name : a.entry.name < b.entry.name;
  });
  std::vector<Listing::Entry> out;
  out.reserve(rows.size());
  for (const Weighed& row : rows) out.push_back(row.entry);
  return out;
}

Listing metrics_where(const Watch& watch, const ListingChoice& choice, bool only_histograms) {
  const Filter filter(choice.filter);
  Listing listing;
  std::vector<Weighed> rows;
  for (std::size_t i = 0; i < watch.metrics().size(); ++i) {
    const WatchedMetric& metric = watch.metrics()[i];
    const bool has_quantiles = metric.type == MetricType::histogram || metric.type == MetricType::summary;
    if (only_histograms && !(has_quantiles && !metric.shape.bounds.empty())) continue;
    ++listing.all;
    if (!filter.passes(metric.shape.text)) continue;
    rows.push_back({{metric.shape.text, i, false}, weight(choice.order, metric.value, metric.rate, metric.change)});
  }
  listing.entries = ordered(std::move(rows), choice.is_reversed);
  return listing;
}

/// A summary's quantile as its process computed it.
double quantile_of(const WatchedMetric& metric, std::span<const double> values, double quantile) {
  const std::vector<BucketCount> all = metric.all(values);
  if (metric.type == MetricType::histogram) return histogram_quantile(all, quantile);
  const auto at = std::ranges::find(all, quantile, &BucketCount::bound);
  return at == all.end() ? WatchedMetric::kNotKnown : at->count;
}

}  // namespace

std::string_view to_string(Order order) noexcept { return kOrders[static_cast<std::size_t>(order)]; }

std::optional<Order> order_from(std::string_view name) noexcept {
  const auto at = std::ranges::find(kOrders, name);
  if (at == kOrders.end()) return std::nullopt;
  return static_cast<Order>(at - kOrders.begin());
}

Listing list_metrics(const Watch& watch, const ListingChoice& choice) {
  Listing listing = metrics_where(watch, choice, false);
  listing.columns = {
      {"METRIC", 0, 0, false}, {"TYPE", 9, 4, false}, {"VALUE", 10}, {"RATE/S", 10, 2}, {"CHANGE", 10, 3}};
  listing.cells = [&watch](std::size_t index) -> std::vector<std::string> {
    const WatchedMetric& metric = watch.metrics()[index];
    return {metric.shape.text, std::string(to_string(metric.type)), number_text(metric.value), rate_text(metric.rate),
            change_text(metric.change)};
  };
  listing.nothing = "no metrics";
  return listing;
}

Listing list_histograms(const Watch& watch, const ListingChoice& choice) {
  Listing listing = metrics_where(watch, choice, true);
  listing.columns = {{"HISTOGRAM", 0, 0, false},
                     {"COUNT", 10, 4},
                     {"RATE/S", 9, 3},
                     {"MEAN", 9, 5},
                     {"P50", 9, 2},
                     {"P90", 9, 1},
                     {"P99", 9}};
  listing.cells = [&watch](std::size_t index) -> std::vector<std::string> {
    const WatchedMetric& metric = watch.metrics()[index];
    return {metric.shape.text,
            number_text(metric.value),
            rate_text(metric.rate),
            rate_text(metric.value > 0 ? metric.sum / metric.value : WatchedMetric::kNotKnown),
            rate_text(quantile_of(metric, watch.values(), 0.5)),
            rate_text(quantile_of(metric, watch.values(), 0.9)),
            rate_text(quantile_of(metric, watch.values(), 0.99))};
  };
  listing.nothing = "no histograms and no summaries with quantiles";
  return listing;
}

std::vector<FamilyTotal> family_totals(const Watch& watch) {
  std::vector<FamilyTotal> out;
  for (const SeriesTable::Family& family : watch.families()) out.push_back({family.head.name, family.head.type});
  for (const WatchedMetric& metric : watch.metrics()) {
    FamilyTotal& total = out[metric.shape.family];
    ++total.metrics;
    // A metric just met has no rate yet: it adds none.
    total.value += metric.value;
    total.change += metric.change;
    if (!std::isnan(metric.rate)) total.rate += metric.rate;
  }
  for (FamilyTotal& total : out) {
    if (watch.readings() < 2) total.rate = WatchedMetric::kNotKnown;
    if (only_grows(total.type) || total.metrics == 1) continue;
    total.value = total.rate = total.change = WatchedMetric::kNotKnown;
  }
  return out;
}

Listing list_families(std::span<const FamilyTotal> families, const ListingChoice& choice) {
  const Filter filter(choice.filter);
  Listing listing;
  listing.all = families.size();
  std::vector<Weighed> rows;
  for (std::size_t i = 0; i < families.size(); ++i) {
    const FamilyTotal& family = families[i];
    if (!filter.passes(family.name)) continue;
    rows.push_back({{family.name, i, false}, weight(choice.order, family.value, family.rate, family.change)});
  }
  listing.entries = ordered(std::move(rows), choice.is_reversed);
  listing.columns = {{"FAMILY", 0, 0, false}, {"TYPE", 9, 4, false}, {"METRICS", 8, 5}, {"SUM", 10},
                     {"RATE/S", 10, 2},       {"CHANGE", 10, 3}};
  listing.cells = [families](std::size_t index) -> std::vector<std::string> {
    const FamilyTotal& family = families[index];
    return {family.name,
            std::string(to_string(family.type)),
            std::to_string(family.metrics),
            std::isnan(family.value) ? "-" : number_text(family.value),
            rate_text(family.rate),
            change_text(family.change)};
  };
  listing.nothing = "no metric families";
  return listing;
}

Listing list_writers(std::span<const Writer> writers, const ListingChoice& choice) {
  const Filter filter(choice.filter);
  Listing listing;
  listing.all = writers.size();
  for (std::size_t i = 0; i < writers.size(); ++i) {
    if (!filter.passes(writers[i].name)) continue;
    listing.entries.push_back({writers[i].name, i, writers[i].state == WriterState::dead});
  }
  listing.columns = {{"WRITER", 0, 0, false}, {"STATE", 8, 0, false}, {"HOST", 16, 4, false}, {"FILES", 6, 2},
                     {"BYTES", 10, 1},        {"KEYS", 8, 2},         {"LAST FLUSH", 11, 3}};
  const auto or_dash = [](double value, const std::string& text) { return value > 0 ? text : std::string("-"); };
  listing.cells = [writers, or_dash](std::size_t index) -> std::vector<std::string> {
    const Writer& writer = writers[index];
    return {writer.name,
            to_string(writer.state),
            writer.host.empty() ? "-" : writer.host,
            or_dash(static_cast<double>(writer.files), std::to_string(writer.files)),
            or_dash(static_cast<double>(writer.bytes), std::to_string(writer.bytes)),
            or_dash(static_cast<double>(writer.values), std::to_string(writer.values)),
            or_dash(writer.last_flush_age, fmt::format("{:.1f} s ago", writer.last_flush_age))};
  };
  listing.nothing = "no writers";
  return listing;
}

Listing list_problems(std::span<const std::string> problems, const ListingChoice& choice) {
  const Filter filter(choice.filter);
  Listing listing;
  listing.all = problems.size();
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (filter.passes(problems[i])) listing.entries.push_back({problems[i], i, true});
  }
  listing.columns = {{"PROBLEM", 0, 0, false}};
  listing.cells = [problems](std::size_t index) { return std::vector{problems[index]}; };
  listing.nothing = "no problems: everything could be read";
  return listing;
}

}  // namespace weir
