// The lines of an exposition: headings, samples, timestamps, exemplars, the end.
//
//   LineWriter out(snapshot, format, body);
//   out.heading(heading);
//   out.series(family.first, family.first + family.count, heading.type);
//   out.end();
//
// Series are copied as they stand in the table, so a sample costs one copy and one number.
// Thread safety: one writer, one thread. Snapshot and body outlive the writer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "exposition/body_writer.h"
#include "exposition/heading.h"

namespace weir {

class LineWriter {
 public:
  LineWriter(const Snapshot& snapshot, const Format& format, std::string& body);

  /// `# HELP`, `# TYPE`, and in OpenMetrics `# UNIT` when the name ends in it.
  void heading(const Heading& heading);
  /// Samples [first, last) as the table spells them; `type` decides about exemplars.
  void series(std::size_t first, std::size_t last, MetricType type);
  /// Sample `i` under another spelling.
  void series_as(std::string_view text, std::size_t i, MetricType type);
  /// `# EOF` where the format has one.
  void end();

 private:
  void comment(std::string_view keyword, std::string_view name, std::string_view text);
  /// The exemplar is null, or stands where the type has one.
  void sample(std::string_view text, std::size_t i, const double* timestamp, const Exemplar* exemplar);
  void run(std::size_t first, std::size_t last);

  const Snapshot& snapshot_;
  const Format format_;
  const bool openmetrics_;
  BodyWriter out_;
};

}  // namespace weir
