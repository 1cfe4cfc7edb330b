// Whether the writer of an open multiprocess file lives, for people: what `weir check` and the page say of it.
//
// Of our own files the lock tells (liveness.h). Stock files hold none: they are probed by a read lease that is given
// back at once (protocol P5); should a writer open the file in that moment it waits for microseconds, and this process
// is sent SIGIO, which it must ignore. Collections do not ask: they go by locks alone.
//
// Thread safety: pure but for system calls. Process safety: takes no lock.
#pragma once

#include "format/file_name.h"
#include "weir/writers.h"

namespace weir {

/// `by_weir`: the file's header carries our mark.
WriterState writer_state(int fd, const FileName& name, bool by_weir);

}  // namespace weir
