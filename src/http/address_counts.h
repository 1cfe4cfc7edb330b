// How many connections each client address has, and whether it may have one more.
//
// An IPv6 client owns a /64 and counts as one address. Clients of a Unix socket have none and are not counted; loopback
// (a proxy in front, say) is counted only where a limit was asked for.
//
// Thread safety: every member may be called from any thread.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace weir {

/// `10.0.0.7`, `2001:db8:0:1::/64`; empty for what has no address.
std::string client_address(const sockaddr* address);

class AddressCounts {
 public:
  /// `limit` 0: `usual`, and loopback without limit.
  AddressCounts(std::size_t limit, std::size_t usual);

  /// Whether one more may come; it is counted by entered().
  bool has_room(const std::string& address) const;
  void entered(const std::string& address);
  void left(const std::string& address);

 private:
  const std::size_t limit_;
  const bool spares_loopback_;
  mutable std::mutex mutex_;
  std::map<std::string, std::size_t> open_;  // guarded by mutex_
};

}  // namespace weir
