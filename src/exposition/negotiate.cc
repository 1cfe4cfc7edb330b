#include <array>
#include <optional>

#include "exposition/accept.h"
#include "weir/exposition.h"

namespace weir {
namespace {

struct SchemeName {
  std::string_view name;
  NameEscaping escaping;
};
constexpr std::array<SchemeName, 4> kSchemes{{{"allow-utf-8", NameEscaping::allow_utf8},
                                              {"underscores", NameEscaping::underscores},
                                              {"dots", NameEscaping::dots},
                                              {"values", NameEscaping::values}}};

std::optional<NameEscaping> escaping_from(std::string_view name) noexcept {
  for (const SchemeName& scheme : kSchemes) {
    if (scheme.name == name) return scheme.escaping;
  }
  return std::nullopt;
}

std::optional<TextFormat> format_from(const AcceptClause& clause) noexcept {
  const std::string_view version = clause.parameter("version");
  if (equals_ignoring_case(clause.value, "application/openmetrics-text")) {
    // Without a version the first one is meant: it is what Go's expfmt takes it for.
    if (version.empty() || version == "0.0.1") return TextFormat::openmetrics_0_0_1;
    if (version == "1.0.0") return TextFormat::openmetrics_1_0_0;
  } else if (equals_ignoring_case(clause.value, "text/plain")) {
    if (version.empty() || version == "0.0.4") return TextFormat::text_0_0_4;
    if (version == "1.0.0") return TextFormat::text_1_0_0;
  } else if (clause.value == "*/*" || clause.value == "*" || equals_ignoring_case(clause.value, "text/*")) {
    return TextFormat::text_0_0_4;
  }
  return std::nullopt;
}

}  // namespace

Format negotiate(std::string_view accept) {
  for (const AcceptClause& clause : parse_accept(accept)) {
    if (clause.q <= 0) break;  // sorted: the rest is refused too
    const std::optional<TextFormat> text = format_from(clause);
    if (!text) continue;
    // The scheme counts for its own clause: Go lets one named beside protobuf leak into a later text clause, and
    // then quotes names for a scraper that asked for text 0.0.4 plainly.
    const std::optional<NameEscaping> escaping = escaping_from(clause.parameter("escaping"));
    return {*text, escaping.value_or(NameEscaping::underscores), escaping.has_value()};
  }
  return {};
}

std::string content_type(const Format& format) {
  std::string type;
  switch (format.text) {
    case TextFormat::text_0_0_4:
      type = "text/plain; version=0.0.4; charset=utf-8";
      break;
    case TextFormat::text_1_0_0:
      type = "text/plain; version=1.0.0; charset=utf-8";
      break;
    case TextFormat::openmetrics_0_0_1:
      type = "application/openmetrics-text; version=0.0.1; charset=utf-8";
      break;
    case TextFormat::openmetrics_1_0_0:
      type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
      break;
  }
  if (format.escaping_asked) {
    for (const SchemeName& scheme : kSchemes) {
      if (scheme.escaping == format.escaping) type.append("; escaping=").append(scheme.name);
    }
  }
  return type;
}

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false;
  for (const AcceptClause& clause : parse_accept(accept_encoding)) {
    // A clause that names gzip decides; `*` speaks only for codings that are not named.
    if (equals_ignoring_case(clause.value, "gzip") || equals_ignoring_case(clause.value, "x-gzip")) return clause.q > 0;
    if (clause.value == "*" && clause.q > 0) any = true;
  }
  return any;
}

}  // namespace weir
