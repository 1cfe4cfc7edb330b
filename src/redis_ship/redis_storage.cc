#include "redis_ship/redis_storage.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "config/environment.h"
#include "redis_ship/scripts.h"
#include "redis_ship/spooled_shipment.h"
#include "redis_ship/through_backend.h"
#include "storage/cell_space.h"
#include "storage/file_storage.h"
#include "storage/setup_lock.h"
#include "weir/error.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr std::chrono::seconds kTimeAtExit{1};

RedisOptions for_shipping(RedisOptions options) {
  options.pool_size = 1;
  options.read_from_replicas = false;
  return options;
}

}  // namespace

RedisStorage::RedisStorage(RedisSettings settings, Storage& inner)
    : settings_(std::move(settings)),
      inner_(inner),
      client_(make_redis_client(settings_.client)),
      shipping_(make_redis_client(for_shipping(settings_.client))),
      pid_(::getpid()) {
  scripts();
}

std::string_view RedisStorage::backend_name() const noexcept {
  return settings_.layout == RedisLayout::shared ? "MultiProcessRedisBackend" : "RedisStorage";
}

std::string RedisStorage::describe() const { return client_->describe(); }

std::unique_ptr<Shipper> RedisStorage::make_shipper() const {
  if (settings_.durability == RedisDurability::spooled) {
    const auto* const files = dynamic_cast<const FileStorage*>(&inner_);
    const auto names = [files]() WEIR_NO_THREAD_SAFETY_ANALYSIS {
      const RegistrationHold hold;
      return files == nullptr ? std::vector<std::string>{} : files->file_names();
    };
    return std::make_unique<Shipper>(settings_.flush_interval,
                                     std::make_unique<SpooledShipment>(settings_, shipping_, book_, names));
  }
  auto shipment = settings_.layout == RedisLayout::shared ? make_shared_shipment(settings_, shipping_, book_)
                                                          : make_per_process_shipment(settings_, shipping_, book_);
  return std::make_unique<Shipper>(settings_.flush_interval, std::move(shipment));
}

// The process's shipper; nullptr where the one there is belongs to the parent, or none was made yet.
Shipper* RedisStorage::current() const noexcept {
  return pid_.load(std::memory_order_relaxed) == ::getpid() ? shipper_.load(std::memory_order_acquire) : nullptr;
}

// Under the registration lock.
Shipper& RedisStorage::shipper() {
  if (current() == nullptr) {
    shipper_.store(make_shipper().release(), std::memory_order_release);
    pid_.store(::getpid(), std::memory_order_relaxed);
  }
  return *shipper_.load(std::memory_order_acquire);
}

// Likewise.
void RedisStorage::start_shipping() {
  Shipper& mine = shipper();
  if (!is_stopped_) mine.start();
}

void RedisStorage::make_cells(const CellGroup& group, std::size_t slot,
                              std::span<Cell*> out) WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (holds_backends()) {
    std::ranges::fill(out, nullptr);
    return;
  }
  book_.cells_for(group, slot, inner_, out);
  start_shipping();
}

void RedisStorage::release_cells(const CellGroup& group, std::size_t slot,
                                 std::span<Cell* const> cells) noexcept WEIR_NO_THREAD_SAFETY_ANALYSIS {
  if (!holds_backends()) book_.release(group, slot, inner_, cells);
}

std::unique_ptr<Backend> RedisStorage::make_backend(const CellGroup& group, std::uint32_t i) {
  const RegistrationHold hold;
  Cell* cell = nullptr;
  const std::uint32_t sample = book_.book_own(group, i, cell);
  start_shipping();
  const bool keeps_time = group.type() == MetricType::gauge && without_live(group.mode()) == GaugeMode::mostrecent;
  return std::make_unique<ThroughBackend>(*this, sample, *cell, keeps_time, marks_gauge_sets());
}

void RedisStorage::put_exemplar(const CellGroup& group, std::uint32_t i,
                                const Exemplar& exemplar) WEIR_NO_THREAD_SAFETY_ANALYSIS {
  book_.put_exemplar(group, i, exemplar);
}

// The parent's shipper, its connection and its locks stay behind untouched: nobody may wait for them here.
void RedisStorage::close_after_fork() noexcept { shipper_.store(nullptr, std::memory_order_relaxed); }

void RedisStorage::start_in_child() WEIR_NO_THREAD_SAFETY_ANALYSIS {
  shipper_.store(nullptr, std::memory_order_relaxed);
  book_.start_in_child();
  pid_.store(::getpid(), std::memory_order_relaxed);
}

void RedisStorage::enter_process() {
  if (pid_.load(std::memory_order_relaxed) == ::getpid()) return;
  const RegistrationHold hold;
  if (pid_.load(std::memory_order_relaxed) == ::getpid()) return;
  start_in_child();
  start_shipping();
}

void RedisStorage::ship_now(std::uint32_t sample) noexcept {
  if (Shipper* const mine = current()) {
    const auto longest = settings_.client.connect_timeout + settings_.client.reply_timeout;
    mine->flush(Shipper::Clock::now() + longest, {&sample, 1});
  }
}

bool RedisStorage::flush(std::chrono::milliseconds timeout) noexcept {
  Shipper* const mine = current();
  return mine == nullptr || mine->flush(Shipper::Clock::now() + timeout);
}

bool RedisStorage::stop(std::chrono::milliseconds timeout) noexcept {
  {
    const RegistrationHold hold;  // whoever registers now has started the thread, or will not
    is_stopped_ = true;
  }
  Shipper* const mine = current();
  return mine == nullptr || mine->stop(Shipper::Clock::now() + timeout);
}

void RedisStorage::resume() {
  const RegistrationHold hold;
  if (!std::exchange(is_stopped_, false)) return;
  start_shipping();
}

void RedisStorage::finish() noexcept {
  if (Shipper* const mine = current()) mine->finish(Shipper::Clock::now() + kTimeAtExit);
}

RedisShippingStatistics RedisStorage::statistics() const {
  const Shipper* const mine = current();
  return mine != nullptr ? mine->statistics() : RedisShippingStatistics{};
}

bool RedisStorage::is_connected() noexcept {
  try {
    return client_->ping();
  } catch (const std::exception&) {
    return false;
  }
}

namespace {

using Storages = std::vector<RedisStorage*>;

Storages& storages() {
  static constinit std::atomic<Storages*> the{nullptr};
  return made_once(the);
}

void finish_all() noexcept {
  for (RedisStorage* const storage : storages()) storage->finish();
}

bool same_place(const RedisSettings& a, const RedisSettings& b) {
  return describe(a.client) == describe(b.client) && a.client.username == b.client.username &&
         a.client.password == b.client.password && a.key_prefix == b.key_prefix && a.layout == b.layout &&
         a.durability == b.durability && a.flush_interval == b.flush_interval && a.spool_directory == b.spool_directory;
}

RedisStorage* find(const RedisSettings& settings) {
  const Storages& all = storages();
  const SetupHold hold;
  for (RedisStorage* const known : all) {
    if (same_place(known->settings(), settings)) return known;
  }
  return nullptr;
}

// Where cells lie: files for `spooled`, or while there is no Redis and the directory is set; else memory.
Storage& inner_storage(const RedisSettings& settings) {
  memory_storage();
  if (settings.durability == RedisDurability::spooled) return file_storage(spool_place(settings));
  std::string why;
  try {
    RedisOptions once = settings.client;
    once.pool_size = 1;
    make_redis_client(once)->ping();
    return memory_storage();
  } catch (const RedisError& error) {
    why = error.what();
  }
  const std::string directory =
      settings.durability == RedisDurability::through ? "" : environment::multiprocess_directory();
  log_line(LogLevel::error, fmt::format("Redis cannot be used yet ({}); values go to {} and are shipped once it can",
                                        why, directory.empty() ? "this process's memory" : directory));
  return directory.empty() ? memory_storage() : file_storage(directory);
}

}  // namespace

RedisStorageBase& redis_storage(const RedisSettings& settings) {
  // OpenSSL is not to take itself apart at exit while our last flush may still use it.
  ::OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  if (RedisStorage* const known = find(settings)) return *known;
  Storage& inner = inner_storage(settings);  // asks the server: not under a lock that fork takes
  const SetupHold hold;
  if (RedisStorage* const known = find(settings)) return *known;
  auto* const storage = new RedisStorage(settings, inner);
  Storages& all = storages();
  if (all.empty()) std::atexit([] { finish_all(); });
  all.push_back(storage);
  cell_space().add_storage(*storage);
  return *storage;
}

}  // namespace weir
