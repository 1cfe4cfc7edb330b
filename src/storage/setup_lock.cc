#include "storage/setup_lock.h"

#include <pthread.h>

#include <new>

#include "model/mutex.h"
#include "storage/cell_space.h"
#include "storage/registration_lock.h"

namespace weir {
namespace {

constinit Mutex g_mutex;
constinit thread_local int t_holds = 0;
constinit thread_local int t_forks = 0;
constinit bool g_registered = false;  // written by the once-routine only

void take() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (t_holds++ == 0) g_mutex.lock();
}
void let_go() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (--t_holds == 0) g_mutex.unlock();
}

// Counted, because a child that was forked inside the once-routine runs it again and may register the handlers twice.
void before_fork() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (t_forks++ > 0) return;
  take();
  registration_lock().lock();
}
void after_fork_in_parent() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (--t_forks > 0) return;
  registration_lock().unlock();
  let_go();
}
void after_fork_in_child() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (--t_forks > 0) return;
  CellSpace::after_fork_in_child();
  registration_lock().unlock();
  let_go();
}

// pthread_once, unlike a function static, is repeated in a child that was forked in the middle of it (glibc counts
// forks in it).
void register_handlers() {
  static constinit pthread_once_t once = PTHREAD_ONCE_INIT;
  ::pthread_once(
      &once, [] { g_registered = ::pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child) == 0; });
  if (!g_registered) throw std::bad_alloc();
}

}  // namespace

SetupHold::SetupHold() {
  register_handlers();
  take();
}

SetupHold::~SetupHold() { let_go(); }

}  // namespace weir
