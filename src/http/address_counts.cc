#include "http/address_counts.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace weir {
namespace {

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

}  // namespace

std::string client_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address == nullptr) return {};
  if (address->sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(*address);
    return inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size()) == nullptr ? "" : text.data();
  }
  if (address->sa_family != AF_INET6) return {};
  in6_addr v6 = reinterpret_cast<const sockaddr_in6&>(*address).sin6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    return inet_ntop(AF_INET, &v6.s6_addr[12], text.data(), text.size()) == nullptr ? "" : text.data();
  }
  if (IN6_IS_ADDR_LOOPBACK(&v6)) return "::1";
  std::fill(&v6.s6_addr[8], &v6.s6_addr[16], std::uint8_t{0});
  return inet_ntop(AF_INET6, &v6, text.data(), text.size()) == nullptr ? "" : text.data() + std::string("/64");
}

AddressCounts::AddressCounts(std::size_t limit, std::size_t usual)
    : limit_(limit == 0 ? std::max<std::size_t>(usual, 1) : limit), spares_loopback_(limit == 0) {}

bool AddressCounts::has_room(const std::string& address) const {
  if (address.empty() || (spares_loopback_ && is_loopback(address))) return true;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(address);
  return found == open_.end() || found->second < limit_;
}

void AddressCounts::entered(const std::string& address) {
  if (address.empty()) return;
  const std::lock_guard lock(mutex_);
  ++open_[address];
}

void AddressCounts::left(const std::string& address) {
  if (address.empty()) return;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(address);
  if (found != open_.end() && --found->second == 0) open_.erase(found);
}

}  // namespace weir
