// A page of numbers two processes share, for what a writer has counted for certain.
//
//   Acknowledged page("acks", 7);  counter.inc();  page.store(0, ++n);      // after the call returned
//
// The page outlives the writer, so whoever killed it knows what must be in the metrics: at least what is acknowledged,
// at most one more a thread. Row `row` of the file has kAcknowledgedColumns numbers.
//
// Thread safety: one thread a column. Process safety: a shared mapping of a file.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

inline constexpr std::size_t kAcknowledgedColumns = 16;

class Acknowledged {
 public:
  Acknowledged(const char* path, std::size_t row) {
    const int fd = ::open(path, O_RDWR | O_CLOEXEC);
    const std::size_t bytes = (row + 1) * kAcknowledgedColumns * sizeof(std::uint64_t);
    void* const memory = fd < 0 ? MAP_FAILED : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
      std::perror(path);
      std::exit(2);
    }
    ::close(fd);
    columns_ = static_cast<std::atomic<std::uint64_t>*>(memory) + row * kAcknowledgedColumns;
  }
  void store(std::size_t column, std::uint64_t n) noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);   // the compiler keeps the increment before it
    columns_[column].store(n, std::memory_order_release);  // and so does the machine
  }

 private:
  std::atomic<std::uint64_t>* columns_;
};
