#include "redis_storage/migrated_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "format/number.h"
#include "redis_collect/redis_merge_reading.h"
#include "redis_layout/host_name.h"
#include "redis_layout/random_text.h"
#include "redis_ship/scripts.h"
#include "redis_ship/shipment.h"

namespace weir {
namespace {

/// Nobody renews these keys, and no expiry at all would keep what was forgotten for ever.
constexpr const char* kKeyLife = "315360000";  // ten years
constexpr int kClaimAttempts = 5;

std::string_view word(const RedisReply& reply) {
  return reply.elements.empty() ? std::string_view{} : std::string_view(reply.elements.front().text);
}

bool is_nonce_char(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

/// The bucket a process of that pid has; of other names any, always the same.
std::string bucket_for(const std::string& name) {
  long number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc{} && end == name.data() + name.size()) return bucket_of(number);
  const std::string hash = md5_hex(name).substr(0, 4);
  std::from_chars(hash.data(), hash.data() + hash.size(), number, 16);
  return bucket_of(number);
}

}  // namespace

std::string wanted_name(std::string_view identity, bool is_label) {
  const std::size_t digits = identity.find_first_not_of("0123456789");
  if (!is_label && digits != 0 && digits != std::string_view::npos && identity[digits] == '-') {
    const std::string_view nonce = identity.substr(digits + 1);
    if (!nonce.empty() && std::all_of(nonce.begin(), nonce.end(), is_nonce_char)) identity = identity.substr(0, digits);
  }
  std::string name(identity);
  for (char& c : name) {
    if (c == ':' || c == '{' || c == '}' || static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '_';
  }
  return name;
}

MigratedWriter::MigratedWriter(RedisClient& client, const RedisKeys& keys, std::string wanted, std::string token)
    : client_(client),
      keys_(keys),
      bucket_(client.is_cluster() ? bucket_for(wanted) : ""),
      wanted_(std::move(wanted)),
      token_(std::move(token)) {}

std::string MigratedWriter::other_name() const {
  return fmt::format("{}{}-m{}", bucket_, wanted_, token_.substr(0, 8));
}

std::string MigratedWriter::token_of(const std::string& writer) {
  return client_.command(read_command({"HGET", keys_.claim(writer), "token"})).text;
}

void MigratedWriter::find(const std::function<bool(const std::string& writer)>& is_taken) {
  was_folded_ = false;
  was_there_ = false;
  const std::string known = client_.command(read_command({"HGET", keys_.migrated(bucket_), token_})).text;
  if (!known.empty()) {
    name_ = known;
    was_there_ = token_of(known) == token_;
    was_folded_ = !was_there_;
    return;
  }
  // A run that was killed after its claim left no record.
  const std::string wanted = bucket_ + wanted_;
  for (const std::string& name : {wanted, other_name()}) {
    if (token_of(name) != token_) continue;
    name_ = name;
    was_there_ = true;
    return;
  }
  const RedisCommand exists[] = {read_command({"EXISTS", keys_.claim(wanted)}),
                                 read_command({"EXISTS", keys_.tomb(wanted)})};
  bool is_free = !is_taken(wanted);
  for (const RedisReply& reply : client_.pipeline(exists)) {
    reply.throw_if_bad("looking whether the name " + wanted + " is free");
    is_free = is_free && reply.integer == 0;
  }
  name_ = is_free ? wanted : other_name();
}

// The claim's script always makes a lease: it is left to run out at once, and taken away. Until it has gone it names
// the epoch, so no reader waits for this writer.
bool MigratedWriter::claim(const std::string& directory) {
  const std::string info = client_.command(read_command({"INFO", "replication"}, keys_.claim(name_))).text;
  constexpr std::string_view kField = "master_replid:";
  const std::size_t at = info.find(kField);
  const std::string replication_id = at == std::string::npos ? "unknown" : info.substr(at + kField.size(), 40);
  const std::array<std::string, 5> keys{keys_.claim(name_), keys_.lease(name_), keys_.tomb(name_),
                                        keys_.writers(bucket_), keys_.epoch(bucket_)};
  const std::vector<std::string> arguments{token_, name_,       "1",   replication_id, random_text(),   "new",
                                           "host", host_name(), "pid", wanted_,        "migrated_from", directory};
  const RedisCommand call = scripts().claim.call(keys, arguments);
  const RedisReply reply = run_scripts(client_, scripts().claim, {&call, 1}).front();
  reply.throw_if_bad("claiming the identity " + name_);
  if (word(reply) != "OWNED") return false;
  const RedisCommand rest[] = {{{"DEL", keys_.lease(name_)}, {}, true, false},
                               {{"HSET", keys_.migrated(bucket_), token_, name_}, {}, true, false}};
  for (const RedisReply& done : client_.pipeline(rest)) done.throw_if_bad("noting the migration of " + name_);
  return true;
}

bool MigratedWriter::read_sequence() {
  const RedisReply claim = client_.command({{"HMGET", keys_.claim(name_), "token", "seq"}, {}, true, false});
  if (claim.elements.size() != 2 || claim.elements[0].text != token_) return false;
  sequence_ = static_cast<std::uint64_t>(parse_number(claim.elements[1].text));
  return true;
}

std::set<std::string> MigratedWriter::members() {
  std::set<std::string> members;
  for (RedisReply& member : client_.command({{"SMEMBERS", keys_.index(name_)}, {}, true, false}).elements) {
    members.insert(std::move(member.text));
  }
  return members;
}

bool MigratedWriter::send(std::span<const MigratedValue> values, std::vector<Problem>& refused) {
  for (int attempt = 0; attempt < kClaimAttempts; ++attempt) {
    if (!read_sequence()) return false;
    std::vector<Problem> met;
    const Sent sent = send_once(values, met);
    if (sent == Sent::lost) return false;
    if (sent == Sent::again) continue;  // another run of this directory, or a call executed twice: absolute values
    refused.insert(refused.end(), std::make_move_iterator(met.begin()), std::make_move_iterator(met.end()));
    return true;
  }
  throw RedisReplyError(
      fmt::format("{}: {} attempts to write the values of {} met another writer with its token: is "
                  "another migration of this directory running?",
                  client_.describe(), kClaimAttempts, name_));
}

MigratedWriter::Sent MigratedWriter::send_once(std::span<const MigratedValue> values, std::vector<Problem>& refused) {
  while (!values.empty()) {
    std::vector<RedisCommand> calls;
    std::vector<std::span<const MigratedValue>> parts;
    while (!values.empty() && calls.size() < kScriptsPerPipeline) {
      parts.push_back(values.first(std::min(kCellsPerScript, values.size())));
      values = values.subspan(parts.back().size());
      calls.push_back(call(parts.back()));
    }
    const std::vector<RedisReply> replies = run_scripts(client_, scripts().create, calls);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      replies[i].throw_if_bad("writing values of " + name_);
      if (word(replies[i]) == "OLD") return Sent::again;
      if (word(replies[i]) != "OK") return Sent::lost;
      take_refusals(replies[i], parts[i], refused);
    }
  }
  return Sent::good;
}

// `create` makes what is not there and overwrites what is this writer's own.
RedisCommand MigratedWriter::call(std::span<const MigratedValue> values) {
  std::vector<std::string> keys{keys_.claim(name_), keys_.index(name_)};
  std::vector<std::string> arguments{token_, std::to_string(++sequence_), kKeyLife};
  for (const MigratedValue& one : values) {
    const std::string kind = to_string(one.kind);
    const std::string hash = md5_hex(one.json_key);
    keys.push_back(keys_.metric(kind, name_, hash));
    keys.push_back(keys_.meta(kind, name_, hash));
    arguments.push_back(kind + ":" + hash);
    arguments.push_back(python_number(one.value));
    arguments.push_back(python_number(one.timestamp));
    arguments.push_back(one.exemplar);
    const std::vector<std::string> fields = meta_fields(one.json_key, one.kind, 0);
    for (std::size_t i = 1; i < 6; i += 2) arguments.push_back(fields[i]);  // original_key, typ, multiprocess_mode
  }
  return scripts().create.call(keys, arguments);
}

void MigratedWriter::take_refusals(const RedisReply& reply, std::span<const MigratedValue> values,
                                   std::vector<Problem>& refused) const {
  for (std::size_t i = 1; i + 1 < reply.elements.size(); i += 2) {
    const auto at = static_cast<std::size_t>(reply.elements[i].integer);
    if (at >= values.size()) continue;
    const std::string key = keys_.metric(to_string(values[at].kind), name_, md5_hex(values[at].json_key));
    const std::string& why = reply.elements[i + 1].text;
    refused.push_back({.reason = "refused",
                       .subject = key,
                       .message = fmt::format("{} takes no value: {}", key,
                                              why == "FOREIGN" ? "another program's value stands there" : why)});
  }
}

void MigratedWriter::finish() { client_.command({{"HSET", keys_.claim(name_), "goodbye", "1"}, {}, true, false}); }

}  // namespace weir
