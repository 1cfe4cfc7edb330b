#include "weir/redis_storage_client.h"

namespace weir {

RedisStorageClient::RedisStorageClient(std::shared_ptr<RedisClientProtocol> redis_client, std::string_view key_prefix)
    : client_(std::move(redis_client)), key_prefix_(key_prefix), dict_(client_, key_prefix_) {}

std::pair<double, double> RedisStorageClient::get(std::string_view key, std::string_view metric_type,
                                                  std::string_view multiprocess_mode) {
  return dict_.read_value(key, metric_type, multiprocess_mode);
}

void RedisStorageClient::put(std::string_view key, double value, std::optional<double> timestamp,
                             std::string_view metric_type, std::string_view multiprocess_mode) {
  dict_.write_value(key, value, timestamp, metric_type, multiprocess_mode);
}

RedisValueClass RedisStorageClient::get_value_class() const {
  return [client = client_, prefix = key_prefix_](std::string_view typ, std::string_view metric_name,
                                                  std::string_view name, const std::vector<std::string>& labelnames,
                                                  const std::vector<std::string>& labelvalues,
                                                  std::string_view help_text, std::string_view multiprocess_mode) {
    return std::make_unique<RedisValue>(typ, metric_name, name, labelnames, labelvalues, help_text, multiprocess_mode,
                                        client, prefix);
  };
}

std::size_t RedisStorageClient::cleanup_process_keys(long pid) { return dict_.cleanup_dead_worker(pid); }

}  // namespace weir
