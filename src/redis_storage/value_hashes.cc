#include "redis_storage/value_hashes.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include <fmt/format.h>

#include "config/environment.h"
#include "format/number.h"
#include "instrument/unix_time.h"
#include "redis_collect/redis_merge_scan.h"
#include "redis_layout/random_text.h"
#include "redis_storage/value_scripts.h"
#include "weir/log.h"

namespace weir {
namespace {

// A backstop: P8's expiry of value keys.
constexpr const char* kExpirySeconds = "86400";

// Who numbers the writes. Not the pid: a process that gets the pid of a dead one begins to count anew.
struct Issuer {
  pid_t pid = ::getpid();
  std::string text = random_text();
};

// The process's own; a forked child's is made at its first write, the parent's copy in it is left.
const std::string& issuer() {
  static constinit std::atomic<Issuer*> the{nullptr};
  Issuer* made = the.load(std::memory_order_acquire);  // pairs with the exchange below
  while (made == nullptr || made->pid != ::getpid()) {
    auto fresh = std::make_unique<Issuer>();
    if (the.compare_exchange_strong(made, fresh.get(), std::memory_order_acq_rel)) made = fresh.release();
  }
  return made->text;
}

std::vector<FileKind> gauge_kinds() {
  std::vector<FileKind> kinds;
  kinds.reserve(kGaugeModes.size());
  for (const GaugeMode mode : kGaugeModes) kinds.push_back({MetricType::gauge, mode});
  return kinds;
}

std::string configured_prefix() { return environment::variable("REDIS_KEY_PREFIX").value_or("gunicorn"); }

double number_of(const RedisReply& reply, std::string_view field, std::string_view redis_key) {
  try {
    return parse_number(reply.text);
  } catch (const FormatError& error) {
    throw FormatError(fmt::format("{} of {}: {}", field, redis_key, error.what()));
  }
}

// Of an answer `value, timestamp`; a missing timestamp is 0.
ValueHashes::Value value_of(const RedisReply& reply, std::string_view redis_key) {
  if (reply.elements.size() < 2) {
    throw RedisProtocolError(fmt::format("read of {}: the answer has no value and timestamp", redis_key));
  }
  const RedisReply& stamp = reply.elements[1];
  return {number_of(reply.elements[0], "value", redis_key),
          stamp.is_nil() ? 0 : number_of(stamp, "timestamp", redis_key)};
}

RedisCommand reading(std::vector<std::string> arguments) {
  return {.arguments = std::move(arguments), .route_key = {}, .repeatable = true, .reads = true};
}

}  // namespace

FileKind kind_from(std::string_view metric_type, std::string_view multiprocess_mode) {
  const auto type = metric_type_from(metric_type);
  if (!type || *type > MetricType::summary) {
    throw ValueError(fmt::format("metric type \"{}\": must be counter, gauge, histogram or summary", metric_type));
  }
  if (*type != MetricType::gauge) return {*type, GaugeMode::all};
  const auto mode = multiprocess_mode.empty() ? GaugeMode::all : gauge_mode_from(multiprocess_mode);
  if (!mode) {
    throw ValueError(
        fmt::format("multiprocess mode \"{}\": must be all, min, max, sum or mostrecent, or one of these "
                    "with \"live\" before it",
                    multiprocess_mode));
  }
  return {*type, *mode};
}

std::uint64_t next_write_number() noexcept {
  static constinit std::atomic<std::uint64_t> last{0};
  // Relaxed: the numbers' order is all that counts, and the caller's lock orders them with the values.
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

ValueHashes::ValueHashes(std::shared_ptr<RedisClientProtocol> client, std::string_view key_prefix)
    : client_(std::move(client)),
      keys_(checked_key_prefix(key_prefix.empty() ? configured_prefix() : std::string(key_prefix),
                               key_prefix.empty() ? "REDIS_KEY_PREFIX" : "key_prefix")) {
  if (client_ == nullptr) throw ValueError("values in Redis: redis_client must be given (see make_redis_client)");
}

std::string ValueHashes::writer_of(long pid) const {
  return client_->is_cluster() ? bucket_of(pid) + std::to_string(pid) : std::to_string(pid);
}

std::string ValueHashes::own_writer() const { return writer_of(::getpid()); }

std::string ValueHashes::metric_key(std::string_view key, FileKind kind) const {
  return keys_.metric(to_string(kind), own_writer(), md5_hex(key));
}

RedisReply ValueHashes::run(const RedisScript& script, std::string_view operation, std::string_view key, FileKind kind,
                            std::vector<std::string> arguments) const {
  const std::string hash = md5_hex(key);
  const std::string writer = own_writer();
  const std::string names[] = {keys_.metric(to_string(kind), writer, hash), keys_.meta(to_string(kind), writer, hash)};
  const std::vector<std::string> meta = meta_fields(key, kind, 0);
  std::vector<std::string> all{kExpirySeconds, fmt::format("{:.6f}", unix_now()), meta[1], meta[3], meta[5]};
  std::move(arguments.begin(), arguments.end(), std::back_inserter(all));
  RedisCommand call = script.call(names, all);
  call.repeatable = true;
  std::vector<RedisReply> replies = run_scripts(*client_, script, {&call, 1});
  replies.at(0).throw_if_bad(fmt::format("{} {}", operation, names[0]));
  return std::move(replies[0]);
}

RedisReply ValueHashes::change(const RedisScript& script, std::string_view operation, std::string_view key,
                               FileKind kind, std::vector<std::string> arguments) const {
  RedisReply reply = run(script, operation, key, kind, std::move(arguments));
  if (!reply.elements.empty() && reply.elements[0].text == kOwned) throw_owned(operation, key, kind);
  return reply;
}

void ValueHashes::throw_owned(std::string_view operation, std::string_view key, FileKind kind) const {
  throw RedisReplyError(
      fmt::format("{} {}: this value belongs to a Redis storage, which ships it; change it through its instrument",
                  operation, metric_key(key, kind)));
}

ValueHashes::Value ValueHashes::read_or_make(std::string_view key, FileKind kind) const {
  const RedisReply reply = run(value_scripts().read_or_make, "read", key, kind, {});
  return value_of(reply, metric_key(key, kind));
}

double ValueHashes::write(std::string_view key, FileKind kind, double value, std::optional<double> timestamp,
                          std::uint64_t number) const {
  const RedisReply reply =
      change(value_scripts().write, "write", key, kind,
             {python_number(value), timestamp ? python_number(*timestamp) : "", issuer(), std::to_string(number)});
  if (reply.elements.size() < 2) {
    throw RedisProtocolError(fmt::format("write {}: the answer has no timestamp", metric_key(key, kind)));
  }
  return number_of(reply.elements[1], "timestamp", metric_key(key, kind));
}

void ValueHashes::write_exemplar(std::string_view key, FileKind kind, std::string_view json) const {
  change(value_scripts().write_exemplar, "write the exemplar of", key, kind, {std::string(json)});
}

std::string ValueHashes::read_exemplar(std::string_view key, FileKind kind) const {
  return client_->command(reading({"HGET", metric_key(key, kind), "exemplar"})).text;
}

void ValueHashes::ensure_metadata(std::string_view key, FileKind kind) const {
  run(value_scripts().make_meta, "describe", key, kind, {});
}

ValueHashes::Erased ValueHashes::erase(std::string_view key, FileKind kind) const {
  switch (run(value_scripts().erase, "erase", key, kind, {}).integer) {
    case 0:
      return Erased::absent;
    case 1:
      return Erased::erased;
    default:
      return Erased::owned;
  }
}

std::optional<ValueHashes::Entry> ValueHashes::find_among(std::string_view key,
                                                          const std::vector<FileKind>& kinds) const {
  std::vector<RedisCommand> commands;
  commands.reserve(kinds.size());
  for (const FileKind kind : kinds) commands.push_back(reading({"HMGET", metric_key(key, kind), "value", "timestamp"}));
  const std::vector<RedisReply> replies = client_->pipeline(commands);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string& redis_key = commands[i].arguments[1];
    replies.at(i).throw_if_bad("read " + redis_key);
    if (!replies[i].elements.empty() && !replies[i].elements[0].is_nil()) {
      return Entry{std::string(key), kinds[i], value_of(replies[i], redis_key)};
    }
  }
  return std::nullopt;
}

std::optional<ValueHashes::Entry> ValueHashes::find(std::string_view key) const {
  std::vector<FileKind> kinds{{MetricType::counter, GaugeMode::all},
                              {MetricType::histogram, GaugeMode::all},
                              {MetricType::summary, GaugeMode::all}};
  const std::vector<FileKind> gauges = gauge_kinds();
  kinds.insert(kinds.end(), gauges.begin(), gauges.end());
  return find_among(key, kinds);
}

std::optional<GaugeMode> ValueHashes::find_mode(std::string_view key) const {
  const auto entry = find_among(key, gauge_kinds());
  if (!entry) return std::nullopt;
  return entry->kind.mode;
}

std::vector<ValueHashes::Entry> ValueHashes::read_all() const {
  const std::string writer = own_writer();
  const std::string pattern = fmt::format("{}:*:{}:metric:*", escape_pattern(keys_.prefix()), escape_pattern(writer));
  std::vector<RedisCommand> commands;
  std::vector<FileKind> kinds;
  for (const std::string& key : scan_keys(*client_, pattern)) {
    const auto parts = parse_redis_key(keys_.prefix(), key);
    if (!parts || !parts->kind || parts->is_meta || parts->writer != writer) continue;
    commands.push_back(reading({"HMGET", key, "value", "timestamp"}));
    commands.push_back(reading({"HGET", keys_.meta(parts->kind_text, writer, parts->hash), "original_key"}));
    kinds.push_back(*parts->kind);
  }
  const std::vector<RedisReply> replies = client_->pipeline(commands);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const std::string& redis_key = commands[2 * i].arguments[1];
    const RedisReply& value = replies.at(2 * i);
    const RedisReply& meta = replies.at(2 * i + 1);
    if (value.is_failure() || meta.is_failure()) (value.is_failure() ? value : meta).throw_if_bad("read " + redis_key);
    try {
      value.throw_if_bad("read " + redis_key);
      meta.throw_if_bad("read the metadata of " + redis_key);
      const bool is_gone = value.elements.empty() || value.elements[0].is_nil() || meta.text.empty();
      if (!is_gone) entries.push_back({meta.text, kinds[i], value_of(value, redis_key)});
    } catch (const Error& error) {
      log_line(LogLevel::warning, fmt::format("left out: {}", error.what()));
    }
  }
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return entries;
}

}  // namespace weir
