#include "weir/redis_value.h"

#include <unistd.h>

#include <map>

#include <fmt/format.h>

#include "instrument/unix_time.h"
#include "model/mutex.h"
#include "redis_layout/exemplar_json.h"
#include "redis_storage/value_hashes.h"
#include "storage/setup_lock.h"
#include "weir/error.h"
#include "weir/redis_key.h"

namespace weir {
namespace {

// What this process knows of one value, shared by all its RedisValues.
struct State {
  Mutex mutex;
  bool is_loaded WEIR_GUARDED_BY(mutex) = false;  // false: `value` lacks what stands in Redis
  double value WEIR_GUARDED_BY(mutex) = 0;
  double timestamp WEIR_GUARDED_BY(mutex) = 0;
  std::uint64_t newest_write WEIR_GUARDED_BY(mutex) = 0;
};

// Values by server and key, which holds the pid. Guarded by the setup lock, which a fork never leaves taken.
class States {
 public:
  std::shared_ptr<State> of(const std::string& name) {
    std::weak_ptr<State>& known = states_[name];
    std::shared_ptr<State> state = known.lock();
    if (state == nullptr) known = state = std::make_shared<State>();
    if (states_.size() > limit_) {
      std::erase_if(states_, [](const auto& item) { return item.second.expired(); });
      limit_ = 2 * states_.size() + 64;
    }
    return state;
  }

 private:
  std::map<std::string, std::weak_ptr<State>> states_;
  std::size_t limit_ = 64;
};

States& states() {
  static constinit std::atomic<States*> the{nullptr};
  return made_once(the);
}

}  // namespace

struct RedisValue::Impl {
  Impl(ValueHashes values, FileKind kind_of_value, std::string json_key)
      : hashes(std::move(values)), kind(kind_of_value), key(std::move(json_key)) {}

  const ValueHashes hashes;
  const FileKind kind;
  const std::string key;
  // Guarded by the setup lock.
  long pid = 0;
  std::shared_ptr<State> state;

  std::shared_ptr<State> here();
  void load(State& state) const;
  template <typename Change>
  void change(std::optional<double> timestamp, Change&& apply);
};

// The state of this process. A forked child must not so much as lock the parent's.
std::shared_ptr<State> RedisValue::Impl::here() {
  States& all = states();
  const SetupHold hold;
  if (pid != ::getpid()) {
    state = all.of(hashes.client()->describe() + " " + hashes.metric_key(key, kind));
    pid = ::getpid();
  }
  return state;
}

void RedisValue::Impl::load(State& s) const {
  {
    const MutexLock lock(s.mutex);
    if (s.is_loaded) return;
  }
  const ValueHashes::Value stored = hashes.read_or_make(key, kind);
  const MutexLock lock(s.mutex);
  if (s.is_loaded) return;  // another thread was faster, or a set came
  if (s.value == 0) s.timestamp = stored.timestamp;
  s.value += stored.value;
  s.is_loaded = true;
}

// Values are absolute, so a write that got lost is made good by the next; numbers keep a late one from undoing it.
template <typename Change>
void RedisValue::Impl::change(std::optional<double> timestamp, Change&& apply) {
  const std::shared_ptr<State> s = here();
  {
    const MutexLock lock(s->mutex);
    apply(s->value, s->timestamp, s->is_loaded);
  }
  load(*s);
  double value = 0;
  std::uint64_t number = 0;
  {
    const MutexLock lock(s->mutex);
    value = s->value;
    s->newest_write = number = next_write_number();
  }
  const double stamp = hashes.write(key, kind, value, timestamp, number);
  const MutexLock lock(s->mutex);
  if (s->newest_write == number) s->timestamp = stamp;
}

RedisValue::RedisValue(std::string_view typ, std::string_view metric_name, std::string_view name,
                       const std::vector<std::string>& labelnames, const std::vector<std::string>& labelvalues,
                       std::string_view help_text, std::string_view multiprocess_mode,
                       std::shared_ptr<RedisClientProtocol> redis_client, std::string_view redis_key_prefix)
    : impl_(new Impl(ValueHashes(std::move(redis_client), redis_key_prefix), kind_from(typ, multiprocess_mode),
                     redis_key(metric_name, name, labelnames, labelvalues, help_text))) {
  impl_->load(*impl_->here());
}

RedisValue::~RedisValue() = default;
RedisValue::RedisValue(RedisValue&&) noexcept = default;
RedisValue& RedisValue::operator=(RedisValue&&) noexcept = default;

double RedisValue::get() const {
  const std::shared_ptr<State> s = impl_->here();
  impl_->load(*s);
  const MutexLock lock(s->mutex);
  return s->value;
}

void RedisValue::set(double value, std::optional<double> timestamp) {
  impl_->change(timestamp, [&](double& current, double& stamp, bool& is_loaded) {
    current = value;
    stamp = timestamp.value_or(unix_now());
    is_loaded = true;
  });
}

void RedisValue::inc(double amount) {
  if (impl_->kind.type == MetricType::counter && !(amount >= 0)) {
    throw ValueError(fmt::format("RedisValue::inc of counter {}: {} must not be negative", impl_->key, amount));
  }
  impl_->change(0.0, [&](double& current, double& stamp, bool&) {
    current += amount;
    stamp = 0;
  });
}

double RedisValue::get_timestamp() const {
  const std::shared_ptr<State> s = impl_->here();
  impl_->load(*s);
  const MutexLock lock(s->mutex);
  return s->timestamp;
}

void RedisValue::set_exemplar(const Exemplar& exemplar) {
  const std::string json = exemplar_json(exemplar);
  try {
    parse_exemplar_json(json);
  } catch (const FormatError& error) {
    throw ValueError(fmt::format("exemplar of {}: {}", impl_->key, error.what()));
  }
  impl_->load(*impl_->here());
  impl_->hashes.write_exemplar(impl_->key, impl_->kind, json);
}

std::optional<Exemplar> RedisValue::get_exemplar() const {
  const std::string json = impl_->hashes.read_exemplar(impl_->key, impl_->kind);
  if (json.empty()) return std::nullopt;
  return parse_exemplar_json(json);
}

const std::string& RedisValue::key() const noexcept { return impl_->key; }

}  // namespace weir
