#include "redis/keys.h"

#include <fmt/format.h>

#include <span>

#include "format/json_key.h"
#include "redis_layout/redis_keys.h"
#include "redis_layout/shared_keys.h"
#include "redis_layout/shared_metadata.h"

namespace weir::bench {
namespace {

constexpr std::size_t kProcesses = 64;
constexpr std::size_t kEntries = 500;
constexpr std::size_t kAtOnce = 2000;

RedisCommand write(std::vector<std::string> arguments) { return {std::move(arguments), {}, true, false}; }

void append_request(std::string& out, std::span<const std::string> words) {
  out += fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) out += fmt::format("${}\r\n{}\r\n", word.size(), word);
}

std::string path_of(std::size_t i) { return fmt::format("/api/v1/items/{:05}", i); }

}  // namespace

Keys::Keys(const std::string& layout)
    : server_({.unix_socket_only = false}),
      client_(make_redis_client(server_.options())),
      is_shared_(layout == "shared") {
  if (is_shared_) {
    make_hash();
  } else {
    make_processes();
  }
  truth_.resize(series_.size());
  change_values(0);
}

void Keys::run(const std::vector<RedisCommand>& commands) {
  for (std::size_t first = 0; first < commands.size(); first += kAtOnce) {
    const std::span some = std::span(commands).subspan(first, std::min(kAtOnce, commands.size() - first));
    for (const RedisReply& reply : client_->pipeline(some)) reply.throw_if_bad("preparing the bench");
  }
}

void Keys::make_processes() {
  const RedisKeys keys("gunicorn");
  const std::string epoch = "0123456789abcdef";
  const std::string info = client_->command({{"INFO", "replication"}, {}, true, true}).text;
  const std::string lease = info.substr(info.find("master_replid:") + 14, 40) + "." + epoch;
  std::vector<std::string> jsons;
  for (std::size_t i = 0; i < kEntries; ++i) {
    const Labels labels{{"method", "GET"}, {"path", path_of(i)}};
    jsons.push_back(json_key("requests", "requests_total", labels, "Requests served."));
    series_.push_back(fmt::format(R"(requests_total{{method="GET",path="{}"}})", path_of(i)));
  }
  const FileKind counter{MetricType::counter, GaugeMode::all};
  std::vector<RedisCommand> commands{write({"SET", keys.epoch(""), epoch})};
  for (std::size_t p = 0; p < kProcesses; ++p) {
    const std::string writer = std::to_string(1000 + p);
    commands.push_back(write({"HSET", keys.claim(writer), "token", "token" + writer, "seq", "1", "keys",
                              std::to_string(kEntries), "lease", "15000"}));
    commands.push_back(write({"SADD", keys.writers(""), writer}));
    commands.push_back(write({"SET", keys.lease(writer), lease}));
    RedisCommand index = write({"SADD", keys.index(writer)});
    for (std::size_t i = 0; i < kEntries; ++i) {
      const std::string hash = md5_hex(jsons[i]);
      index.arguments.push_back("counter:" + hash);
      RedisCommand meta = write({"HSET", keys.meta("counter", writer, hash)});
      for (std::string& field : meta_fields(jsons[i], counter, 1.5)) meta.arguments.push_back(std::move(field));
      commands.push_back(std::move(meta));
      values_.push_back({keys.metric("counter", writer, hash)});
      series_of_.push_back(i);
      append_request(request_, std::vector<std::string>{"HMGET", values_.back()[0], "value"});
    }
    commands.push_back(std::move(index));
  }
  run(commands);
}

void Keys::make_hash() {
  const SharedKeys keys("");
  values_.push_back({keys.value("requests_total")});
  for (std::size_t i = 0; i < kProcesses * kEntries; ++i) {
    values_[0].push_back(shared_field({{"method", "GET"}, {"path", path_of(i)}}));
    series_of_.push_back(i);
    series_.push_back(fmt::format(R"(requests_total{{method="GET",path="{}"}})", path_of(i)));
  }
  SharedMetadata about;
  about.type = MetricType::counter;
  about.help = "Requests served.";
  about.labels = {"method", "path"};
  about.sample = "requests_total";
  run({write({"HSET", keys.metadata(), "requests_total", shared_metadata_json(about)})});
  append_request(request_, std::vector<std::string>{"HGETALL", values_[0][0]});
}

void Keys::change_values(std::size_t round) {
  std::fill(truth_.begin(), truth_.end(), 0);
  std::vector<RedisCommand> commands;
  for (std::size_t i = 0; i < series_of_.size(); ++i) {
    const std::size_t value = (i * 7919 + round * 104729) % 1000003;
    truth_[series_of_[i]] += static_cast<double>(value);
    const std::string text = fmt::format("{}.0", value);
    if (!is_shared_) {
      commands.push_back(write({"HSET", values_[i][0], "value", text, "timestamp", "0.0", "updated_at", "1.5"}));
      continue;
    }
    if (i % kAtOnce == 0) commands.push_back(write({"HSET", values_[0][0]}));
    commands.back().arguments.push_back(values_[0][i + 1]);
    commands.back().arguments.push_back(text);
  }
  run(commands);
}

}  // namespace weir::bench
