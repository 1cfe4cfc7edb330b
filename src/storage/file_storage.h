// Cells in standard multiprocess files: one file a kind of metric (counter, histogram, summary, gauge_<mode>), this
// process's own.
//
// A thread's slot is further entries of the same key in the same file, which stock readers add up; gauges have one
// entry. Files are made when the first metric of their kind is.
//
// Identity (protocol P3): `<pid>-<nonce>` where the pid becomes no label; the bare pid, or `<pid>-<n>` where another
// file has it, for `all` and `live*` gauges.
//
// Thread safety: guarded by the registration lock, as all storages.
// Process safety: a child makes files of its own. Files stay when the process ends: they hold what it counted.
// Invariants: I1, I5, I7.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/cell_file.h"
#include "storage/exemplar_file.h"
#include "weir/storage.h"

namespace weir {

class FileStorage : public Storage {
 public:
  FileStorage(std::filesystem::path directory, FileLayout layout);

  std::string_view backend_name() const noexcept override { return "MultiProcessFileBackend"; }
  std::string describe() const override { return "directory " + directory_.string(); }

  /// The names of this process's files, without the directory. Under the registration lock.
  std::vector<std::string> file_names() const;

  void make_cells(const CellGroup& group, std::size_t slot, std::span<Cell*> out) override;
  void release_cells(const CellGroup& group, std::size_t slot, std::span<Cell* const> cells) noexcept override;
  void put_exemplar(const CellGroup& group, std::uint32_t i, const Exemplar& exemplar) override;
  void close_after_fork() noexcept override;
  void start_in_child() override;

 private:
  struct Key {
    std::string kind;  // the file's
    std::string json;
    auto operator<=>(const Key&) const = default;
  };

  CellFile& file_for(FileKind kind);
  std::unique_ptr<CellFile> create(FileKind kind);
  Cell* take_released(const Key& key);

  const std::filesystem::path directory_;
  const FileLayout layout_;
  std::string nonce_;
  int label_suffix_ = 0;                                    // n of `<pid>-<n>`; 0: the bare pid
  std::map<std::string, std::unique_ptr<CellFile>> files_;  // by kind
  std::unique_ptr<ExemplarFile> exemplars_;
  std::vector<std::unique_ptr<CellFile>> parents_;  // a child's inherited ones: closed, never unmapped
  std::map<Key, std::vector<Cell*>> released_;      // cells of children that were removed, for their return
  std::map<Key, Cell*> gauges_;                     // a gauge has one entry, whoever declares it again
};

}  // namespace weir
