#include "redis_ship/scripts.h"

#include <string>
#include <utility>

#include "storage/setup_lock.h"

namespace weir {
namespace {

// KEYS claim, lease, tomb, writers, epoch
// ARGV token, writer, lease in ms, replication id, a random epoch, `again` or `new`, then fields of the claim
// -> OWNED, `1` if the claim stood already, the epoch   or TAKEN
//
// A claim taken again tells its values are not all there by a lease that names no epoch; a new one has none to miss.
constexpr const char* kClaim = R"(
local owner = redis.pcall('HGET', KEYS[1], 'token')
if type(owner) == 'table' then
  if not string.find(owner.err, 'WRONGTYPE') then return owner end
  redis.call('DEL', KEYS[1])
  owner = false
end
if owner and owner ~= ARGV[1] then return {'TAKEN'} end
if not owner and redis.call('EXISTS', KEYS[3]) == 1 then return {'TAKEN'} end
redis.call('HSET', KEYS[1], 'token', ARGV[1])
redis.call('HSETNX', KEYS[1], 'seq', 0)
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HDEL', KEYS[1], 'goodbye')
local added = redis.pcall('SADD', KEYS[4], ARGV[2])
if type(added) == 'table' then
  if not string.find(added.err, 'WRONGTYPE') then return added end
  redis.call('DEL', KEYS[4])
  redis.call('SADD', KEYS[4], ARGV[2])
end
local epoch = redis.pcall('GET', KEYS[5])
if type(epoch) ~= 'string' then
  epoch = ARGV[5]
  redis.call('SET', KEYS[5], epoch)
end
local lease = ARGV[6] == 'again' and 'pending' or (ARGV[4] .. '.' .. epoch)
redis.call('SET', KEYS[2], lease, 'PX', ARGV[3])
return {'OWNED', owner and '1' or '0', epoch}
)";

// What ship and create begin with. KEYS claim, …   ARGV token, sequence, …
constexpr const char* kAdmit = R"(
local claim = redis.call('HMGET', KEYS[1], 'token', 'seq')
if not claim[1] then return {'LOST'} end
if claim[1] ~= ARGV[1] then return {'FENCED'} end
if tonumber(claim[2]) >= tonumber(ARGV[2]) then return {'OLD'} end
redis.call('HSET', KEYS[1], 'seq', ARGV[2])
local time = redis.call('TIME')
local now = time[1] .. '.' .. string.format('%06d', time[2])
local answer = {'OK'}
)";

// KEYS claim, metric keys
// ARGV token, sequence, then of each key: value, timestamp, exemplar or nothing
// -> OK, then of each key that was refused or gone: its number and the error or GONE   or OLD, FENCED, LOST
constexpr const char* kShip = R"(
for i = 2, #KEYS do
  local a = 3 * i - 3
  local made
  if ARGV[a + 2] == '' then
    made = redis.pcall('HSET', KEYS[i], 'value', ARGV[a], 'timestamp', ARGV[a + 1], 'updated_at', now)
  else
    made = redis.pcall('HSET', KEYS[i], 'value', ARGV[a], 'timestamp', ARGV[a + 1], 'updated_at', now,
                       'exemplar', ARGV[a + 2])
  end
  if type(made) == 'table' then
    answer[#answer + 1] = i - 2
    answer[#answer + 1] = made.err .. ' (HSET)'
  elseif made >= 3 then
    redis.call('HSET', KEYS[i], 'owner', ARGV[1])
    answer[#answer + 1] = i - 2
    answer[#answer + 1] = 'GONE'
  end
end
return answer
)";

// KEYS claim, index, then of each sample: metric key, meta key
// ARGV token, sequence, expiry in s, then of each sample: index member, value, timestamp, exemplar or nothing,
//      original_key, typ, multiprocess_mode
// -> OK, then of each sample that was refused: its number and the error or FOREIGN   or OLD, FENCED, LOST
constexpr const char* kCreate = R"(
for n = 0, (#KEYS - 2) / 2 - 1 do
  local metric, meta, a = KEYS[3 + 2 * n], KEYS[4 + 2 * n], 4 + 7 * n
  local problem
  local mine = redis.pcall('HSETNX', metric, 'owner', ARGV[1])
  if type(mine) == 'table' then
    problem = mine.err .. ' (HSETNX)'
  elseif mine == 1 and redis.call('HLEN', metric) > 1 then
    redis.call('HDEL', metric, 'owner')
    problem = 'FOREIGN'
  elseif mine == 0 and redis.call('HGET', metric, 'owner') ~= ARGV[1] then
    problem = 'FOREIGN'
  else
    local made = redis.pcall('HSET', metric, 'value', ARGV[a + 1], 'timestamp', ARGV[a + 2], 'updated_at', now)
    if ARGV[a + 3] ~= '' and type(made) ~= 'table' then
      made = redis.pcall('HSET', metric, 'exemplar', ARGV[a + 3])
    end
    if type(made) ~= 'table' then
      made = redis.pcall('HSET', meta, 'original_key', ARGV[a + 4], 'typ', ARGV[a + 5],
                         'multiprocess_mode', ARGV[a + 6])
    end
    if type(made) == 'table' then
      problem = made.err .. ' (HSET)'
    else
      redis.call('HSETNX', meta, 'created_at', now)
      redis.call('EXPIRE', metric, ARGV[3])
      redis.call('EXPIRE', meta, ARGV[3])
      redis.call('SADD', KEYS[2], ARGV[a])
    end
  end
  if problem then
    answer[#answer + 1] = n
    answer[#answer + 1] = problem
  end
end
redis.call('EXPIRE', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[1], 'keys', redis.call('SCARD', KEYS[2]))
return answer
)";

// KEYS claim, lease, epoch, writers
// ARGV token, lease in ms, replication id, a random epoch, writer, then fields of the claim
// -> OK, seconds, microseconds, the epoch, `1` if the lease had not run out   or FENCED, LOST
//
// A claim without an epoch beside it: somebody deleted single keys. A new epoch begins, and the writer ships all anew.
constexpr const char* kLease = R"(
local token = redis.call('HGET', KEYS[1], 'token')
if not token then return {'LOST'} end
if token ~= ARGV[1] then return {'FENCED'} end
local epoch = redis.pcall('GET', KEYS[3])
if type(epoch) ~= 'string' then
  redis.call('SET', KEYS[3], ARGV[4])
  return {'LOST'}
end
redis.pcall('SADD', KEYS[4], ARGV[5])
local held = redis.call('EXISTS', KEYS[2])
redis.call('SET', KEYS[2], ARGV[3] .. '.' .. epoch, 'PX', ARGV[2])
for i = 6, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'flushed_at', time[1] .. '.' .. string.format('%06d', time[2]))
return {'OK', time[1], time[2], epoch, tostring(held)}
)";

// KEYS index, then keys   ARGV expiry in s
// -> the numbers of the keys that are gone
constexpr const char* kExpire = R"(
redis.call('EXPIRE', KEYS[1], ARGV[1])
local gone = {}
for i = 2, #KEYS do
  if redis.call('EXPIRE', KEYS[i], ARGV[1]) == 0 then gone[#gone + 1] = i - 2 end
end
return gone
)";

// KEYS claim, lease   ARGV token
// -> OK   or FENCED
constexpr const char* kGoodbye = R"(
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return {'FENCED'} end
redis.call('HSET', KEYS[1], 'goodbye', '1')
redis.call('HDEL', KEYS[1], 'spool_host', 'spool_dir')
redis.call('DEL', KEYS[2])
return {'OK'}
)";

// KEYS claim, lease, index, writers, then metric and meta keys in turn   ARGV token, writer
// -> OK   or FENCED
constexpr const char* kRetreat = R"(
local token = redis.call('HGET', KEYS[1], 'token')
if token and token ~= ARGV[1] then return {'FENCED'} end
for i = 5, #KEYS, 2 do
  local owner = redis.pcall('HGET', KEYS[i], 'owner')
  if owner == ARGV[1] then redis.call('DEL', KEYS[i], KEYS[i + 1]) end
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
redis.call('SREM', KEYS[4], ARGV[2])
return {'OK'}
)";

// KEYS the writer's batches, then of each operation: its key
// ARGV field of this call, sequence, expiry of the batches in s, expiry of keys in s;
//      of each operation: verb (add, set, init: set where there is nothing), hash field or nothing, amount, `1` where
//      the key may be new
// -> OK, AGAIN, or NEW where nothing was kept under that field; then of each operation that was refused: its number and
//    the error   or OLD: a later call came first
//
// What was done is kept under the call's field, so that a call repeated after its reply was lost changes nothing and
// answers the same.
constexpr const char* kBatch = R"(
local answer = {'NEW'}
local done = redis.call('HGET', KEYS[1], ARGV[1])
if done then
  answer[1] = 'OK'
  local known = cjson.decode(done)
  if tonumber(known[1]) > tonumber(ARGV[2]) then return {'OLD'} end
  if known[1] == ARGV[2] then
    answer[1] = 'AGAIN'
    for i = 2, #known do answer[i] = known[i] end
    return answer
  end
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({ARGV[2]}))
redis.call('EXPIRE', KEYS[1], ARGV[3])
local commands = {add = {'INCRBYFLOAT', 'HINCRBYFLOAT'}, set = {'SET', 'HSET'}, init = {'SETNX', 'HSETNX'}}
for i = 2, #KEYS do
  local a = 5 + 4 * (i - 2)
  local verb, field, amount, new = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local name = commands[verb][field == '' and 1 or 2]
  local made
  if field ~= '' then made = redis.pcall(name, KEYS[i], field, amount)
  elseif verb == 'set' then made = redis.pcall(name, KEYS[i], amount, 'KEEPTTL')
  else made = redis.pcall(name, KEYS[i], amount) end
  if type(made) == 'table' and made.err then
    answer[#answer + 1] = i - 2
    answer[#answer + 1] = made.err .. ' (' .. name .. ')'
  elseif new == '1' then
    redis.call('EXPIRE', KEYS[i], ARGV[4])
  end
end
if #answer > 1 then
  local kept = {ARGV[2]}
  for i = 2, #answer do kept[i] = answer[i] end
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(kept))
end
return answer
)";

RedisScript admitted(std::string_view own) {
  std::string text(kAdmit);
  text.append(own);
  return RedisScript(std::move(text));
}

}  // namespace

Scripts::Scripts()
    : claim(kClaim),
      ship(admitted(kShip)),
      create(admitted(kCreate)),
      lease(kLease),
      expire(kExpire),
      goodbye(kGoodbye),
      retreat(kRetreat),
      batch(kBatch) {}

const Scripts& scripts() {
  static constinit std::atomic<Scripts*> the{nullptr};
  return made_once(the);
}

}  // namespace weir
