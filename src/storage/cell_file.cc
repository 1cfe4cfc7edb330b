#include "storage/cell_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "storage/size_limit.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kCellInLine = kLine - sizeof(Cell);
constexpr std::size_t kMaxFileSize =
    std::numeric_limits<std::int32_t>::max();  // stock reads `used` as a signed 32-bit number

// fallocate where the file system has it; zeros written where not (glibc's emulation would touch cells in use), or
// where a signal ended it: on tmpfs, Debian 12's kernel gives up at any, and a program with a profiling timer would
// never get through.
int allocate(int fd, std::size_t begin, std::size_t end) {
  if (const int error = check_size_limit(end); error != 0) return error;
  if (::fallocate(fd, 0, static_cast<off_t>(begin), static_cast<off_t>(end - begin)) == 0) return 0;
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINTR) return errno;
  const std::vector<char> zeros(kInitialFileSize, 0);
  for (std::size_t at = begin; at < end;) {
    const ssize_t n = ::pwrite(fd, zeros.data(), std::min(zeros.size(), end - at), static_cast<off_t>(at));
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  return 0;
}

std::atomic<std::uint32_t>& used_word(std::byte* header) noexcept {
  return *reinterpret_cast<std::atomic<std::uint32_t>*>(header);
}

}  // namespace

std::size_t padded_key_length(std::size_t start, std::size_t length) noexcept {
  const std::size_t end = start + value_offset(length);
  const std::size_t value_at = (end + kLine - 1 - kCellInLine) / kLine * kLine + kCellInLine;
  return value_at - start - 5;  // 4 bytes of length before the key, 1 space after it
}

std::unique_ptr<CellFile> CellFile::create(const std::filesystem::path& directory, const FileName& name,
                                           RecordLayout layout) {
  const std::filesystem::path path = directory / to_string(name);
  const std::filesystem::path unfinished = directory / ("." + to_string(name) + ".tmp");
  const int fd = ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EEXIST) return nullptr;  // left by a killed namesake: any other identity will do
  std::unique_ptr<CellFile> file(new CellFile(path, fd, layout));
  if (fd < 0) file->fail("create", errno);
  try {
    file->grow_to(kInitialFileSize);
    file->write_header_and_lock();
  } catch (const StorageError&) {
    ::unlink(unfinished.c_str());
    throw;
  }
  const int error = ::link(unfinished.c_str(), path.c_str()) == 0 ? 0 : errno;
  ::unlink(unfinished.c_str());
  if (error == EEXIST) return nullptr;
  if (error != 0) file->fail("link into place", error);
  return file;
}

CellFile::~CellFile() { abandon(); }

void CellFile::abandon() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

// The mark tells readers that a missing lock means a dead owner; without a lock it must not stand there.
void CellFile::write_header_and_lock() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  if (::fcntl(fd_, F_OFD_SETLK, &lock) == 0) {
    std::memcpy(at(4), &kWeirMark, sizeof kWeirMark);
    locked_ = true;
  }
  publish();
}

void CellFile::grow_to(std::size_t size) {
  if (size > kMaxFileSize) {
    throw StorageError(fmt::format("{}: grow to {} bytes: the format ends at {}; use fewer label sets", path_.string(),
                                   size, kMaxFileSize));
  }
  if (const int error = allocate(fd_, size_, size); error != 0) {
    if (size_ != 0) static_cast<void>(::ftruncate(fd_, static_cast<off_t>(size_)));  // give back what was got
    fail(fmt::format("allocate {} bytes", size - size_), error);
  }
  void* const memory =
      ::mmap(nullptr, size - size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, static_cast<off_t>(size_));
  if (memory == MAP_FAILED) fail(fmt::format("map {} bytes", size - size_), errno);
  ::madvise(memory, size - size_, MADV_DONTFORK);
  extents_.push_back({size_, size, static_cast<std::byte*>(memory)});
  size_ = size;
}

void CellFile::reserve(const std::vector<std::string>& keys) {
  std::size_t end = end_;
  for (const std::string& key : keys) {
    const std::size_t length = padded_key_length(end, key.size());
    if (length > kMaxKeyLength) {
      throw StorageError(
          fmt::format("{}: a key of {} bytes: readers take at most {}; use shorter label values and help",
                      path_.string(), length, kMaxKeyLength));
    }
    end += entry_size(length, layout_);
  }
  std::size_t size = size_;
  while (size < end) size *= 2;
  if (size > size_) grow_to(size);
  if (const int error = check_size_limit(end); error != 0) fail("write entries", error);  // lowered since the file grew
}

Cell* CellFile::append(std::string_view key) {
  const std::size_t length = padded_key_length(end_, key.size());
  const std::size_t value_at = end_ + value_offset(length);
  if (value_at + values_size(layout_) > size_) grow_to(size_ * 2);
  std::string bytes(value_at - end_, ' ');
  const auto stored_length = static_cast<std::int32_t>(length);
  std::memcpy(bytes.data(), &stored_length, sizeof stored_length);
  std::memcpy(bytes.data() + 4, key.data(), key.size());
  // Written by system call, because a key (never a cell) may straddle two extents.
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::pwrite(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(end_ + done));
    if (n < 0 && errno != EINTR) fail("write an entry", errno);
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  end_ = value_at + values_size(layout_);
  return reinterpret_cast<Cell*>(at(value_at));
}

void CellFile::publish() noexcept {
  // Release: pairs with nothing in this process; on a kill the kernel keeps the stores in order, and readers read
  // `used` first.
  used_word(at(0)).store(static_cast<std::uint32_t>(end_), std::memory_order_release);
}

std::byte* CellFile::at(std::size_t offset) const noexcept {
  for (const Extent& extent : extents_) {
    if (offset >= extent.begin && offset < extent.end) return extent.memory + (offset - extent.begin);
  }
  return nullptr;
}

void CellFile::fail(std::string_view operation, int error) const {
  throw StorageError(fmt::format("{}: {}: {}", path_.string(), operation, std::strerror(error)));
}

}  // namespace weir
