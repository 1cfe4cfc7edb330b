#include "native/backend_calls.h"

#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "native/gil.h"

namespace weir::python {
namespace {

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

/// A child that was removed, and what it needs as long as it lives.
struct Removed {
  std::shared_ptr<NativeMetric> metric;
  std::shared_ptr<Child> child;  // goes first
};

/// Those that may be in a call; few, and seldom any.
std::vector<Removed>& removed() {
  static std::vector<Removed>& all = *new std::vector<Removed>;
  return all;
}

bool is_in_call(const Removed& one) {
  if (calls().empty()) return false;
  const Labels labels = one.child->labels();
  return std::ranges::any_of(calls(), [&](const Call& call) {
    return *call.family == one.child->info().name && std::ranges::all_of(labels, [&](const auto& label) {
      return std::ranges::find(*call.labels, label) != call.labels->end();
    });
  });
}

}  // namespace

BackendCall::BackendCall(const std::string& family, const Labels& labels) {
  calls().push_back({&family, &labels, this, std::this_thread::get_id()});
}

BackendCall::~BackendCall() {
  std::erase_if(calls(), [this](const Call& call) { return call.id == this; });
}

void free_after_calls(const std::shared_ptr<NativeMetric>& metric, std::vector<std::shared_ptr<Child>> children) {
  for (std::shared_ptr<Child>& child : children) {
    if (child != nullptr) removed().push_back({metric, std::move(child)});
  }
  const auto free = std::ranges::stable_partition(removed(), is_in_call);
  std::vector<Removed> gone(std::move_iterator(free.begin()), std::move_iterator(free.end()));
  removed().erase(free.begin(), free.end());
  without_gil([&] { return gone.clear(), 0; });
}

}  // namespace weir::python
