// Which families and metrics a collection has, as the JSON of /api/v1/series, and where each of its values stands in
// /api/v1/values.
//
//   ApiShape shape(*collection.snapshot.table);
//   shape.gzipped()                  // the document; the same for every collection with the same series
//   shape.append_values(body, values)
//
// A series table changes when processes come with new series, values at every scrape: so a client asks for the shape
// once a generation and for numbers alone from then on. A metric is one label set; a histogram's or summary's values
// stand together: bounds or quantiles in order, then count, then sum.
//
// Kept of a document is its gzip alone: of 128,000 series it has 17 MB, packed 1.
//
// Thread safety: immutable once made. Invariants: I4, I5.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "weir/snapshot.h"

namespace weir {

class ApiShape {
 public:
  explicit ApiShape(const SeriesTable& table);

  /// 16 hex digits, a hash of everything the document says: the same after a restart while the series are the same.
  const std::string& generation() const noexcept { return generation_; }
  const std::string& gzipped() const noexcept { return gzipped_; }
  /// The document of the table this was made of, written once more.
  static std::string json(const SeriesTable& table);
  /// `[1,2,null]`, in this document's order; null where a histogram lacks a sample.
  void append_values(std::string& out, std::span<const double> values) const;

 private:
  class Writer;
  static std::string document(const SeriesTable& table, std::vector<std::uint32_t>& order, std::string& generation);

  std::vector<std::uint32_t> order_;  // index of each value in the table; kAbsent: there is none
  std::string generation_;
  std::string gzipped_;
};

/// FNV-1a, 64 bits: tells versions of a text apart; no defence against someone who picks the text.
std::uint64_t text_hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325) noexcept;

}  // namespace weir
