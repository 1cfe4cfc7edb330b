#include "http/body_store.h"

#include <atomic>
#include <mutex>
#include <utility>

namespace weir {

struct BodyStore::State {
  std::atomic<std::size_t> held{0};  // relaxed: a sum that admission reads, nothing is published through it
  std::mutex mutex;
  std::string kept;  // guarded by mutex

  void keep(std::string buffer) {
    if (buffer.capacity() > kKeptBuffer) return;
    const std::lock_guard lock(mutex);
    if (buffer.capacity() > kept.capacity()) kept = std::move(buffer);
  }
};

BodyStore::BodyStore() : state_(std::make_shared<State>()) {}

std::string BodyStore::buffer() {
  const std::lock_guard lock(state_->mutex);
  std::string taken = std::exchange(state_->kept, {});
  taken.clear();
  return taken;
}

void BodyStore::give_back(std::string buffer) { state_->keep(std::move(buffer)); }

std::shared_ptr<const std::string> BodyStore::body(std::string text) {
  const std::size_t bytes = text.capacity();
  auto owned = std::make_unique<std::string>(std::move(text));
  state_->held.fetch_add(bytes, std::memory_order_relaxed);
  return {owned.release(), [state = state_, bytes](const std::string* gone) {
            std::unique_ptr<std::string> back(const_cast<std::string*>(gone));
            state->held.fetch_sub(bytes, std::memory_order_relaxed);
            state->keep(std::move(*back));
          }};
}

std::size_t BodyStore::bytes_held() const noexcept { return state_->held.load(std::memory_order_relaxed); }

}  // namespace weir
