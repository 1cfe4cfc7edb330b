// Reads the per-process layout of one prefix: every writer's keys, ours and Python's, as cells of a SeriesSet.
//
//   PerProcessReader reader(prefix, client reading);
//   reader.look(now, problems);                       // who is there; reader.awaited() says whom to wait for
//   reader.read(problems);                            // indexes, metadata, values
//   if (!reader.stands()) …                           // again
//   reader.refer(set, problems);                      // series for the values read; then set.settle()
//   reader.renumber(numbers);
//   reader.give(values);
//
// Kept between collections: the members of each writer as long as its claim says they are the same, the JSON keys, the
// commands that ask for values. So a warm collection asks two commands a writer and one a value.
//
// Thread safety: one thread at a time. Invariants: I2, I4, I5, I8.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "collect/series_set.h"
#include "redis_collect/per_process_reader_foreign.h"
#include "redis_collect/per_process_reader_metadata.h"
#include "redis_collect/per_process_reader_writers.h"
#include "redis_collect/redis_merge_values.h"

namespace weir {

class PerProcessReader {
 public:
  PerProcessReader(const std::string& prefix, RedisReading& reading);

  void look(ReaderEpoch::Clock::time_point now, std::vector<Problem>& problems);
  const std::vector<std::string>& awaited() const noexcept { return writers_.awaited(); }
  bool is_behind() const noexcept { return writers_.is_behind(); }
  void read(std::vector<Problem>& problems);
  bool stands() { return writers_.stands(); }
  void refer(SeriesSet& set, std::vector<Problem>& problems);
  void renumber(const std::vector<std::uint32_t>& renumbered);
  void give(ReadValues& values) const;
  /// The collection was shown.
  void collected() { writers_.collected(); }
  /// The set is gone: every series is to be met again.
  void forget_series() noexcept;
  /// True when the last refer() took away references.
  bool lost_series() const noexcept { return lost_series_; }
  /// A key whose series is of that family, for people.
  std::string key_of(const SeriesSet& set, std::uint32_t family) const;

  struct Counts {
    std::size_t live = 0;
    std::size_t dead = 0;
    std::size_t foreign = 0;
  };
  Counts counts() const;

 private:
  struct ReadExemplar {
    std::string json;
    Exemplar exemplar;
    bool is_good = false;
  };
  struct Cell {
    FileKind kind;
    std::uint32_t series = kNoSeries;
    std::uint32_t owner = 0;   // in owners_
    std::uint32_t member = 0;  // in the owner's members
    bool is_referenced = false;
    bool has_value = false;  // of this collection
    double value = 0;
    double timestamp = 0;
    std::shared_ptr<KeyText> key;
    std::unique_ptr<ReadExemplar> exemplar;
  };
  struct Owner {  // a writer, or what of a writer's is foreign
    std::string name;
    bool is_foreign = false;
    bool is_alive = true;
    std::string signature;  // token and size of the index; empty: read the index anew
    std::vector<std::string> members;
    std::size_t first = 0;  // of its cells, and commands
    std::size_t count = 0;
    bool operator<(const Owner& other) const noexcept {
      return std::tie(name, is_foreign) < std::tie(other.name, other.is_foreign);
    }
  };

  const RedisKeys keys_;
  RedisReading& reading_;
  PerProcessWriters writers_;
  ForeignKeys foreign_;
  MetadataCache metadata_;
  std::vector<Owner> owners_;           // sorted
  std::vector<Cell> cells_;             // owner by owner
  std::vector<RedisCommand> commands_;  // of the cells
  std::vector<std::uint32_t> dropped_;  // series of cells that went
  bool lost_series_ = false;

  std::vector<Owner> list_owners(std::vector<Problem>& problems);
  void read_indexes(std::vector<Owner>& owners, std::vector<Problem>& problems);
  void add_foreign(std::vector<Owner>& owners, std::vector<Problem>& problems);
  void adopt(std::vector<Owner> owners);
  void add_cells(Owner& owner, std::uint32_t number, std::vector<Cell>& cells, std::vector<RedisCommand>& commands);
  RedisCommand value_command(const Owner& owner, const std::string& member, FileKind kind) const;
  void read_values(std::vector<Problem>& problems);
  void take(std::size_t i, RedisReply& reply, std::vector<Problem>& problems);
  void take_exemplar(Cell& cell, const std::string& key, std::string json, std::vector<Problem>& problems) const;
  bool find_series(SeriesSet& set, std::size_t i, std::vector<Problem>& problems);
  std::string_view member_of(std::size_t i) const;
};

}  // namespace weir
