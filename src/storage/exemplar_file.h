// This process's exemplars, written beside its `.db` files for readers of the directory (bytes:
// format/exemplar_record.h).
//
// Made at the first exemplar; a sample's newest one overwrites the one before. Exemplars are a courtesy: when the disk
// is full they are dropped, and counting goes on.
//
// Thread safety: guarded by the registration lock. Process safety: readers take records whose check holds; a kill in
// the middle of a write costs that one exemplar. A forked child starts a file of its own.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "weir/snapshot.h"

namespace weir {

class ExemplarFile {
 public:
  /// `path` is made at the first put().
  explicit ExemplarFile(std::filesystem::path path) : path_(std::move(path)) {}
  ~ExemplarFile() { abandon(); }
  ExemplarFile(const ExemplarFile&) = delete;
  ExemplarFile& operator=(const ExemplarFile&) = delete;

  void put(const std::string& key, const Exemplar& exemplar);
  /// Closes the descriptor in a forked child. Async-signal-safe.
  void abandon() noexcept;

 private:
  bool open();

  std::filesystem::path path_;
  int fd_ = -1;
  std::size_t end_ = 0;
  std::unordered_map<std::string, std::size_t> offsets_;  // of the record of a key
};

}  // namespace weir
