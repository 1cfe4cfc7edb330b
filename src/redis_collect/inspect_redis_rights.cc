#include "redis_collect/inspect_redis_rights.h"

#include <initializer_list>

#include "redis_collect/redis_merge_reading.h"

namespace weir {
namespace {

using Words = std::vector<std::string>;

/// The commands with arguments of the right number.
std::vector<Words> for_reading(const std::string& key) {
  return {{"DBSIZE"}, {"GET", key}, {"HGET", key, "f"}, {"HGETALL", key}, {"HMGET", key, "f"},
          {"INFO"},   {"PING"},     {"SCAN", "0"},      {"SCARD", key},   {"SMEMBERS", key}};
}
std::vector<Words> for_writing(const std::string& key) {
  return {{"DEL", key},
          {"EVAL", "return 1", "1", key},
          {"EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "1", key},
          {"EXISTS", key},
          {"EXPIRE", key, "1"},
          {"HDEL", key, "f"},
          {"HINCRBYFLOAT", key, "f", "1"},
          {"HLEN", key},
          {"HSET", key, "f", "v"},
          {"HSETNX", key, "f", "v"},
          {"INCRBYFLOAT", key, "1"},
          {"PEXPIRE", key, "1"},
          {"SADD", key, "m"},
          {"SET", key, "v"},
          {"SETNX", key, "v"},
          {"SREM", key, "m"},
          {"TIME"}};
}

/// What folding runs besides, and what for.
struct FoldingCommand {
  Words command;
  const char* purpose;
};
std::vector<FoldingCommand> for_folding(const std::string& key) {
  return {{{"INCR", key}, "telling readers that values moved"},
          {{"PERSIST", key}, "keeping folded totals while anybody lives"},
          {{"RENAME", key, key}, "putting a large process's tombstone in its place"},
          {{"SMEMBERS", key}, "listing processes and their values"},
          {{"TTL", key}, "seeing how long folded totals stay"}};
}

/// False when the server does not tell.
bool ask_missing(RedisClient& client, const std::string& user, const std::vector<Words>& commands, Words& missing) {
  std::vector<RedisCommand> asks;
  for (const Words& command : commands) {
    Words words{"ACL", "DRYRUN", user};
    words.insert(words.end(), command.begin(), command.end());
    asks.push_back(read_command(std::move(words), "weir"));
  }
  const std::vector<RedisReply> replies = client.pipeline(asks);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (!replies[i].is_good()) return false;
    if (replies[i].text != "OK") missing.push_back(commands[i].front());
  }
  return true;
}

bool ask_missing_for_folding(RedisClient& client, const std::string& user, const std::string& key, Words& missing) {
  for (const FoldingCommand& wanted : for_folding(key)) {
    Words lacks;
    if (!ask_missing(client, user, {wanted.command}, lacks)) return false;
    if (!lacks.empty()) missing.push_back(lacks.front() + " (" + wanted.purpose + ")");
  }
  return true;
}

}  // namespace

RedisRights ask_rights(RedisClient& client, const std::string& key_prefix) {
  RedisRights rights;
  const RedisCommand who = read_command({"ACL", "WHOAMI"}, "weir");
  const RedisReply answer = client.pipeline({&who, 1}).front();
  if (!answer.is_good()) return rights;
  rights.user = answer.text;
  const std::string key = key_prefix + ":weir:check";
  rights.are_known = ask_missing(client, rights.user, for_reading(key), rights.missing_for_reading) &&
                     ask_missing(client, rights.user, for_writing(key), rights.missing_for_writing) &&
                     ask_missing_for_folding(client, rights.user, key, rights.missing_for_folding);
  if (!rights.are_known) {
    rights.missing_for_reading.clear();
    rights.missing_for_writing.clear();
    rights.missing_for_folding.clear();
  }
  return rights;
}

}  // namespace weir
