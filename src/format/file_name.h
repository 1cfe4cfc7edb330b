// Names of multiprocess files: type, gauge mode and writer.
//
//   counter_4242.db   histogram_4242.db   summary_4242.db   gauge_livesum_4242.db       stock
//   counter_4242-18f3a2c07b11.db   gauge_max_4242-18f3a2c07b11.db                        ours (protocol P3)
//   gauge_all_worker_1.db                                                                custom identities
//
// The identity is everything after the type (and mode) and its `_`, without `.db`; a nonce follows a `-` and belongs to
// no pid label. Only `gauge_all_…` and `gauge_live…` never carry a nonce: their identity is the `pid` label as it
// stands.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// What the record kind of a file is: its type and, for gauges, its mode.
struct FileKind {
  MetricType type = MetricType::counter;  ///< counter, gauge, histogram or summary
  GaugeMode mode = GaugeMode::all;        ///< meaningful for gauges only
  bool operator==(const FileKind&) const = default;
};

/// `counter`, `gauge_livesum`, …
std::string to_string(FileKind kind);
/// Reads what to_string(FileKind) wrote; nothing for other text.
std::optional<FileKind> parse_file_kind(std::string_view text) noexcept;
/// True where the whole identity becomes the `pid` label (gauge modes all and live*), so that no nonce may follow.
bool identity_is_label(FileKind kind) noexcept;

struct FileName {
  FileKind kind;
  std::string identity;  ///< as it stands in the name, nonce included; the `pid` label where one is wanted
};

/// `counter_4242-18f3.db`
std::string to_string(const FileName& name);
/// Reads a bare file name (no directory). Nothing when it is not a multiprocess file's name.
std::optional<FileName> parse_file_name(std::string_view name);

}  // namespace weir
