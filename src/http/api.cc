#include "http/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "http/api_answer.h"
#include "http/api_query.h"
#include "http/json_text.h"
#include "model/series_text.h"
#include "weir/error.h"
#include "weir/exposition.h"
#include "weir/version.h"

namespace weir {
namespace {

constexpr std::pair<std::string_view, View> kApiPaths[] = {{"/api/v1/series", View::api_series},
                                                           {"/api/v1/values", View::api_values},
                                                           {"/api/v1/status", View::api_status},
                                                           {"/api/v1/split", View::api_split}};

void append_problems(std::string& out, const std::vector<Problem>& problems) {
  fmt::format_to(std::back_inserter(out), ",\"problems_total\":{},\"problems\":[", problems.size());
  for (std::size_t i = 0; i < std::min(problems.size(), Api::kMostProblems); ++i) {
    out += i == 0 ? "{\"reason\":" : ",{\"reason\":";
    append_json_text(out, problems[i].reason);
    out += ",\"subject\":";
    append_json_text(out, problems[i].subject);
    out += ",\"message\":";
    append_json_text(out, problems[i].message);
    out += '}';
  }
  out += ']';
}

/// The exporter's own families, sample by sample; of histograms only count and sum.
void append_own_metrics(std::string& out, const Snapshot& snapshot) {
  out += ",\"metrics\":[";
  const char* before = "";
  for (const MetricFamily& family : families(snapshot)) {
    for (const Sample& sample : family.samples) {
      if (sample.name.ends_with("_bucket")) continue;
      out += before;
      before = ",\n";
      out += "{\"name\":";
      append_json_text(out, sample.name);
      out += ",\"labels\":";
      append_json_labels(out, sample.labels);
      out += ",\"value\":";
      append_json_number(out, sample.value);
      out += ",\"help\":";
      append_json_text(out, family.head.help);
      out += '}';
    }
  }
  out += ']';
}

void append_writer(std::string& out, const Writer& writer) {
  out += "{\"name\":";
  append_json_text(out, writer.name);
  fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\"", to_string(writer.state));
  if (!writer.host.empty()) {
    out += ",\"host\":";
    append_json_text(out, writer.host);
  }
  if (writer.files > 0) {
    fmt::format_to(std::back_inserter(out), ",\"files\":{},\"bytes\":{}", writer.files, writer.bytes);
  }
  if (writer.values > 0) fmt::format_to(std::back_inserter(out), ",\"values\":{}", writer.values);
  if (writer.last_flush_age > 0) {
    out += ",\"last_flush_age\":";
    append_json_number(out, writer.last_flush_age);
  }
  out += '}';
}

}  // namespace

std::optional<View> api_view(std::string_view path) noexcept {
  const auto* const at = std::ranges::find(kApiPaths, path, &std::pair<std::string_view, View>::first);
  return at == std::end(kApiPaths) ? std::nullopt : std::optional(at->second);
}

bool is_api(View view) noexcept {
  return std::ranges::find(kApiPaths, view, &std::pair<std::string_view, View>::second) != std::end(kApiPaths);
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) noexcept {
  // Weak comparison (RFC 9110, 8.8.3.2): what stands between the quotes. Ours hold no comma and no quote.
  return if_none_match == "*" ||
         (!etag.empty() && if_none_match.find(etag.substr(etag.find('"'))) != std::string_view::npos);
}

Answer Api::render(const std::shared_ptr<const Collection>& collection, double time, const Ask& ask,
                   BodyStore& bodies) {
  look_at(collection);
  const auto known = std::ranges::find_if(
      made_, [&](const Made& one) { return one.view == ask.view && one.gzip == ask.gzip && one.names == ask.names; });
  if (known != made_.end()) return known->answer;
  Answer answer = make(*collection, time, ask, bodies);
  // Of the series document only the gzip is kept, and the shape has it.
  if (made_.size() < kMostKept && answer.status == 200 && ask.view != View::api_series)
    made_.push_back({ask.view, ask.names, ask.gzip, answer});
  return answer;
}

/// Another collection: what was made of the last one goes, but for the shape where the series are the same.
void Api::look_at(const std::shared_ptr<const Collection>& collection) {
  if (seen_ == collection) return;
  const bool is_same_table = seen_ != nullptr && seen_->snapshot.table == collection->snapshot.table;
  made_.clear();
  if (!is_same_table) shape_.reset();
  seen_ = collection;
}

void Api::forget() {
  made_.clear();
  shape_.reset();
  seen_.reset();
}

Answer Api::make(const Collection& collection, double time, const Ask& ask, BodyStore& bodies) {
  if (shape_ == nullptr && ask.view != View::api_status) {
    shape_ = std::make_unique<ApiShape>(*collection.snapshot.table);
  }
  if (ask.view == View::api_values) return api_answer(values(collection), time, ask.gzip, bodies);
  if (ask.view == View::api_status) return api_answer(status(collection, writers_asked(ask)), time, ask.gzip, bodies);
  Answer answer;
  answer.content_type = "application/json";
  answer.cache_control = "no-cache";
  answer.gzipped = ask.gzip;
  answer.etag = fmt::format("W/\"{}\"", shape_->generation());
  answer.body = bodies.body(ask.gzip ? shape_->gzipped() : ApiShape::json(*collection.snapshot.table));
  return answer;
}

std::string Api::values(const Collection& collection) const {
  std::string out = fmt::format("{{\"generation\":\"{}\"", shape_->generation());
  append_problems(out, collection.problems);
  out += ",\"values\":";
  shape_->append_values(out, collection.snapshot.values);
  out += "}\n";
  return out;
}

std::string Api::status(const Collection& backend, std::size_t most_writers) {
  std::string out = "{\"weir\":";
  append_json_text(out, kVersion);
  out += ",\"source\":";
  append_json_text(out, source_);
  append_writers(out, most_writers);
  append_own_metrics(out, backend.snapshot);
  out += "}\n";
  return out;
}

void Api::append_writers(std::string& out, std::size_t most) {
  if (writers_ == nullptr) {
    out += ",\"storage\":null,\"writers\":null";
    return;
  }
  out += ",\"storage\":";
  append_json_text(out, writers_->storage());
  out += ",\"how_to_write\":";
  append_json_text(out, writers_->how_to_write());
  std::vector<Writer> all;
  try {
    all = writers_->writers();
  } catch (const Error& error) {
    out += ",\"writers\":null,\"writers_error\":";
    append_json_text(out, error.what());
    return;
  }
  std::array<std::size_t, 4> counts{};
  for (const Writer& writer : all) ++counts[static_cast<std::size_t>(writer.state)];
  fmt::format_to(std::back_inserter(out),
                 ",\"writers\":{{\"alive\":{},\"dead\":{},\"unknown\":{},\"folded\":{},\"listed\":{},\"list\":[\n",
                 counts[0], counts[1], counts[2], counts[3], std::min(all.size(), most));
  for (std::size_t i = 0; i < std::min(all.size(), most); ++i) {
    if (i > 0) out += ",\n";
    append_writer(out, all[i]);
  }
  out += "]}";
}

}  // namespace weir
