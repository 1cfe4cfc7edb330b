// How numbers are spelled: as Go prints them for values, as Python's client spells bucket bounds.
//
// Thread safety: pure functions; no locale is consulted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

/// The room the writers below want; they may use all of it, whatever they return.
inline constexpr std::size_t kMaxNumberLength = 32;

/// Writes `v` as Go's strconv.FormatFloat(v, 'g', -1, 64) does: `1`, `0.1`, `1e+06`, `1.23456789e+08`, `+Inf`, `-Inf`,
/// `NaN`; shortest digits that read back the same. Returns the end. `out` has room for kMaxNumberLength bytes.
char* write_go_number(char* out, double v) noexcept;

/// As write_go_number, with `.0` added where neither `.` nor an exponent stands: `1.0`, `1e+06`. OpenMetrics values.
char* write_openmetrics_number(char* out, double v) noexcept;

/// As Python's repr(float): `1.0`, `0.1`, `1e-05`, `1234567.0`, `1e+16`, `inf`, `-inf`, `nan`. Label values that are
/// numbers.
char* write_python_number(char* out, double v) noexcept;

/// The same as a string.
std::string python_number(double v);

/// A bucket bound as prometheus_client's floatToGoString spells it: `1.0`, `0.005`, `+Inf`, `1e+06`. The `le` label.
std::string bucket_bound(double v);

/// Reads what any of the writers wrote, and any other plain decimal spelling; `inf` and `nan` in upper, lower or mixed
/// case. Throws FormatError naming the text: nothing around the number, no hexadecimal, nothing beyond a double's
/// range.
double parse_number(std::string_view text);

}  // namespace weir
