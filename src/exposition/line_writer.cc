#include "exposition/line_writer.h"

#include <algorithm>
#include <limits>

#include "exposition/exemplar_text.h"
#include "exposition/name_escaping.h"
#include "exposition/timestamp_text.h"
#include "format/number.h"

namespace weir {
namespace {

/// Bytes to expect beside a series' own text: blank, newline, and a number of usual length.
constexpr std::size_t kUsualNumber = 14;
constexpr std::size_t kUsualHeading = 160;

/// `\` and newline, and in OpenMetrics `"`, with a backslash before them.
void append_help(std::string& out, std::string_view help, bool openmetrics) {
  for (const char c : help) {
    if (c == '\\' || c == '\n' || (c == '"' && openmetrics)) out += '\\';
    out += c == '\n' ? 'n' : c;
  }
}

bool may_carry_exemplar(std::string_view series, MetricType type) noexcept {
  const bool quoted = series.starts_with("{\"");
  const std::string_view name = series.substr(0, series.find(quoted ? '"' : '{', quoted ? 2 : 0));
  if (type == MetricType::counter) return name.ends_with("_total");
  return type == MetricType::histogram && name.ends_with("_bucket");
}

bool has_unit(const Heading& heading) noexcept {
  const std::string& unit = heading.head->unit;
  if (unit.empty() || heading.type == MetricType::info || heading.type == MetricType::stateset) return false;
  const std::string& name = heading.name;
  return name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
}

/// Goes along what some samples have beside their values: exemplars or timestamps, sorted by series.
template <typename At>
class Walk {
 public:
  Walk(const std::vector<At>& all, std::size_t first, bool is_shown)
      : at_(is_shown ? std::ranges::lower_bound(all, first, {}, &At::series) : all.end()), end_(all.end()) {}
  /// Of the next one; beyond every series when there is none.
  std::size_t series() const noexcept { return at_ == end_ ? std::numeric_limits<std::size_t>::max() : at_->series; }
  /// What sample `i` has, or nothing.
  const At* take(std::size_t i) noexcept { return series() == i ? &*at_++ : nullptr; }

 private:
  typename std::vector<At>::const_iterator at_, end_;
};

template <auto write_number>
void write_run(BodyWriter& out, const Snapshot& snapshot, std::size_t first, std::size_t last) {
  const SeriesTable& table = *snapshot.table;
  const double* values = snapshot.values.data();
  for (std::size_t i = first; i < last; ++i) {
    const std::string_view text = table.series(i);
    char* at = out.room(text.size() + kMaxNumberLength + 2);
    std::memcpy(at, text.data(), text.size());
    at += text.size();
    *at++ = ' ';
    at = write_number(at, values[i]);
    *at++ = '\n';
    out.advance_to(at);
  }
}

}  // namespace

LineWriter::LineWriter(const Snapshot& snapshot, const Format& format, std::string& body)
    : snapshot_(snapshot),
      format_(format),
      openmetrics_(is_openmetrics(format.text)),
      out_(body, snapshot.table->text_size() + snapshot.table->size() * kUsualNumber +
                     snapshot.table->families().size() * kUsualHeading) {}

void LineWriter::comment(std::string_view keyword, std::string_view name, std::string_view text) {
  for (const std::string_view part : {std::string_view("# "), keyword, std::string_view(" "), name,
                                      std::string_view(" "), text, std::string_view("\n")}) {
    out_.append(part);
  }
}

void LineWriter::heading(const Heading& heading) {
  std::string name;
  append_header_name(name, heading.name);
  std::string help;
  append_help(help, heading.head->help, openmetrics_);
  comment("HELP", name, help);
  comment("TYPE", name, type_word(heading.type, openmetrics_));
  if (openmetrics_ && has_unit(heading)) comment("UNIT", name, heading.head->unit);
}

void LineWriter::run(std::size_t first, std::size_t last) {
  if (openmetrics_) {
    write_run<write_openmetrics_number>(out_, snapshot_, first, last);
  } else {
    write_run<write_go_number>(out_, snapshot_, first, last);
  }
}

void LineWriter::series(std::size_t first, std::size_t last, MetricType type) {
  Walk timestamp(snapshot_.timestamps, first, true);
  Walk exemplar(snapshot_.exemplars, first, openmetrics_);
  for (;;) {
    const std::size_t i = std::min(timestamp.series(), exemplar.series());
    if (i >= last) break;
    run(first, i);
    const std::string_view text = snapshot_.table->series(i);
    const Snapshot::TimestampAt* const when = timestamp.take(i);
    const Snapshot::ExemplarAt* const what = exemplar.take(i);
    sample(text, i, when ? &when->seconds : nullptr,
           what && may_carry_exemplar(text, type) ? &what->exemplar : nullptr);
    first = i + 1;
  }
  run(first, last);
}

void LineWriter::series_as(std::string_view text, std::size_t i, MetricType type) {
  const Snapshot::TimestampAt* const when = Walk(snapshot_.timestamps, i, true).take(i);
  const Snapshot::ExemplarAt* const what = Walk(snapshot_.exemplars, i, openmetrics_).take(i);
  sample(text, i, when ? &when->seconds : nullptr, what && may_carry_exemplar(text, type) ? &what->exemplar : nullptr);
}

void LineWriter::sample(std::string_view text, std::size_t i, const double* timestamp, const Exemplar* exemplar) {
  out_.append(text);
  out_.append(" ");
  char* at = out_.room(kMaxNumberLength);
  const double value = snapshot_.values[i];
  out_.advance_to(openmetrics_ ? write_openmetrics_number(at, value) : write_go_number(at, value));
  if (timestamp != nullptr) {
    std::string digits;
    openmetrics_ ? append_seconds(digits, *timestamp) : append_milliseconds(digits, *timestamp);
    out_.append(digits);
  }
  if (exemplar != nullptr) out_.append(exemplar_text(*exemplar, format_.escaping));
  out_.append("\n");
}

void LineWriter::end() {
  if (openmetrics_) out_.append("# EOF\n");
}

}  // namespace weir
