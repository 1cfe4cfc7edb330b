// Threads started while one of these lives take no signals: a program's handlers run on its own threads.
//
// Thread safety: each thread's own. Process safety: a forked child keeps the mask of the thread that forked.
#pragma once

#include <signal.h>

namespace weir {

/// Blocks every signal for the calling thread, whose mask new threads inherit, and puts the mask back in the end.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace weir
