// The documents of `weir serve`'s JSON API (docs/api.md) read back: who writes, and one family writer by writer.
//
//   if (std::optional<ApiWriters> told = read_api_status(body)) use(told->writers);
//
// Fields that are not known are passed over: version 1 may get more. Thread safety: pure functions. Invariants: I4.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/writers.h"

namespace weir {

/// The most writers that /api/v1/status lists.
constexpr std::size_t kMostApiWriters = 100'000;

struct ApiWriters {
  std::string storage;
  std::string how_to_write;
  std::vector<Writer> writers;
  bool is_known = false;  ///< false: the source does not tell its writers apart, or `fault` says why not now
  bool is_cut = false;    ///< there are more than `writers` holds
  std::string fault;
};

/// /api/v1/status, of its writers the first `most`; nothing where the text is no such document: another exporter
/// answers.
std::optional<ApiWriters> read_api_status(std::string_view body, std::size_t most = kMostApiWriters);
/// /api/v1/split; nothing where the text is no such document.
std::optional<FamilySplit> read_api_split(std::string_view body);

}  // namespace weir
