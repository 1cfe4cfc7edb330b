// What one flush says to the server: values, metadata, the lease, expiries (P8).
#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "format/number.h"
#include "redis_layout/exemplar_json.h"
#include "redis_layout/random_text.h"
#include "redis_ship/per_process_shipment.h"
#include "redis_ship/scripts.h"
#include "weir/log.h"

namespace weir {
namespace {

// Keys outlive their writer's silence by this much at most: a backstop for what nobody folds.
constexpr std::chrono::hours kKeyLife{24};
constexpr std::size_t kKeysPerExpiry = 1000;

std::string life() { return std::to_string(std::chrono::seconds(kKeyLife).count()); }

bool adds_up(FileKind kind) noexcept {
  return kind.type != MetricType::gauge || without_live(kind.mode) == GaugeMode::sum;
}

}  // namespace

std::string PerProcessShipment::member(std::uint32_t sample) const {
  const BookedName& name = book_.name(sample);
  return fmt::format("{}:{}", to_string(name.kind), name.hash);
}

// What was folded under former identities is in the archive already.
double PerProcessShipment::to_ship(const Due& due) const {
  if (own_.all().size() == 1 || !adds_up(book_.name(due.sample).kind)) return due.value.value;
  return due.value.value - own_.folded(member(due.sample));
}

std::string PerProcessShipment::exemplar_text(const Due& due) const {
  if (due.value.exemplar_version == 0) return {};
  const std::optional<Exemplar> exemplar = book_.exemplar(due.sample);
  return exemplar ? exemplar_json(*exemplar) : std::string{};
}

RedisCommand PerProcessShipment::ship_call(std::span<const Due> due) {
  std::vector<std::string> keys{keys_.claim(writer())};
  std::vector<std::string> arguments{own_.current().token, std::to_string(++sequence_)};
  for (const Due& one : due) {
    const BookedName& name = book_.name(one.sample);
    const bool newer_exemplar = one.value.exemplar_version != samples_[one.sample].acknowledged.exemplar_version ||
                                !samples_[one.sample].is_clean;
    keys.push_back(keys_.metric(to_string(name.kind), writer(), name.hash));
    arguments.push_back(python_number(to_ship(one)));
    arguments.push_back(python_number(one.value.timestamp));
    arguments.push_back(newer_exemplar ? exemplar_text(one) : std::string{});
  }
  return scripts().ship.call(keys, arguments);
}

RedisCommand PerProcessShipment::create_call(std::span<const Due> due) {
  std::vector<std::string> keys{keys_.claim(writer()), keys_.index(writer())};
  std::vector<std::string> arguments{own_.current().token, std::to_string(++sequence_), life()};
  for (const Due& one : due) {
    const BookedName& name = book_.name(one.sample);
    const std::string kind = to_string(name.kind);
    keys.push_back(keys_.metric(kind, writer(), name.hash));
    keys.push_back(keys_.meta(kind, writer(), name.hash));
    arguments.push_back(member(one.sample));
    arguments.push_back(python_number(to_ship(one)));
    arguments.push_back(python_number(one.value.timestamp));
    arguments.push_back(exemplar_text(one));
    const std::vector<std::string> fields = meta_fields(name.json_key, name.kind, 0);
    for (std::size_t i = 1; i < 6; i += 2) arguments.push_back(fields[i]);  // original_key, typ, multiprocess_mode
  }
  return scripts().create.call(keys, arguments);
}

PerProcessShipment::Outcome PerProcessShipment::send(std::span<const Due> due, bool create) {
  while (!due.empty()) {
    std::vector<RedisCommand> calls;
    std::vector<std::span<const Due>> parts;
    while (!due.empty() && calls.size() < kScriptsPerPipeline) {
      parts.push_back(due.first(std::min(kCellsPerScript, due.size())));
      due = due.subspan(parts.back().size());
      calls.push_back(create ? create_call(parts.back()) : ship_call(parts.back()));
    }
    const std::vector<RedisReply> replies = run_scripts(*client_, create ? scripts().create : scripts().ship, calls);
    Outcome worst = Outcome::good;
    for (std::size_t i = 0; i < replies.size(); ++i) worst = std::max(worst, settle(replies[i], parts[i], create));
    if (worst != Outcome::good) return worst;
  }
  return Outcome::good;
}

PerProcessShipment::Outcome PerProcessShipment::settle(const RedisReply& reply, std::span<const Due> due, bool create) {
  reply.throw_if_bad("shipping values of writer " + writer());
  if (answer_word(reply) == "OLD") {
    // A repeated call whose first form was executed: what it did is not known in full, so its values go once more.
    catch_up();
    return Outcome::again;
  }
  if (answer_word(reply) != "OK") return Outcome::lost;  // FENCED or LOST: resolve() finds out
  std::vector<bool> is_refused(due.size());
  bool some_are_gone = false;
  Outcome outcome = Outcome::good;
  for (std::size_t i = 1; i + 1 < reply.elements.size(); i += 2) {
    const auto at = static_cast<std::size_t>(reply.elements[i].integer);
    const std::string& why = reply.elements[i + 1].text;
    if (at >= due.size()) continue;
    is_refused[at] = true;
    samples_[due[at].sample].is_clean = false;
    if (why == "FOREIGN") {
      outcome = Outcome::foreign;
    } else if (why == "GONE") {
      some_are_gone = true;
    } else {
      refuse(due[at].sample, why);
    }
  }
  for (std::size_t i = 0; i < due.size(); ++i) {
    if (!is_refused[i]) acknowledge(due[i]);
  }
  if (some_are_gone) {  // and so may be others, whose values have not changed
    forget_created();
    mark_all_dirty();
    outcome = std::max(outcome, Outcome::again);
  }
  if (create) next_expiry_ = std::max(next_expiry_, Clock::now() + kKeyLife / 3);
  return outcome;
}

// An adopter may follow another that died.
void PerProcessShipment::catch_up() {
  const RedisReply known = client_->command({{"HGET", keys_.claim(writer()), "seq"}, {}, true, false});
  if (!known.text.empty()) sequence_ = std::max(sequence_, static_cast<std::uint64_t>(parse_number(known.text)));
  sequence_ += kScriptsPerPipeline;
}

// One key that takes no value costs that value only (I4). It is tried again, and named once.
void PerProcessShipment::refuse(std::uint32_t sample, const std::string& why) {
  ++told_.refused;
  if (samples_[sample].was_refused) return;
  samples_[sample].was_refused = true;
  const BookedName& name = book_.name(sample);
  log_line(LogLevel::warning,
           fmt::format("{}: {} takes no value: {}; the other samples are shipped", client_->describe(),
                       keys_.metric(to_string(name.kind), writer(), name.hash), why));
}

// Called when all that was due has been sent: from here on the lease may name the epoch.
PerProcessShipment::Outcome PerProcessShipment::renew_lease() {
  if (lease_names_epoch_ && Clock::now() < next_lease_) return Outcome::good;
  const std::string_view bucket = bucket_of(std::string_view(writer()));
  const std::array<std::string, 4> keys{keys_.claim(writer()), keys_.lease(writer()), keys_.epoch(bucket),
                                        keys_.writers(bucket)};
  const std::array<std::string, 11> arguments{own_.current().token,
                                              std::to_string(settings_.lease.count()),
                                              replication_id_,
                                              random_text(),
                                              writer(),
                                              "refused",
                                              std::to_string(told_.refused),
                                              "lost_claims",
                                              std::to_string(told_.lost_claims),
                                              "lost_leases",
                                              std::to_string(told_.lost_leases)};
  const RedisCommand call = scripts().lease.call(keys, arguments);
  const RedisReply reply = run_scripts(*client_, scripts().lease, {&call, 1}).front();
  reply.throw_if_bad("renewing the lease of writer " + writer());
  if (answer_word(reply) != "OK" || reply.elements.size() != 5) return Outcome::lost;
  acknowledged_at_ = parse_number(reply.elements[1].text) + parse_number(reply.elements[2].text) / 1e6;
  const bool was_away = reply.elements[4].text == "0" && had_lease_;
  had_lease_ = true;
  lease_names_epoch_ = true;
  next_lease_ = Clock::now() + settings_.lease / 3;
  if (!was_away) return Outcome::good;
  // Taken for dead meanwhile: somebody may have removed its live gauges.
  ++told_.lost_leases;
  forget_created();
  mark_all_dirty();
  return Outcome::again;
}

// False when some keys were gone: they are made again.
bool PerProcessShipment::renew_expiry() {
  if (next_expiry_ == Clock::time_point{}) next_expiry_ = Clock::now() + kKeyLife / 3;
  if (Clock::now() < next_expiry_) return true;
  bool all_there = true;
  for (std::uint32_t first = 0; first < samples_.size(); first += kKeysPerExpiry / 2) {
    std::vector<std::string> keys{keys_.index(writer())};
    std::vector<std::uint32_t> samples;
    for (std::uint32_t i = first; i < samples_.size() && samples.size() < kKeysPerExpiry / 2; ++i) {
      if (!samples_[i].is_created) continue;
      samples.push_back(i);
      keys.push_back(keys_.metric_of_member(member(i), writer()));
      keys.push_back(keys_.meta_of_member(member(i), writer()));
    }
    if (samples.empty()) continue;
    const std::string seconds = life();
    const RedisCommand call = scripts().expire.call(keys, {&seconds, 1});
    const RedisReply reply = run_scripts(*client_, scripts().expire, {&call, 1}).front();
    reply.throw_if_bad("renewing the expiry of writer " + writer());
    for (const RedisReply& gone : reply.elements) {
      const auto at = static_cast<std::size_t>(gone.integer / 2);
      if (at >= samples.size()) continue;
      samples_[samples[at]].is_created = false;
      samples_[samples[at]].is_clean = false;
      all_there = false;
    }
  }
  next_expiry_ = Clock::now() + kKeyLife / 3;
  return all_there;
}

void PerProcessShipment::goodbye() {
  if (!is_claimed_) return;
  say_goodbye(*client_, keys_, own_.current());
}

}  // namespace weir
