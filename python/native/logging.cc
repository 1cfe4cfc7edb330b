// Weir's log lines, brought to Python's logger `weir`.
//
// A line may come from any thread, at any moment; waiting for the GIL there could wait for ever, when whoever holds it
// waits for that thread. So lines are kept, and the main thread hands them on when it next runs Python code
// (Py_AddPendingCall), or at the interpreter's end.
//
// Thread safety: the sink from any thread, without the GIL. Process safety: fork holds the queue's lock; a child keeps
// lines its parent had not handed on yet, and says them too.
#include <pthread.h>

#include <array>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "native/binding.h"
#include "weir/log.h"

namespace weir::python {
namespace {

namespace py = pybind11;

constexpr std::size_t kMostLines = 1000;  // more, while the main thread does not run, are dropped and counted

struct Queue {
  std::mutex mutex;
  std::vector<std::pair<LogLevel, std::string>> lines;
  std::size_t dropped = 0;
  bool is_asked = false;  // a pending call is under way
};
// Never destroyed: threads may log until the very end.
Queue& queue() {
  static Queue* const q = new Queue;
  return *q;
}

void hand_on() {
  std::vector<std::pair<LogLevel, std::string>> lines;
  std::size_t dropped = 0;
  {
    const std::lock_guard hold(queue().mutex);
    lines.swap(queue().lines);
    dropped = std::exchange(queue().dropped, 0);
    queue().is_asked = false;
  }
  if (lines.empty()) return;
  constexpr std::array kLevels{10, 20, 30, 40};  // logging.DEBUG …
  const py::object log = py::module_::import("logging").attr("getLogger")("weir").attr("log");
  for (const auto& [level, line] : lines) log(kLevels.at(static_cast<std::size_t>(level)), "%s", line);
  if (dropped > 0) log(30, "%d more lines were dropped: the main thread did not run Python code", dropped);
}

int pending(void* /*none*/) {
  try {
    hand_on();
  } catch (py::error_already_set& error) {
    error.discard_as_unraisable("weir's log");
  } catch (const std::exception&) {
    // Lines less; there is nobody to tell.
  }
  return 0;
}

void sink(LogLevel level, std::string_view line) noexcept {
  try {
    bool asks = false;
    {
      const std::lock_guard hold(queue().mutex);
      if (queue().lines.size() >= kMostLines) {
        ++queue().dropped;
      } else {
        queue().lines.emplace_back(level, line);
      }
      asks = !std::exchange(queue().is_asked, true);
    }
    if (asks && (Py_IsInitialized() == 0 || Py_AddPendingCall(pending, nullptr) != 0)) {
      const std::lock_guard hold(queue().mutex);
      queue().is_asked = false;  // the next line asks again
    }
  } catch (const std::exception&) {
    // A line less.
  }
}

}  // namespace

void add_logging(py::module_& module) {
  queue();
  ::pthread_atfork([] { queue().mutex.lock(); }, [] { queue().mutex.unlock(); },
                   [] {
                     queue().mutex.unlock();
                     queue().is_asked = false;  // a pending call is the parent's
                   });
  set_log_sink(&sink);
  module.def("hand_on_log", &hand_on, "Hands lines kept so far to the logger `weir`; at the interpreter's end.");
  py::module_::import("atexit").attr("register")(module.attr("hand_on_log"));
}

}  // namespace weir::python
