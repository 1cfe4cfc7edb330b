// Which values of users' own Python backends are in the middle of a call: its Python code lets other threads run, and
// one of them, or the call itself, may remove the child. So a removed child is freed when its calls have ended.
//
// A verb makes its calls one after the other without letting go of the GIL between them, and a child that is detached
// gets no new ones: where none of its values is in a call, no verb on it is under way.
//
// Nobody waits for a call: it may be waiting for whoever removes, for a lock of the application's for one.
//
// Thread safety: the GIL. Process safety: a forked child has none of the other threads, and forgets their calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "native/instrument.h"
#include "weir/child.h"
#include "weir/types.h"

namespace weir::python {

/// A call of the value with these labels, from construction to destruction. The strings must outlive it.
class BackendCall {
 public:
  BackendCall(const std::string& family, const Labels& labels);
  ~BackendCall();
  BackendCall(const BackendCall&) = delete;
  BackendCall& operator=(const BackendCall&) = delete;
};

/// Frees children of `metric` that are detached and taken from their family: now, or, where one of their values is in a
/// call, in a later use of this function that finds it ended. It lets go of the GIL meanwhile.
void free_after_calls(const std::shared_ptr<NativeMetric>& metric, std::vector<std::shared_ptr<Child>> children);

}  // namespace weir::python
