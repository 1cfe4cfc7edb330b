// Whether the writer of a file still lives (protocol P5).
//
//   if (writer_liveness(descriptor, "4242-18f3") == Liveness::dead) ...
//
// A Weir writer holds an OFD write lock on byte 0 of its files, never unlocked, only closed; the kernel drops it
// however the process ends. Ask only about files that carry kWeirMark: stock writers hold no lock, so its absence says
// nothing there.
//
// Thread safety: pure but for system calls. Process safety: takes no lock itself (F_OFD_GETLK only looks).
// Invariants: I2 (what cannot be judged lives).
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class Liveness : std::uint8_t { alive, dead };

/// How far a missing lock can be trusted on a file system.
enum class LockTrust : std::uint8_t {
  proves_death,    ///< ext2-4, xfs, btrfs, tmpfs
  needs_pid_gone,  ///< overlayfs: closing the descriptor frees the lock although the mapping still writes
  proves_nothing   ///< NFS, 9p, FUSE, virtiofs, and everything not known: never judged
};
/// By the `f_type` of statfs(2).
LockTrust lock_trust(std::uint64_t file_system_type) noexcept;

/// The rule itself, without system calls. `pid_exists` is asked only where it matters.
Liveness judge_writer(bool locked, LockTrust trust, std::string_view identity, bool (*pid_exists)(long)) noexcept;

/// True when some process holds a lock on byte 0 of the file. What cannot be asked counts as locked.
bool owner_lock_held(int descriptor) noexcept;
/// True when a process of that id exists, whoever owns it.
bool process_exists(long pid) noexcept;

/// All together, for an open file whose name carries `identity` (which starts with the pid).
Liveness writer_liveness(int descriptor, std::string_view identity) noexcept;

}  // namespace weir
