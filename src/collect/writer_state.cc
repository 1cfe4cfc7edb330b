#include "collect/writer_state.h"

#include <fcntl.h>

#include <cerrno>

#include "collect/liveness.h"
#include "format/archive_file.h"

namespace weir {
namespace {

WriterState stock_writer(int fd) {
  // A read lease is refused while anyone on this kernel has the file open for writing.
  if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return WriterState::dead;
  }
  return errno == EAGAIN ? WriterState::alive : WriterState::unknown;
}

}  // namespace

WriterState writer_state(int fd, const FileName& name, bool by_weir) {
  if (is_archive_name(name)) return WriterState::folded;
  if (!by_weir) return stock_writer(fd);
  return writer_liveness(fd, name.identity) == Liveness::alive ? WriterState::alive : WriterState::dead;
}

}  // namespace weir
