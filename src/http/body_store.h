// The bodies being rendered and sent: counts their bytes and hands one used buffer on to the next scrape.
//
// A scrape of 128,000 series is 13 MB of text; faulting such a buffer in anew costs more than filling it. So the last
// buffer that comes back is kept, unless it is larger than kKeptBuffer.
//
// Thread safety: every member may be called from any thread; bodies may outlive the store.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace weir {

class BodyStore {
 public:
  static constexpr std::size_t kKeptBuffer = 32 * 1024 * 1024;

  BodyStore();
  /// An empty string, with the capacity of an earlier body where one has come back.
  std::string buffer();
  /// Takes a buffer back without its ever having been a body.
  void give_back(std::string buffer);
  /// The text as a body; its buffer returns when the last holder lets go.
  std::shared_ptr<const std::string> body(std::string text);
  /// Bytes of the bodies still held by someone.
  std::size_t bytes_held() const noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weir
