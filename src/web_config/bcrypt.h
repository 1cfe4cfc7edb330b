// Passwords against bcrypt hashes, as `htpasswd -B` writes them; libxcrypt computes.
//
//   if (bcrypt_matches(password, "$2y$10$…")) …       // 45 ms at cost 10, twice that a cost more
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace weir {

/// Costs that are accepted. At the highest one check takes 0.7 s: more would let few strangers keep a core busy.
inline constexpr int kLeastBcryptCost = 4;
inline constexpr int kMostBcryptCost = 14;
/// Below it a stolen hash is guessed too fast; accepted, with a warning.
inline constexpr int kGoodBcryptCost = 10;

/// What is wrong with a hash and what would be right, without the hash; empty for a good one.
std::string bcrypt_fault(std::string_view hash);
/// Of a good hash.
int bcrypt_cost(std::string_view hash);
/// Whether `hash` (a good one) is the password's. bcrypt reads 72 bytes of it; one with a zero byte never matches.
bool bcrypt_matches(const std::string& password, const std::string& hash);
/// A hash no password has, of that cost: what unknown users are checked against, so that they take as long.
std::string bcrypt_of_nobody(int cost);

}  // namespace weir
