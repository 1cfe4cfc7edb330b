// The lock over what a process does once: choosing a backend, making the singletons of the writing side.
//
//   static std::atomic<Choice*> the{nullptr};
//   return made_once(the);                                  // in place of a function's `static` object
//
// Function statics will not do there: when one thread forks while another is inside such an object's constructor, the
// child finds its guard taken by a thread that does not exist, and waits for ever (I7). fork() takes this lock, then
// the registration lock; every other place that needs both takes them in that order.
//
// It may be held over user code (a backend's `initialize`); the thread that holds it may take it again, and may fork.
//
// Thread safety: any thread, not signal handlers. Process safety: free, or held by the thread that forked, in every
// child of fork(). Invariant: I7.
#pragma once

#include <atomic>

namespace weir {

class SetupHold {
 public:
  SetupHold();
  ~SetupHold();
  SetupHold(const SetupHold&) = delete;
  SetupHold& operator=(const SetupHold&) = delete;
};

/// The object, made by the first caller and never destroyed: threads and exit handlers may count until the very end.
template <typename T>
T& made_once(std::atomic<T*>& object) {
  T* made = object.load(std::memory_order_acquire);  // pairs with the release below
  if (made != nullptr) return *made;
  const SetupHold hold;
  made = object.load(std::memory_order_relaxed);
  if (made == nullptr) object.store(made = new T, std::memory_order_release);
  return *made;
}

}  // namespace weir
