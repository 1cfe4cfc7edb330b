// The JSON API under /api/v1: what the page at / asks, and any other program may (docs/api.md).
//
//   Api api("directory /run/metrics", writers);
//   Answer answer = api.render(collection, time, {View::api_values}, bodies);
//
//   /api/v1/series            families and metrics; changes with the generation
//   /api/v1/values            one number a value of the series document, and what could not be read
//   /api/v1/status            writers, storage, what the exporter counts about itself: of the backend's collection
//   /api/v1/split?family=X    one family, writer by writer: split_reader.h
//
// A document is rendered once a collection, however many pages poll. Each answer carries an ETag.
//
// Thread safety: one thread at a time (a Gatherer's). Invariants: I4 (lists are cut at a length, and say so).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/api_shape.h"
#include "http/ask.h"
#include "http/body_store.h"
#include "weir/snapshot.h"
#include "weir/writers.h"

namespace weir {

/// What is at that path; nothing when nothing is.
std::optional<View> api_view(std::string_view path) noexcept;
/// True for the views that Api renders.
bool is_api(View view) noexcept;
/// True when an If-None-Match header names this ETag.
bool matches_etag(std::string_view if_none_match, std::string_view etag) noexcept;

class Api {
 public:
  /// How many problems are listed.
  static constexpr std::size_t kMostProblems = 200;

  /// `source` describes what is read. `writers` (null: not known) must outlive it.
  Api(std::string source, WriterView* writers) : source_(std::move(source)), writers_(writers) {}

  WriterView* writers() const noexcept { return writers_; }
  /// Of all views but api_split. `time`: when the collection began, Unix seconds; rates are made of it.
  Answer render(const std::shared_ptr<const Collection>& collection, double time, const Ask& ask, BodyStore& bodies);
  /// Gives back what is kept between answers.
  void forget();

 private:
  struct Made {
    View view;
    std::vector<std::string> names;
    bool gzip;
    Answer answer;
  };
  static constexpr std::size_t kMostKept = 16;

  Answer make(const Collection& collection, double time, const Ask& ask, BodyStore& bodies);
  void look_at(const std::shared_ptr<const Collection>& collection);
  std::string values(const Collection& collection) const;
  std::string status(const Collection& backend, std::size_t most_writers);
  void append_writers(std::string& out, std::size_t most);

  const std::string source_;
  WriterView* const writers_;
  std::shared_ptr<const Collection> seen_;
  std::unique_ptr<ApiShape> shape_;  // of seen_'s table
  std::vector<Made> made_;           // of seen_; at most kMostKept
};

}  // namespace weir
