// Which of the commands Weir needs a Redis user may not run, as far as the server tells.
//
// Asked by ACL DRYRUN, which runs nothing; it needs Redis 7 and a user who may use ACL.
//
// Thread safety: as the client.
#pragma once

#include <string>
#include <vector>

#include "weir/redis_client.h"

namespace weir {

struct RedisRights {
  std::string user;        ///< empty: not told
  bool are_known = false;  ///< false: the server does not tell
  std::vector<std::string> missing_for_reading;
  std::vector<std::string> missing_for_writing;
  /// Of what folding needs besides what writing needs: the command and what it is for, `INCR (…)`.
  std::vector<std::string> missing_for_folding;
};

RedisRights ask_rights(RedisClient& client, const std::string& key_prefix);

}  // namespace weir
