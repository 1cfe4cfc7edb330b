#include "redis_fold/fold_script.h"

#include <atomic>

#include "redis_fold/dead_writers.h"
#include "storage/setup_lock.h"

namespace weir {
namespace {

// A tombstone lives for a day: a writer away longer goes on from what was acknowledged last (P9).
constexpr const char* kTombstoneLife = "86400";

// KEYS claim, lease, index, tomb, writers, folds;
//      of each retired writer: claim, index; of each put: metric, meta; keys to drop; keys to keep
// ARGV token, sequence, folds before, writer, tombstone's life in s, keep in s,
//      number of retired writers, of puts, of drops, of keeps, of tombs, `last` or number of members that leave;
//      of each retired writer: name; of each put: value, timestamp, original_key, typ, mode, number of its retired
//      writer, index member; of each tomb: member, value; of each member that leaves: it
// -> OK, the count of folds   or CHANGED: something is no longer what the values were made from
//    or REFUSED, a key and why: what stands there is of another type
constexpr const char* kFold = R"(
local claim = redis.call('HMGET', KEYS[1], 'token', 'seq')
if claim[1] ~= ARGV[1] or claim[2] ~= ARGV[2] then return {'CHANGED'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'CHANGED'} end
if (redis.call('GET', KEYS[6]) or '') ~= ARGV[3] then return {'CHANGED'} end
local function wrong(key, command)
  local size = redis.pcall(command, key)
  if type(size) ~= 'table' then return false end
  return string.find(size.err, 'WRONGTYPE') and {'REFUSED', key, size.err} or redis.call(command, key)
end
local retired, puts = tonumber(ARGV[7]), tonumber(ARGV[8])
local spoiled = wrong(KEYS[4], 'HLEN')
for n = 0, retired - 1 do
  spoiled = spoiled or wrong(KEYS[7 + 2 * n], 'HLEN') or wrong(KEYS[8 + 2 * n], 'SCARD')
end
for k = 7 + 2 * retired, 6 + 2 * retired + 2 * puts do spoiled = spoiled or wrong(KEYS[k], 'HLEN') end
if spoiled then return spoiled end
local folds = tostring(redis.call('INCR', KEYS[6]))
-- Redis takes nothing back: what this user may not run must fail here, where nothing has changed yet, for halfway the
-- writer's values would stand twice.
redis.call('DEL', KEYS[2])
redis.call('EXPIRE', KEYS[2], 1)
redis.call('HSET', KEYS[1], 'token', ARGV[1])
redis.call('SADD', KEYS[5], ARGV[4])
redis.call('SREM', KEYS[5], '')
redis.call('SCARD', KEYS[3])
redis.call('TIME')
local drops, keeps, tombs = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local k, a = 7 + 2 * retired, 13 + retired
for n = 1, puts do
  redis.call('HSET', KEYS[k], 'value', ARGV[a], 'timestamp', ARGV[a + 1], 'updated_at', ARGV[a + 1], 'owner', 'retired')
  redis.call('HSET', KEYS[k + 1], 'original_key', ARGV[a + 2], 'typ', ARGV[a + 3], 'multiprocess_mode', ARGV[a + 4])
  redis.call('SADD', KEYS[8 + 2 * tonumber(ARGV[a + 5])], ARGV[a + 6])
  k, a = k + 2, a + 7
end
for n = 1, drops do redis.call('DEL', KEYS[k]); k = k + 1 end
for n = 1, keeps do redis.call('EXPIRE', KEYS[k], ARGV[6]); k = k + 1 end
for n = 1, tombs do
  redis.call('HSET', KEYS[4], ARGV[a], ARGV[a + 1])
  a = a + 2
end
if tombs > 0 then
  redis.call('HSET', KEYS[4], 'folded_at', redis.call('TIME')[1])
  redis.call('EXPIRE', KEYS[4], ARGV[5])
end
for n = 0, retired - 1 do
  local its_claim, its_index = KEYS[7 + 2 * n], KEYS[8 + 2 * n]
  redis.call('HSET', its_claim, 'token', 'retired', 'keys', redis.call('SCARD', its_index))
  redis.call('SADD', KEYS[5], ARGV[13 + n])
end
if ARGV[12] == 'last' then
  redis.call('DEL', KEYS[1], KEYS[3])
  redis.call('SREM', KEYS[5], ARGV[4])
  return {'OK', folds}
end
for n = 1, tonumber(ARGV[12]) do redis.call('SREM', KEYS[3], ARGV[a]); a = a + 1 end
redis.call('HSET', KEYS[1], 'keys', redis.call('SCARD', KEYS[3]))
return {'OK', folds}
)";

// KEYS claim, lease, the tombstone prepared, tomb
// ARGV token, sequence, tombstone's life in s, values in the tombstone, the token of the sealed
// -> OK   or CHANGED   or REFUSED, a key and why
constexpr const char* kSeal = R"(
local claim = redis.call('HMGET', KEYS[1], 'token', 'seq')
if claim[1] ~= ARGV[1] or claim[2] ~= ARGV[2] then return {'CHANGED'} end
if redis.call('EXISTS', KEYS[2]) == 1 then return {'CHANGED'} end
if redis.call('HLEN', KEYS[3]) ~= tonumber(ARGV[4]) then return {'CHANGED'} end
local size = redis.pcall('HLEN', KEYS[4])
if type(size) == 'table' then
  return string.find(size.err, 'WRONGTYPE') and {'REFUSED', KEYS[4], size.err} or redis.call('HLEN', KEYS[4])
end
redis.call('HSET', KEYS[1], 'token', ARGV[1])
if tonumber(ARGV[4]) > 0 then
  redis.call('HSET', KEYS[3], 'folded_at', redis.call('TIME')[1])
  redis.call('EXPIRE', KEYS[3], ARGV[3])
  redis.call('RENAME', KEYS[3], KEYS[4])
end
redis.call('HSET', KEYS[1], 'token', ARGV[5], 'sealed', ARGV[1])
return {'OK'}
)";

struct Scripts {
  RedisScript fold{kFold};
  RedisScript seal{kSeal};
};

const Scripts& scripts() {
  static constinit std::atomic<Scripts*> the{nullptr};
  return made_once(the);
}

}  // namespace

RedisCommand FoldCall::command() const {
  std::vector<std::string> keys{claim, lease, index, tomb, writers, folds};
  std::vector<std::string> arguments{token,
                                     sequence,
                                     folds_before,
                                     writer,
                                     kTombstoneLife,
                                     keep_s,
                                     std::to_string(retired.size()),
                                     std::to_string(puts.size()),
                                     std::to_string(drops.size()),
                                     std::to_string(keeps.size()),
                                     std::to_string(tombs.size()),
                                     is_last ? "last" : std::to_string(members.size())};
  for (const Retired& one : retired) {
    keys.insert(keys.end(), {one.claim, one.index});
    arguments.push_back(one.name);
  }
  for (const Put& put : puts) {
    keys.insert(keys.end(), {put.metric, put.meta});
    arguments.insert(arguments.end(), {put.value, put.timestamp, put.original_key, put.typ, put.mode,
                                       std::to_string(put.retired), put.member});
  }
  keys.insert(keys.end(), drops.begin(), drops.end());
  keys.insert(keys.end(), keeps.begin(), keeps.end());
  for (const auto& [member, value] : tombs) arguments.insert(arguments.end(), {member, value});
  if (!is_last) arguments.insert(arguments.end(), members.begin(), members.end());
  return fold_script().call(keys, arguments);
}

RedisCommand SealCall::command() const {
  const std::vector<std::string> keys{claim, lease, staged, tomb};
  const std::vector<std::string> arguments{token, sequence, kTombstoneLife, std::to_string(tombs),
                                           std::string(kSealed)};
  return seal_script().call(keys, arguments);
}

const RedisScript& seal_script() { return scripts().seal; }

const RedisScript& fold_script() { return scripts().fold; }

}  // namespace weir
