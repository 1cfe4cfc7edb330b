// The key of one sample in `.db` files and Redis: JSON, byte for byte as Python's client writes it.
//
//   ["requests", "requests_total", {"code": "200", "method": "GET"}, "Requests served."]
//
// That is `json.dumps([metric_name, sample_name, labels, help], sort_keys=True)`: separators `", "` and `": "`,
// labels sorted by name (code points), everything outside ASCII as `\uXXXX` (surrogate pairs beyond the BMP).
// Source: prometheus_client/mmap_dict.py mmap_key(); Python's json module.
//
// Thread safety: json_key is pure; a KeyParser belongs to one thread at a time.
// Invariants: I4 (bad keys are refused with a reason), I5.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "weir/types.h"

namespace weir {

/// Writes the key. `labels` may come in any order, names must be unique. Text should be valid UTF-8 (registration
/// checks it); a byte that belongs to no character is written as U+FFFD.
std::string json_key(std::string_view metric_name, std::string_view sample_name, const Labels& labels,
                     std::string_view help);

/// A key taken apart. Labels are sorted by name, as written.
struct MetricKey {
  std::string metric_name;
  std::string sample_name;
  Labels labels;
  std::string help;
};

/// Reads keys; keeps its buffers between calls, so reading many costs no allocation but the result's own.
class KeyParser {
 public:
  KeyParser();
  ~KeyParser();
  KeyParser(const KeyParser&) = delete;
  KeyParser& operator=(const KeyParser&) = delete;

  /// Fills `out` (its old contents are reused as buffers). Accepts any JSON spelling of the four-element array, white
  /// space around it included, label order free, label values that are numbers, booleans or null as Python's str()
  /// would spell them. A label name that stands twice: the last one counts, as in Python. A lone surrogate (`\ud800`:
  /// Python writes it, UTF-8 cannot say it) becomes U+FFFD. Throws FormatError saying what is wrong and where; `out` is
  /// then unspecified. `json` needs no padding.
  void parse(std::string_view json, MetricKey& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
