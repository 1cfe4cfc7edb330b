// Reads the shared layout of one prefix: what our writers describe in `weir.metadata`, and on request pytheus' keys,
// which nobody describes.
//
//   SharedReader reader(prefix, scan, client reading);
//   reader.read(problems);                                 // metadata, then one HGETALL or GET a key
//   reader.refer(set, problems);  …  reader.renumber(numbers);  reader.give(values);
//
// Without metadata the type is told by the keys: with `name:+Inf` a histogram, with `name:count` and `name:sum` a
// summary, else unknown. Any number in the database may look like that, so such keys are looked for only when the
// shared layout, or a prefix, was asked for by name.
//
// Thread safety: one thread at a time. Invariants: I4, I5.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "redis_collect/redis_merge_scan.h"
#include "redis_collect/shared_reader_family.h"

namespace weir {

class SharedReader {
 public:
  SharedReader(const std::string& prefix, bool scans, RedisReading& reading);

  void read(std::vector<Problem>& problems);
  void refer(SeriesSet& set, std::vector<Problem>& problems);
  void renumber(const std::vector<std::uint32_t>& renumbered);
  void give(ReadValues& values) const;
  void forget_series() noexcept;
  bool lost_series() const noexcept { return lost_series_; }
  std::string key_of(const SeriesSet& set, std::uint32_t family) const;

 private:
  struct Described {
    std::string json;  // as it stood when it was read
    std::unique_ptr<SharedFamily> family;
    std::string refused;
  };
  const SharedKeys keys_;
  const bool scans_;
  RedisReading* reading_;
  KeyScan scan_;
  std::map<std::string, Described> described_;                        // by name
  std::map<std::string, std::unique_ptr<SharedFamily>> undescribed_;  // likewise
  std::vector<std::unique_ptr<SharedFamily>> gone_;                   // references to give back
  bool lost_series_ = false;

  void read_metadata(std::vector<Problem>& problems);
  void describe(const std::string& name, const std::string& json, std::vector<Problem>& problems);
  void find_undescribed(std::vector<Problem>& problems);
  void take_keys();
  void infer(const std::map<std::string, std::map<std::string, bool>>& parts);
  std::vector<SharedFamily*> families() const;
};

}  // namespace weir
