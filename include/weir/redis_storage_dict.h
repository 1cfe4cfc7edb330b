// This process's values in one Redis, as a dictionary from JSON key to value.
//
//   weir::RedisStorageDict dict{client, "gunicorn"};
//   const std::string key = weir::redis_key("jobs", "jobs_total", {"queue"}, {"mail"}, "Jobs done.");
//   dict.write_value(key, 5);                                        // gunicorn:counter:4242:metric:<md5 of key>
//   auto [value, timestamp] = dict.read_value(key);
//   for (const std::string& k : dict) std::cout << k << " " << dict.at(k) << "\n";
//
// Every call asks the server. A value that this process's Redis storage ships can be read but not written: write it
// through its instrument. Nobody renews these keys: one goes 24 hours after its last write.
//
// Errors: RedisConnectionError, RedisTimeoutError, RedisAuthenticationError, RedisReplyError (the server's words),
// FormatError for a stored value that is no number, ValueError for arguments that cannot be used.
// Thread safety: every member from any thread; of two writes of a key the later call wins.
// Process safety: the pid in the keys is that of the process that calls, so a forked child has an empty dictionary. The
// pid alone names the process, as in Python's exporter: give each host or container that writes by hand its own prefix.
// Source: gunicorn_prometheus_exporter, RedisStorageDict.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "weir/redis_client.h"

namespace weir {

/// What a store of values by key can do; timestamps are Unix seconds.
class StorageDictProtocol {
 public:
  virtual ~StorageDictProtocol() = default;
  /// Value and timestamp. A key not met before reads (0, 0) and is made. `metric_type` is `counter`, `gauge`,
  /// `histogram` or `summary`; `multiprocess_mode` that of a gauge: empty means the one it is kept under, else `all`.
  virtual std::pair<double, double> read_value(std::string_view key, std::string_view metric_type = "counter",
                                               std::string_view multiprocess_mode = "") = 0;
  /// Without a timestamp the value is stamped now.
  virtual void write_value(std::string_view key, double value, std::optional<double> timestamp = std::nullopt,
                           std::string_view metric_type = "counter", std::string_view multiprocess_mode = "") = 0;
};

class ValueHashes;

class RedisStorageDict final : public StorageDictProtocol {
 public:
  using Item = std::pair<std::string, double>;

  /// An empty prefix is REDIS_KEY_PREFIX, else `gunicorn`. Throws ValueError without a client, ConfigError for a prefix
  /// that cannot be used. Asks the server nothing.
  explicit RedisStorageDict(std::shared_ptr<RedisClientProtocol> redis_client, std::string_view key_prefix = "");
  ~RedisStorageDict() override;
  RedisStorageDict(const RedisStorageDict&) = delete;
  RedisStorageDict& operator=(const RedisStorageDict&) = delete;

  std::pair<double, double> read_value(std::string_view key, std::string_view metric_type = "counter",
                                       std::string_view multiprocess_mode = "") override;
  /// Stamped with Redis' time; with the local clock's where the server keeps TIME to itself.
  void write_value(std::string_view key, double value, std::optional<double> timestamp = std::nullopt,
                   std::string_view metric_type = "counter", std::string_view multiprocess_mode = "") override;
  /// Key, value and timestamp of everything this process holds. What cannot be read is left out and logged.
  std::vector<std::tuple<std::string, double, double>> read_all_values() const;
  /// Makes the meta hash of a key, if it is not there: its type, mode, time of making and the key itself.
  void ensure_metadata(std::string_view key, std::string_view typ = "counter",
                       std::string_view multiprocess_mode = "all");
  /// Removes the `live*` gauges of a process that has ended; gives their number. Its counters and everything else stay,
  /// because totals must not fall when a process ends. A process whose lease still runs is left alone: readers leave
  /// its live gauges out when the lease has run out.
  std::size_t cleanup_dead_worker(long pid);

  // The dictionary. A key is found under whatever type and mode it is kept.

  /// The value; throws ValueError when there is none.
  double at(std::string_view key) const;
  /// The value, or `otherwise`. Makes nothing.
  double get(std::string_view key, double otherwise = 0) const;
  /// Writes, stamped now; a new key is a counter.
  void set(std::string_view key, double value);
  /// True when it was there.
  bool erase(std::string_view key);
  bool contains(std::string_view key) const;
  std::size_t size() const;
  bool empty() const { return size() == 0; }
  std::vector<std::string> keys() const;  ///< sorted, each once
  std::vector<double> values() const;     ///< in the order of keys()
  std::vector<Item> items() const;
  /// Erases everything this process wrote here; values its Redis storage ships stay.
  void clear();
  void update(const std::vector<Item>& items);
  /// Takes all of `other` over, as the types and modes it has them under.
  void update(const RedisStorageDict& other);

  /// Walks the keys there were when begin() was called.
  class KeyIterator {
   public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    const std::string& operator*() const { return (*keys_)[next_]; }
    KeyIterator& operator++() {
      ++next_;
      return *this;
    }
    void operator++(int) { ++next_; }
    bool operator==(std::default_sentinel_t) const { return next_ == keys_->size(); }

   private:
    friend class RedisStorageDict;
    explicit KeyIterator(std::vector<std::string> keys)
        : keys_(std::make_shared<const std::vector<std::string>>(std::move(keys))) {}
    std::shared_ptr<const std::vector<std::string>> keys_;
    std::size_t next_ = 0;
  };
  KeyIterator begin() const { return KeyIterator(keys()); }
  std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

 private:
  std::unique_ptr<const ValueHashes> hashes_;
};

}  // namespace weir
