#include "storage/registration_lock.h"

#include <atomic>

namespace weir {
namespace {

// Set before locking and cleared after unlocking, so that a signal handler in between sees "held" and never waits.
// Relaxed: nobody but a handler on the same thread looks at it.
constinit thread_local std::atomic<bool> t_held{false};

constinit RegistrationLock g_lock;  // its destructor does nothing: threads may outlive main

}  // namespace

void RegistrationLock::lock() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  t_held.store(true, std::memory_order_relaxed);
  mutex_.lock();
}

void RegistrationLock::unlock() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  mutex_.unlock();
  t_held.store(false, std::memory_order_relaxed);
}

bool RegistrationLock::try_lock() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (held_by_this_thread()) return false;
  t_held.store(true, std::memory_order_relaxed);
  if (mutex_.try_lock()) return true;
  t_held.store(false, std::memory_order_relaxed);
  return false;
}

bool RegistrationLock::held_by_this_thread() noexcept { return t_held.load(std::memory_order_relaxed); }

RegistrationLock& registration_lock() noexcept { return g_lock; }

}  // namespace weir
