#include "native/backend_calls.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "native/gil.h"
#include "weir/error.h"

namespace weir::python {
namespace {

constexpr std::chrono::seconds kLongest{5};

struct Call {
  const std::string* family;
  const Labels* labels;
  const BackendCall* id;
  std::thread::id thread;
};

/// Of this process; a few at most.
std::vector<Call>& calls() {
  static std::vector<Call>& all = *new std::vector<Call>;  // for daemon threads, never destroyed
  static pid_t process = 0;
  if (const pid_t now = ::getpid(); process != now) {
    std::erase_if(all, [](const Call& call) { return call.thread != std::this_thread::get_id(); });
    process = now;
  }
  return all;
}

bool is_of(const Call& call, const Child& child, const Labels& labels) {
  return *call.family == child.info().name && std::ranges::all_of(labels, [&](const auto& label) {
    return std::ranges::find(*call.labels, label) != call.labels->end();
  });
}

}  // namespace

BackendCall::BackendCall(const std::string& family, const Labels& labels) {
  calls().push_back({&family, &labels, this, std::this_thread::get_id()});
}

BackendCall::~BackendCall() {
  std::erase_if(calls(), [this](const Call& call) { return call.id == this; });
}

void refuse_in_call_of(const std::string& family) {
  for (const Call& call : calls()) {
    if (*call.family == family && call.thread == std::this_thread::get_id()) {
      throw Error("metric " + family + ": its own backend cannot make or remove its children in a call");
    }
  }
}

void wait_for_calls(const Child& child) {
  if (calls().empty()) return;
  const Labels labels = child.labels();
  const auto until = std::chrono::steady_clock::now() + kLongest;
  while (std::ranges::any_of(calls(), [&](const Call& call) { return is_of(call, child, labels); })) {
    if (std::chrono::steady_clock::now() > until) {
      throw Error("metric " + child.info().name +
                  ": a child is not removed, its own backend has been in a call for 5 s");
    }
    without_gil([] { return std::this_thread::yield(), 0; });
  }
}

}  // namespace weir::python
