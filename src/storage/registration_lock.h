// The lock of the writing side: registration, new children, a thread's first write to a child, and reads of a process's
// own values. One lock for all of it, because fork must hold it: whatever it guards is consistent in every child
// (protocol P2).
//
// It is never held over user code or sockets. It is held over the making of a file's entries, which is registration.
//
// Thread safety: recursive use is a bug; `held_by_this_thread()` is how the slow path of a signal handler finds out
// that it has interrupted a holder and must not wait.
// Process safety: fork() takes it, after the setup lock (setup_lock.h), and both sides let it go.
#pragma once

#include "model/mutex.h"

namespace weir {

class WEIR_CAPABILITY("mutex") RegistrationLock {
 public:
  void lock() WEIR_ACQUIRE();
  void unlock() WEIR_RELEASE();
  bool try_lock() WEIR_TRY_ACQUIRE(true);
  static bool held_by_this_thread() noexcept;

 private:
  Mutex mutex_;
};

/// The process's registration lock. Never destroyed.
RegistrationLock& registration_lock() noexcept;

class WEIR_SCOPED_CAPABILITY RegistrationHold {
 public:
  RegistrationHold() WEIR_ACQUIRE(registration_lock()) { registration_lock().lock(); }
  ~RegistrationHold() WEIR_RELEASE(registration_lock()) { registration_lock().unlock(); }
  RegistrationHold(const RegistrationHold&) = delete;
  RegistrationHold& operator=(const RegistrationHold&) = delete;
};

}  // namespace weir
