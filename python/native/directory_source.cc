#include "native/directory_source.h"

#include <unistd.h>

#include "config/environment.h"

namespace weir::python {
namespace {

std::string chosen(const std::string& directory) {
  constexpr std::string_view kPrefix = "directory ";
  return directory.empty() ? MultiProcessCollector().describe().substr(kPrefix.size()) : directory;
}

}  // namespace

DirectorySource::DirectorySource(const std::string& directory)
    : directory_(chosen(directory)), current_(new OfProcess{::getpid(), MultiProcessCollector(directory_)}) {}

DirectorySource::~DirectorySource() {
  OfProcess* const last = current_.load(std::memory_order_acquire);
  if (last->pid == ::getpid()) delete last;
}

MultiProcessCollector& DirectorySource::of_this_process() {
  OfProcess* current = current_.load(std::memory_order_acquire);  // pairs with the exchange below
  if (current->pid == ::getpid()) return current->collector;
  auto fresh = std::unique_ptr<OfProcess>(new OfProcess{::getpid(), MultiProcessCollector(directory_)});
  if (current_.compare_exchange_strong(current, fresh.get(), std::memory_order_acq_rel)) {
    return fresh.release()->collector;
  }
  return current->collector;  // another thread of this process was first
}

}  // namespace weir::python
