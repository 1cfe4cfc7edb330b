#include "redis_storage/value_scripts.h"

#include <string>

#include "storage/setup_lock.h"

namespace weir {
namespace {

// Every script but the last:
// KEYS metric, meta
// ARGV expiry in s, the caller's clock, original_key, typ, multiprocess_mode, then its own from 6 on

// TIME may be forbidden by an ACL: then the caller's clock counts.
constexpr const char* kCommon = R"(
local function now()
  local time = redis.pcall('TIME')
  if time.err then return ARGV[2] end
  return time[1] .. '.' .. string.format('%06d', time[2])
end
local function is_owned() return redis.call('HEXISTS', KEYS[1], 'owner') == 1 end
local function make_meta(time)
  redis.call('HSETNX', KEYS[2], 'original_key', ARGV[3])
  redis.call('HSETNX', KEYS[2], 'typ', ARGV[4])
  redis.call('HSETNX', KEYS[2], 'multiprocess_mode', ARGV[5])
  redis.call('HSETNX', KEYS[2], 'created_at', time)
  redis.call('EXPIRE', KEYS[2], ARGV[1])
end
)";

constexpr const char* kReadOrMake = R"(
local there = redis.call('HMGET', KEYS[1], 'value', 'timestamp')
if (there[1] and there[2]) or is_owned() then return there end
local time = now()
redis.call('HSETNX', KEYS[1], 'value', '0.0')
redis.call('HSETNX', KEYS[1], 'timestamp', '0.0')
redis.call('HSET', KEYS[1], 'updated_at', time)
redis.call('EXPIRE', KEYS[1], ARGV[1])
make_meta(time)
return redis.call('HMGET', KEYS[1], 'value', 'timestamp')
)";

// ARGV value, timestamp or nothing, issuer, number
constexpr const char* kWrite = R"(
if is_owned() then return {'OWNED'} end
local issuer, number = string.match(redis.call('HGET', KEYS[1], 'fence') or '', '^(%x+):(%d+)$')
if issuer == ARGV[8] and tonumber(number) >= tonumber(ARGV[9]) then
  return {'OLD', redis.call('HGET', KEYS[1], 'timestamp')}
end
local time = now()
local stamp = ARGV[7]
if stamp == '' then stamp = time end
redis.call('HSET', KEYS[1], 'value', ARGV[6], 'timestamp', stamp, 'updated_at', time,
           'fence', ARGV[8] .. ':' .. ARGV[9])
redis.call('EXPIRE', KEYS[1], ARGV[1])
make_meta(time)
return {'OK', stamp}
)";

// ARGV exemplar
constexpr const char* kWriteExemplar = R"(
if is_owned() then return {'OWNED'} end
redis.call('HSET', KEYS[1], 'exemplar', ARGV[6])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {'OK'}
)";

constexpr const char* kMakeMeta = R"(
if is_owned() then return {'OK'} end
make_meta(now())
return {'OK'}
)";

constexpr const char* kErase = R"(
if is_owned() then return -1 end
local was = redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[2])
return was
)";

// KEYS lease, claim, index, then metric and meta keys in turn   ARGV their index members
//
// `keys` of the claim is the index's size, by which readers know a whole index: it follows.
constexpr const char* kRemoveLive = R"(
if redis.call('EXISTS', KEYS[1]) == 1 then return -1 end
local removed = 0
for i = 4, #KEYS, 2 do
  removed = removed + redis.call('DEL', KEYS[i])
  redis.call('DEL', KEYS[i + 1])
  redis.call('SREM', KEYS[3], ARGV[i / 2 - 1])
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'keys', redis.call('SCARD', KEYS[3]))
end
return removed
)";

RedisScript with_common(const char* own) { return RedisScript(std::string(kCommon) + own); }

}  // namespace

ValueScripts::ValueScripts()
    : read_or_make(with_common(kReadOrMake)),
      write(with_common(kWrite)),
      write_exemplar(with_common(kWriteExemplar)),
      make_meta(with_common(kMakeMeta)),
      erase(with_common(kErase)),
      remove_live(kRemoveLive) {}

const ValueScripts& value_scripts() {
  static constinit std::atomic<ValueScripts*> the{nullptr};
  return made_once(the);
}

}  // namespace weir
