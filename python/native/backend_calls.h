// Which values of users' own Python backends are in the middle of a call: its Python code lets other threads run, and
// one of them may remove the child. C++ frees a removed child, so whoever removes waits for the calls to end.
//
// A verb makes its calls one after the other without letting go of the GIL between them, and a child that is detached
// gets no new ones: where none of its values is in a call, no verb on it is under way.
//
// Thread safety: the GIL. Process safety: a forked child has none of the other threads, and forgets their calls.
#pragma once

#include <string>

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

/// Throws Error when this thread is in a call of a value of that family: waiting for its end would be for ever.
void refuse_in_call_of(const std::string& family);

/// Returns when nobody is in a call of a value of `child`, which is detached. With the GIL, which it lets go of
/// meanwhile. Throws Error after 5 seconds: then the call waits for the caller, perhaps.
void wait_for_calls(const Child& child);

}  // namespace weir::python
