// Listening sockets that are no TCP address: a Unix socket's path, and a socket that somebody else made.
//
// Thread safety: pure functions over the system.
#pragma once

#include <sys/types.h>

#include <string>

namespace weir {

/// Which file stands at a path.
struct FileIdentity {
  dev_t device = 0;
  ino_t number = 0;
  bool operator==(const FileIdentity&) const = default;
};

/// Zeros where none does.
FileIdentity file_at(const std::string& path);
/// Removes the file at `path` if it is `made`: a process that starts while another ends takes its path over.
void leave_path(const std::string& path, const FileIdentity& made);

/// A socket that listens at `path`, mode 0660; a file left by a process that was killed is replaced. Throws
/// StorageError naming the path.
int listen_at_path(const std::string& path, int backlog);
/// Checks that `fd` is a stream socket that listens and has it not block and close on exec; returns it. Throws
/// ConfigError.
int inherited_listener(int fd);

}  // namespace weir
