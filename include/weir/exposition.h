// A collection as text: Prometheus text 0.0.4 or OpenMetrics 1.0.0.
//
//   weir::Format format = weir::negotiate(accept_header);
//   std::string body = weir::expose(*source.collect(), format);
//   respond(weir::content_type(format), weir::accepts_gzip(accept_encoding) ? weir::gzip(body) : body);
//
// Thread safety: pure functions.
// Process safety: no state; safe in a child after fork.
// Invariants: I5 (one series is printed once, with one spelling).
// Sources: https://prometheus.io/docs/instrumenting/exposition_formats/,
// https://prometheus.io/docs/specs/om/open_metrics_spec/, https://prometheus.io/docs/instrumenting/escaping_schemes/,
// https://prometheus.io/docs/instrumenting/content_negotiation/
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "weir/snapshot.h"

namespace weir {

/// The two text formats under the versions scrapers ask for. Text 1.0.0 is 0.0.4 as Prometheus 3 names it where it
/// understands quoted names; OpenMetrics 0.0.1 and 1.0.0 differ in the Content-Type only.
enum class TextFormat : std::uint8_t { text_0_0_4, openmetrics_1_0_0, text_1_0_0, openmetrics_0_0_1 };

/// True for both OpenMetrics versions.
constexpr bool is_openmetrics(TextFormat format) noexcept {
  return format == TextFormat::openmetrics_1_0_0 || format == TextFormat::openmetrics_0_0_1;
}

/// What becomes of names outside the classic rules; classic names always stand as they are.
///
/// `allow_utf8` quotes them: `{"http.status","my.label"="v"}`. `underscores` writes `_` for each character that is not
/// classic. `dots` writes `_dot_` for `.`, `__` for `_`, and `_` for the rest. `values` writes `U__`, then `__` for `_`
/// and `_<hex code point>_` for the rest: the one scheme that can be read back.
///
/// `underscores` and `dots` lose information by request. Families whose names become one stand under one header, the
/// first's; where their types differ, each of their sample names stands under a header of its own, typed unknown. A
/// series that becomes equal to an earlier one is left out; label names that become one keep all their values, joined
/// by `;`.
enum class NameEscaping : std::uint8_t { allow_utf8, underscores, dots, values };

struct Format {
  TextFormat text = TextFormat::text_0_0_4;
  NameEscaping escaping = NameEscaping::underscores;
  /// True when the scraper asked for `escaping=` by name, so that the answer says which it got.
  bool escaping_asked = false;
};

/// Chooses by an HTTP Accept header (empty: text 0.0.4), with q values, as Prometheus 2 and 3 send them. Formats
/// Weir does not write (protobuf) are passed over; when nothing fits, text 0.0.4, as other exporters answer.
Format negotiate(std::string_view accept);
/// The Content-Type of that format, `escaping=` included where it was asked for.
std::string content_type(const Format& format);

/// The whole exposition. `names` not empty: only families with that name, or with a sample of that name (`name[]`).
/// Such a family is shown whole. With an escaping scheme the names as shown select too.
///
/// Counters and infos are typed by the samples really there: text puts `_total` or `_info` in the header when the
/// samples carry it; OpenMetrics calls a counter whose samples do not end in `_total` unknown. Exemplars appear in
/// OpenMetrics, on counter `_total` and histogram `_bucket` samples; one above 128 characters is left out.
std::string expose(const Collection& collection, const Format& format, std::span<const std::string> names = {});
/// The same, appended to `body`, whose capacity is reused.
void expose(const Collection& collection, const Format& format, std::span<const std::string> names, std::string& body);

/// True when an Accept-Encoding header allows gzip (q=0 refuses it).
bool accepts_gzip(std::string_view accept_encoding);
/// One gzip member of the whole body, level 1: made for scrapes, not archives. Bodies above 16 MB are compressed piece
/// by piece, so that no second buffer of their size is needed. Throws Error when memory runs out.
std::string gzip(std::string_view body);

}  // namespace weir
