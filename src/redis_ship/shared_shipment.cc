#include "redis_ship/shared_shipment.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "format/number.h"
#include "redis_layout/random_text.h"
#include "redis_ship/scripts.h"
#include "weir/log.h"

namespace weir {
namespace {

// A batch in the spool may be sent again by whoever finds it, weeks later.
constexpr std::chrono::hours kSpooledBatchLife{24 * 30};

bool is_answer(const RedisReply& reply) {
  if (reply.elements.empty()) return false;
  const std::string& word = reply.elements.front().text;
  return word == "OK" || word == "NEW" || word == "AGAIN" || word == "OLD";
}

}  // namespace

SharedShipment::SharedShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                               const SeriesBook& book, Spool* spool)
    : settings_(settings),
      client_(std::move(client)),
      book_(book),
      series_(SharedKeys(settings.key_prefix)),
      writer_(random_text()) {
  if (spool != nullptr) spool_.emplace(*spool, writer_);
}

SharedShipment::SharedShipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                               const SeriesBook& book, Spool& spool, SharedPast past)
    : settings_(settings),
      client_(std::move(client)),
      book_(book),
      series_(SharedKeys(settings.key_prefix)),
      writer_(past.writer),
      spool_(std::in_place, spool, past.writer) {
  recall(std::move(past));
}

void SharedShipment::recall(SharedPast past) {
  series_.learn(book_);
  std::map<std::pair<std::string, std::string>, std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < series_.values().size(); ++i) {
    numbers[{series_.values()[i].key, series_.values()[i].field}] = i;
  }
  std::vector<std::uint32_t> now;  // of the past's values
  for (SharedPast::Value& was : past.values) {
    const auto [at, is_gone] = numbers.try_emplace({was.key, was.field}, series_.values().size());
    if (is_gone) {  // somebody removed the file: what was sent is sent, no more
      SharedValue& value = series_.values().emplace_back();
      value.key = was.key;
      value.field = was.field;
    }
    SharedValue& value = series_.values()[at->second];
    value.is_known = was.is_known;
    value.shipped = was.shipped;
    value.timestamp = was.timestamp;
    now.push_back(at->second);
  }
  batch_ = std::move(past.batch);
  for (Call& call : batch_) {
    for (Operation& operation : call.operations) operation.value = now[operation.value];
  }
  sequence_ = past.sequence;
}

// A batch that was frozen before goes first, alone: what it adds is known only when it is answered.
bool SharedShipment::ship(std::span<const std::uint32_t> /*only*/) {
  if (!batch_.empty()) send();
  gather();
  announce();
  send();
  announce();  // where it turned out that the server has lost it
  renew();
  return told_.dirty == 0;
}

void SharedShipment::gather() {
  series_.learn(book_);
  std::vector<Operation> operations = due_operations(series_, book_);
  told_.series = series_.values().size();
  told_.dirty = operations.size();
  freeze(std::move(operations));
}

std::string SharedShipment::batches_key(const std::string& key) const {
  return client_->is_cluster() ? fmt::format("{{{}}}:weir.batch.{}", key, writer_)
                               : fmt::format("{}weir.batch.{}", series_.keys().begin(), writer_);
}

// In a Cluster a call's keys must share a slot, so each key has calls of its own.
void SharedShipment::freeze(std::vector<Operation> operations) {
  const bool by_key = client_->is_cluster();
  if (by_key) {
    std::ranges::stable_sort(operations, {}, [this](const Operation& o) { return series_.values()[o.value].key; });
  }
  for (const Operation& operation : operations) {
    const std::string& key = series_.values()[operation.value].key;
    const bool fits = !batch_.empty() && batch_.back().operations.size() < kCellsPerScript &&
                      (!by_key || series_.values()[batch_.back().operations.front().value].key == key);
    if (!fits) {
      Call& call = batch_.emplace_back();
      call.batches = batches_key(key);
      call.field = std::to_string(batch_.size() - 1);
      call.sequence = ++sequence_;
    }
    batch_.back().operations.push_back(operation);
  }
}

RedisCommand SharedShipment::command_for(const Call& call) const {
  const std::chrono::hours life = spool_ ? kSpooledBatchLife : kBatchLife;
  std::vector<std::string> keys{call.batches};
  std::vector<std::string> arguments{call.field, std::to_string(call.sequence),
                                     std::to_string(std::chrono::seconds(life).count()),
                                     std::to_string(settings_.expire_key_time.count())};
  for (const Operation& operation : call.operations) {
    const SharedValue& value = series_.values()[operation.value];
    keys.push_back(value.key);
    arguments.emplace_back(operation.verb == Verb::add ? "add" : operation.verb == Verb::set ? "set" : "init");
    arguments.push_back(value.field);
    arguments.push_back(python_number(operation.amount));
    arguments.emplace_back(value.is_known ? "" : "1");
  }
  return scripts().batch.call(keys, arguments);
}

void SharedShipment::send() {
  if (spool_ && !is_written_ && !batch_.empty()) {
    spool_->freeze(book_, series_, batch_);
    is_written_ = true;
  }
  while (!batch_.empty()) {
    const std::size_t count = std::min(kScriptsPerPipeline, batch_.size());
    std::vector<RedisCommand> commands;
    for (std::size_t i = 0; i < count; ++i) commands.push_back(command_for(batch_[i]));
    const std::vector<RedisReply> replies = run_scripts(*client_, scripts().batch, commands);
    std::vector<Call> unanswered;
    const RedisReply* bad = nullptr;
    for (std::size_t i = 0; i < count; ++i) {
      if (replies[i].is_good() && is_answer(replies[i])) {
        settle(batch_[i], replies[i]);
      } else {
        if (bad == nullptr) bad = &replies[i];
        unanswered.push_back(std::move(batch_[i]));
      }
    }
    std::move(batch_.begin() + static_cast<std::ptrdiff_t>(count), batch_.end(), std::back_inserter(unanswered));
    batch_ = std::move(unanswered);
    if (bad == nullptr) continue;
    bad->throw_if_bad("shipping values");
    throw RedisProtocolError("shipping values: the reply is none of the script's; the values are kept");
  }
  is_written_ = false;
}

void SharedShipment::settle(const Call& call, const RedisReply& reply) {
  const bool was_there = !kept_.insert(call.batches + " " + call.field).second;
  if (was_there && answer_word(reply) == "NEW") {  // FLUSHALL, or a restart without the data
    announced_ = 0;
    next_renewal_ = Clock::now();
  }
  std::vector<const std::string*> refused(call.operations.size(), nullptr);
  for (std::size_t i = 1; i + 1 < reply.elements.size(); i += 2) {
    const auto at = static_cast<std::size_t>(reply.elements[i].integer);
    if (at < refused.size()) refused[at] = &reply.elements[i + 1].text;
  }
  std::vector<std::size_t> refusals;
  for (std::size_t i = 0; i < refused.size(); ++i) {
    const Operation& operation = call.operations[i];
    SharedValue& value = series_.values()[operation.value];
    if (refused[i] != nullptr) {
      refuse(operation, *refused[i]);
      refusals.push_back(i);
      if (std::isfinite(operation.amount)) continue;
      // Redis adds no infinity, nor what is no number, now or ever: it is left out for good.
    } else {
      value.is_known = true;
      ++told_.shipped;
    }
    value.shipped = operation.total;
    value.timestamp = operation.timestamp;
    if (told_.dirty > 0) --told_.dirty;
  }
  if (spool_) spool_->answered(call, refusals);
}

// One key that takes no value costs that value only (I4): it is tried again with the next flush, and named once.
void SharedShipment::refuse(const Operation& operation, const std::string& why) {
  ++told_.refused;
  was_refused_.resize(std::max<std::size_t>(was_refused_.size(), series_.values().size()));
  if (was_refused_[operation.value]) return;
  was_refused_[operation.value] = true;
  log_line(LogLevel::warning, fmt::format("{}: {} takes no value: {}; the others are shipped", client_->describe(),
                                          series_.values()[operation.value].key, why));
}

void SharedShipment::tell(RedisShippingStatistics& statistics) const {
  statistics.writer = writer_;
  statistics.shipped = told_.shipped;
  statistics.refused = told_.refused;
  statistics.series = told_.series;
  statistics.dirty = told_.dirty;
}

std::unique_ptr<Shipment> make_shared_shipment(const RedisSettings& settings, std::shared_ptr<RedisClient> client,
                                               const SeriesBook& book, Spool* spool) {
  return std::make_unique<SharedShipment>(settings, std::move(client), book, spool);
}

}  // namespace weir
