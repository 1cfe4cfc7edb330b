#include "collect/liveness.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace weir {
namespace {

// From linux/magic.h and the file systems' own headers; not every distribution's headers carry all of them.
constexpr std::uint64_t kExt = 0xEF53;
constexpr std::uint64_t kXfs = 0x58465342;
constexpr std::uint64_t kBtrfs = 0x9123683E;
constexpr std::uint64_t kTmpfs = 0x01021994;
constexpr std::uint64_t kOverlay = 0x794C7630;

/// The pid an identity starts with; 0 when it starts with none.
long pid_of(std::string_view identity) noexcept {
  long pid = 0;
  const auto [end, error] = std::from_chars(identity.data(), identity.data() + identity.size(), pid);
  return error == std::errc{} && pid > 0 ? pid : 0;
}

}  // namespace

LockTrust lock_trust(std::uint64_t file_system_type) noexcept {
  switch (file_system_type) {
    case kExt:
    case kXfs:
    case kBtrfs:
    case kTmpfs:
      return LockTrust::proves_death;
    case kOverlay:
      return LockTrust::needs_pid_gone;
    default:
      return LockTrust::proves_nothing;
  }
}

Liveness judge_writer(bool locked, LockTrust trust, std::string_view identity, bool (*pid_exists)(long)) noexcept {
  if (locked || trust == LockTrust::proves_nothing) return Liveness::alive;
  if (trust == LockTrust::proves_death) return Liveness::dead;
  const long pid = pid_of(identity);
  return pid != 0 && !pid_exists(pid) ? Liveness::dead : Liveness::alive;
}

bool owner_lock_held(int descriptor) noexcept {
  struct flock wanted {};
  wanted.l_type = F_WRLCK;
  wanted.l_whence = SEEK_SET;
  wanted.l_start = 0;
  wanted.l_len = 1;
  if (fcntl(descriptor, F_OFD_GETLK, &wanted) != 0) return true;
  return wanted.l_type != F_UNLCK;
}

bool process_exists(long pid) noexcept { return kill(static_cast<pid_t>(pid), 0) == 0 || errno != ESRCH; }

Liveness writer_liveness(int descriptor, std::string_view identity) noexcept {
  if (owner_lock_held(descriptor)) return Liveness::alive;
  struct statfs system {};
  if (fstatfs(descriptor, &system) != 0) return Liveness::alive;
  return judge_writer(false, lock_trust(static_cast<std::uint64_t>(system.f_type)), identity, process_exists);
}

}  // namespace weir
