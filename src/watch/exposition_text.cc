#include "watch/exposition_text.h"

#include <fmt/core.h>

#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "format/number.h"
#include "model/printable.h"
#include "model/series_text.h"
#include "watch/exposition_line.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kToldProblems = 5;

/// Endings of a sample's name that belong to the type; `_created` is never shown.
std::vector<std::string_view> endings_of(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return {"_total", ""};
    case MetricType::histogram:
      return {"_bucket", "_count", "_sum", "_gcount", "_gsum"};
    case MetricType::summary:
      return {"_count", "_sum", ""};
    case MetricType::info:
      return {"_info", ""};
    default:
      return {""};
  }
}

/// Types as expositions spell them; nothing for a word that is none.
std::optional<MetricType> type_named(std::string_view word) {
  if (word == "untyped") return MetricType::unknown;
  if (word == "gaugehistogram") return MetricType::unknown;  // falls and rises: its samples are shown one by one
  return metric_type_from(word);
}

class Reader {
 public:
  explicit Reader(const std::string& origin) : origin_(origin) {}

  void line(std::string_view text) {
    ++number_;
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) return;
    try {
      if (text.front() == '#') {
        comment(text);
      } else {
        sample(text);
      }
    } catch (const FormatError& error) {
      tell("bad_line", error.what());
    }
  }

  std::shared_ptr<const Collection> finish() && {
    std::erase_if(families_, [](const MetricFamily& family) { return family.samples.empty(); });
    auto collection = std::make_shared<Collection>();
    collection->snapshot = snapshot_of(families_);
    if (untold_ > 0) problems_.push_back({"bad_line", origin_, fmt::format("{} more lines like these", untold_)});
    collection->problems = std::move(problems_);
    return collection;
  }

 private:
  void tell(const char* reason, std::string_view message) {
    if (problems_.size() == kToldProblems) {
      ++untold_;
      return;
    }
    problems_.push_back({reason, origin_, fmt::format("line {}: {}", number_, message)});
  }

  void comment(std::string_view text) {
    const std::optional<ExpositionComment> comment = parse_exposition_comment(text);
    if (!comment) return;
    using Kind = ExpositionComment::Kind;
    if (comment->kind == Kind::type) {
      const std::optional<MetricType> type = type_named(comment->text);
      if (!type) throw FormatError(fmt::format("{} is no type of a metric", printable(comment->text)));
      // 0.0.4 names a counter with its `_total`, families go without.
      std::string name = comment->name;
      if (*type == MetricType::counter && name.ends_with("_total")) name.resize(name.size() - 6);
      family(name).head.type = *type;
      if (name != comment->name && by_name_.contains(comment->name)) {
        family(name).head.help = family(comment->name).head.help;
      }
    } else if (comment->kind == Kind::help) {
      family(declared(comment->name)).head.help = comment->text;
    } else {
      family(comment->name).head.unit = comment->text;
    }
  }

  void sample(std::string_view text) {
    ExpositionSample read = parse_exposition_sample(text);
    const std::optional<std::string> of = family_of(read.name);
    if (!of) return;  // `_created`
    std::string series;
    append_series_text(series, read.name, read.labels);
    if (!seen_.insert(std::move(series)).second) {
      tell("duplicate", fmt::format("{} stands twice; the first is shown", printable(text)));
      return;
    }
    family(*of).samples.push_back({std::move(read.name), std::move(read.labels), read.value, {}});
  }

  /// A counter may have been declared under either name.
  std::string declared(const std::string& name) const {
    if (!name.ends_with("_total")) return name;
    const std::string base = name.substr(0, name.size() - 6);
    const auto at = by_name_.find(base);
    return at != by_name_.end() && families_[at->second].head.type == MetricType::counter ? base : name;
  }

  /// The family a sample belongs to, its own name where none claims it; nothing for a time of creation.
  std::optional<std::string> family_of(const std::string& name) const {
    static constexpr std::array<std::string_view, 8> kEndings{"_total",  "_bucket", "_count", "_sum",
                                                              "_gcount", "_gsum",   "_info",  "_created"};
    for (const std::string_view ending : kEndings) {
      if (!name.ends_with(ending)) continue;
      std::string base = name.substr(0, name.size() - ending.size());
      const auto at = by_name_.find(base);
      if (at == by_name_.end()) continue;
      const MetricType type = families_[at->second].head.type;
      const bool has_created =
          type == MetricType::counter || type == MetricType::histogram || type == MetricType::summary;
      if (ending == "_created" && has_created) return std::nullopt;
      for (const std::string_view allowed : endings_of(type)) {
        if (allowed == ending) return base;
      }
    }
    return name;
  }

  MetricFamily& family(const std::string& name) {
    const auto [at, is_new] = by_name_.try_emplace(name, families_.size());
    if (is_new) families_.push_back({{name, MetricType::unknown, "", ""}, {}});
    return families_[at->second];
  }

  const std::string& origin_;
  std::size_t number_ = 0;
  std::vector<MetricFamily> families_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_set<std::string> seen_;
  std::vector<Problem> problems_;
  std::size_t untold_ = 0;
};

}  // namespace

std::shared_ptr<const Collection> parse_exposition(std::string_view body, const std::string& origin) {
  Reader reader(origin);
  while (!body.empty()) {
    const std::size_t end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    if (line == "# EOF") break;
    reader.line(line);
    if (end == std::string_view::npos) break;
    body.remove_prefix(end + 1);
  }
  return std::move(reader).finish();
}

}  // namespace weir
