// The multiprocess directory as a source that survives fork: a forked child reads with a collector of its own.
//
// Thread safety: every member from any thread. Process safety: after fork the parent's collector is left as it is, for
// its locks may be held by threads the child does not have. Invariants: I2, I4, I5.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <string>

#include "weir/multiprocess.h"

namespace weir::python {

class DirectorySource final : public Source {
 public:
  /// Empty: the environment's. Throws ConfigError when it names none.
  explicit DirectorySource(const std::string& directory);
  ~DirectorySource() override;
  DirectorySource(const DirectorySource&) = delete;
  DirectorySource& operator=(const DirectorySource&) = delete;

  std::shared_ptr<const Collection> collect() override { return of_this_process().collect(); }
  std::string describe() const override { return "directory " + directory_; }
  const std::string& directory() const noexcept { return directory_; }

 private:
  struct OfProcess {
    pid_t pid;
    MultiProcessCollector collector;
  };
  MultiProcessCollector& of_this_process();

  const std::string directory_;
  std::atomic<OfProcess*> current_;  // a parent's is never freed in its child
};

}  // namespace weir::python
