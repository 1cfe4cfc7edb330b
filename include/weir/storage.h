// Where cells live: this process's memory, or files other processes read.
//
//   weir::Registry registry{weir::file_storage("/run/app/metrics")};
//
// Programs seldom name a storage: the environment chooses (see load_backend in backend.h).
//
// Thread safety: every function may be called from any thread.
// Process safety: a storage is inherited by fork; the child's cells start from zero in places of its own (I7).
// Storages live as long as the process; a file storage keeps its files locked for that long, which is how others know
// that their writer lives.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "weir/cell.h"

namespace weir {

struct Exemplar;

/// Which record layout a file storage writes. `v0_16` is for stock readers before prometheus_client 0.18; it cannot
/// hold `mostrecent` gauges (nor enums, which are made of them).
enum class FileLayout : std::uint8_t { current, v0_16 };

/// Makes cells for children. Implementations: memory, file; (later) Redis; a user's own backends.
class Storage {
 public:
  /// The slot number of shared cells.
  static constexpr std::size_t kShared = static_cast<std::size_t>(-1);

  virtual ~Storage() = default;
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  virtual std::string_view backend_name() const noexcept = 0;
  /// What people are told: `directory /run/app/metrics`.
  virtual std::string describe() const = 0;

  /// True when values live in Backend objects instead of cells.
  virtual bool holds_backends() const noexcept { return false; }
  /// True where a gauge must tell `set` from `inc`: then set() stamps the cell with its time in every mode.
  virtual bool marks_gauge_sets() const noexcept { return false; }
  /// The object for sample `i` of a new group, where holds_backends(). Called without the registration lock: it is user
  /// code. Throws what the backend's constructor throws.
  virtual std::unique_ptr<Backend> make_backend(const CellGroup& group, std::uint32_t i);

  /// Brings values to where they are durable or shared, waiting at most `timeout`. True when nothing is left to bring,
  /// as always in memory and files. Called without the registration lock.
  virtual bool flush(std::chrono::milliseconds /*timeout*/) noexcept { return true; }

  // The rest is called by CellSpace under the registration lock.

  /// Makes one zero cell for each of the group's samples, or gives back cells released for the same samples before. All
  /// or none: throws StorageError when it cannot. `slot` is a slot's number or kShared.
  virtual void make_cells(const CellGroup& group, std::size_t slot, std::span<Cell*> out) = 0;
  /// Takes back what make_cells gave; the group's thread will not write them again.
  virtual void release_cells(const CellGroup& group, std::size_t slot, std::span<Cell* const> cells) noexcept = 0;
  /// In a forked child: lets go of what the parent owns. Only async-signal-safe calls.
  virtual void close_after_fork() noexcept = 0;
  /// In a forked child, before its first cell: starts empty, under an identity of its own.
  virtual void start_in_child() = 0;
  /// Keeps the newest exemplar of sample `i` where other processes' readers find it; nothing to do for storages of one
  /// process.
  virtual void put_exemplar(const CellGroup& /*group*/, std::uint32_t /*i*/, const Exemplar& /*exemplar*/) {}

 protected:
  Storage() = default;
};

/// Flushes every storage of the process, in turn: before _exit(), exec(), or when a prefork server's worker ends. False
/// when one could not bring everything within `timeout`.
bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(5)) noexcept;

/// The process's memory: values are this process's own.
Storage& memory_storage();

/// Standard multiprocess files in `directory`, made if it is missing. One storage a directory and layout: the same call
/// gives the same object. Throws StorageError when the directory cannot be made or written, ConfigError when
/// `directory` is empty.
Storage& file_storage(const std::filesystem::path& directory, FileLayout layout = FileLayout::current);

}  // namespace weir
