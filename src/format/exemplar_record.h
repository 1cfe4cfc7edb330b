// The sidecar file of exemplars: `exemplars_<pid>-<nonce>.weir`, beside the `.db` files, where stock readers do not
// look.
//
//   records, back to back, each of a fixed size for one sample's newest exemplar:
//
//   offset 0   uint32  size of the whole record
//          4   uint32  check: FNV-1a over everything after this field; a record torn by a kill or a race fails it
//          8   uint32  key length n
//         12   uint32  labels length m
//         16   double  exemplar value
//         24   double  timestamp, Unix seconds
//         32   n bytes JSON key of the sample, as in the .db file
//      32 + n  m bytes labels: name and value in turn, each uint16 length and UTF-8 bytes; then zeros up to `size`
//
// A record has room for any exemplar OpenMetrics allows (128 characters), so a newer one overwrites it in place with
// one write. All numbers in native endianness, as in .db files.
//
// Thread safety: pure functions. Invariants: I4 (a bad record costs itself only).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "weir/snapshot.h"

namespace weir {

inline constexpr std::string_view kExemplarFilePrefix = "exemplars_";
inline constexpr std::string_view kExemplarFileSuffix = ".weir";

/// The bytes of a record for that key. The labels must be ones OpenMetrics allows.
std::string encode_exemplar(std::string_view key, const Exemplar& exemplar);

struct ExemplarRecord {
  std::string_view key;  ///< points into the bytes read
  Exemplar exemplar;
  std::size_t size = 0;
};
/// Where the record at the start of `bytes` ends; nothing when no whole record stands there (the walk ends).
std::optional<std::size_t> exemplar_record_size(std::string_view bytes) noexcept;
/// The record at the start of `bytes`; nothing when its check fails.
std::optional<ExemplarRecord> decode_exemplar(std::string_view bytes);

}  // namespace weir
