// An exemplar as it stands behind an OpenMetrics sample: ` # {trace_id="abc"} 0.67 1520879607.789`.
//
// Thread safety: pure function.
// Source: https://prometheus.io/docs/specs/om/open_metrics_spec/#exemplars
#pragma once

#include <string>

#include "weir/exposition.h"

namespace weir {

/// Labels sorted by name, names escaped by `scheme`. Empty when the labels exceed 128 characters: one such exemplar
/// makes the whole scrape invalid. A timestamp of 0, or one that is no number, is left out.
std::string exemplar_text(const Exemplar& exemplar, NameEscaping scheme);

}  // namespace weir
