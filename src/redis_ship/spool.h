// The record a process keeps beside its files in the spool directory, so that whoever comes after a SIGKILL can ship
// what it had not (protocol P11).
//
//   <id>.claim                     the record; its owner counts, or died with values nobody has shipped yet
//   <id>.shipped                   all it counted is in Redis; what is left is the goodbye and the files' removal
//   counter_42-18f3.db             the values; the lock on byte 0 says that the owner lives
//   counter_42-18f3.db.<id>.adopted   the same, taken out of the way of a newcomer who wants its name
//   ….adopted.damaged              a copy of one that could be read in part only, for people
//
// A record is lines of fields parted by tabs: what is no text is percent-coded, a line without its end never counts. It
// is written complete under a name with a dot and renamed; the shared layout also appends. The renaming from .claim to
// .shipped is the moment from which nothing is shipped any more.
//
// Thread safety: one thread at a time (the shipping lock). Process safety: SIGKILL between any two system calls leaves
// what another can go on from. Invariants: I1.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "weir/redis_settings.h"

namespace weir {

inline constexpr std::string_view kClaimSuffix = ".claim";
inline constexpr std::string_view kShippedSuffix = ".shipped";
inline constexpr std::string_view kAdoptedSuffix = ".adopted";

/// Where the files of these settings lie: a directory of its own for each server, layout and prefix, so that what is
/// found there belongs nowhere else. Throws ConfigError naming WEIR_SPOOL_DIR when none is set.
std::string spool_place(const RedisSettings& settings);

/// One line of a record, its end included.
std::string spool_line(const std::vector<std::string>& fields);
/// The whole lines of a record, each in its fields.
std::vector<std::vector<std::string>> spool_lines(std::string_view text);

class Spool {
 public:
  /// The names of the owner's files, without the directory.
  using Files = std::function<std::vector<std::string>()>;

  /// `recorded`: the files a record of that id names already.
  Spool(std::string directory, std::string id, Files files, std::vector<std::string> recorded = {});

  /// Writes the record anew: the names of all files, then `body`. Throws StorageError.
  void save(std::string body);
  /// True when the record stands, names all files, and no append() has failed since.
  bool is_current() const;
  /// The last body again, where the record is not current.
  void refresh();
  /// Adds lines at the record's end. Throws StorageError: the record is current no more.
  void append(std::string_view lines);

  /// The files the record names leave their names. Repeated calls are harmless, as of the next two.
  void take_files();
  /// All is shipped: the record becomes `.shipped`.
  void commit();
  /// Removes what commit() left.
  void remove();

  const std::string& directory() const noexcept { return directory_; }
  /// Where a file is now; empty: nowhere.
  std::string path_of(const std::string& file) const;

 private:
  std::string path(std::string_view suffix) const;
  std::string adopted(const std::string& file) const;
  void write();

  const std::string directory_;
  const std::string id_;
  const Files list_;
  std::vector<std::string> files_;  // that the record names
  std::string body_;
  bool is_written_ = false;
};

}  // namespace weir
