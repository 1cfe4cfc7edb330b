// Which children of a metric are being made or removed in C++ at the moment, by threads that have let go of the GIL.
//
// Who makes a child gets a reference that is good until that child is removed, and learns here whether it was,
// meanwhile:
//
//   if (works.is_removing(hash)) …;                          // wait: what C++ finds now may go at any moment
//   const ChildWorks::Making making(works, hash);
//   Child& child = without_gil(…);
//   if (!making.is_good()) …;                                // removed meanwhile: try again
//
// Label values are told apart by hash; a clash costs a second try.
//
// Thread safety: the GIL, for every member. Process safety: a forked child has none of the threads that were at work,
// and forgets theirs.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace weir::python {

class ChildWorks {
 public:
  bool is_removing(std::size_t hash);
  bool is_removing_any();

  /// While it lives, a child of these label values is being found or made.
  class Making {
   public:
    Making(ChildWorks& works, std::size_t hash) : works_(works), id_(works.begin({.hash = hash})) {}
    ~Making() { works_.end(id_); }
    Making(const Making&) = delete;
    Making& operator=(const Making&) = delete;
    bool is_good() const { return works_.is_good(id_); }

   private:
    ChildWorks& works_;
    const std::uint64_t id_;
  };

  /// While it lives, the child of these label values is being removed; without a hash, all are.
  class Removal {
   public:
    Removal(ChildWorks& works, std::optional<std::size_t> hash);
    ~Removal() { works_.end(id_); }
    Removal(const Removal&) = delete;
    Removal& operator=(const Removal&) = delete;

   private:
    ChildWorks& works_;
    const std::uint64_t id_;
  };

 private:
  struct Work {
    std::optional<std::size_t> hash;
    bool removes = false;
    bool spoiled = false;  // made, and removed meanwhile
    std::uint64_t id = 0;
  };
  std::vector<Work>& current();
  std::uint64_t begin(Work work);
  void end(std::uint64_t id) noexcept;
  bool is_good(std::uint64_t id) const noexcept;

  std::vector<Work> works_;  // as many as threads are at it
  std::uint64_t last_ = 0;
  pid_t process_ = 0;
};

}  // namespace weir::python
