#include "native/child_works.h"

#include <algorithm>

namespace weir::python {

std::vector<ChildWorks::Work>& ChildWorks::current() {
  if (const pid_t now = ::getpid(); process_ != now) {
    works_.clear();
    process_ = now;
  }
  return works_;
}

bool ChildWorks::is_removing(std::size_t hash) {
  return std::ranges::any_of(current(),
                             [&](const Work& work) { return work.removes && work.hash.value_or(hash) == hash; });
}

bool ChildWorks::is_removing_any() {
  return std::ranges::any_of(current(), [](const Work& work) { return work.removes; });
}

ChildWorks::Removal::Removal(ChildWorks& works, std::optional<std::size_t> hash)
    : works_(works), id_(works.begin({.hash = hash, .removes = true})) {
  for (Work& work : works.works_) {
    if (!work.removes && hash.value_or(*work.hash) == *work.hash) work.spoiled = true;
  }
}

std::uint64_t ChildWorks::begin(Work work) {
  work.id = ++last_;
  current().push_back(work);
  return work.id;
}

void ChildWorks::end(std::uint64_t id) noexcept {
  std::erase_if(works_, [id](const Work& work) { return work.id == id; });
}

bool ChildWorks::is_good(std::uint64_t id) const noexcept {
  return std::ranges::none_of(works_, [id](const Work& work) { return work.id == id && work.spoiled; });
}

}  // namespace weir::python
