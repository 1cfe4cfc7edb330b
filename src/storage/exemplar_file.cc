#include "storage/exemplar_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "format/exemplar_record.h"
#include "storage/size_limit.h"

namespace weir {

void ExemplarFile::put(const std::string& key, const Exemplar& exemplar) {
  if (fd_ < 0 && !open()) return;
  const std::string record = encode_exemplar(key, exemplar);
  const auto known = offsets_.find(key);
  const std::size_t at = known != offsets_.end() ? known->second : end_;
  if (check_size_limit(at + record.size()) != 0) return;
  const ssize_t written = ::pwrite(fd_, record.data(), record.size(), static_cast<off_t>(at));
  if (known != offsets_.end()) return;
  if (std::cmp_equal(written, record.size())) {
    offsets_.emplace(key, at);
    end_ += record.size();
  } else {
    static_cast<void>(::ftruncate(fd_, static_cast<off_t>(end_)));  // half a record would end every reader's walk
  }
}

bool ExemplarFile::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return fd_ >= 0;
}

void ExemplarFile::abandon() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace weir
