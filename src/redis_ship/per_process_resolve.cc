// Who this process is on the server it talks to now: claims, the walk over former identities, retreat (P7 to P9).
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "format/number.h"
#include "redis/info_fields.h"
#include "redis_layout/host_name.h"
#include "redis_layout/random_text.h"
#include "redis_ship/per_process_shipment.h"
#include "redis_ship/scripts.h"
#include "redis_ship/spool_identities.h"
#include "weir/log.h"

namespace weir {
namespace {

constexpr int kMaxIdentities = 100;

}  // namespace

double PerProcessShipment::server_time() {
  const RedisReply time = client_->command({{"TIME"}, keys_.claim(writer()), true, false});
  if (time.elements.size() != 2) throw RedisProtocolError("TIME: the reply is not two numbers");
  return parse_number(time.elements[0].text) + parse_number(time.elements[1].text) / 1e6;
}

std::string PerProcessShipment::replication_id() {
  const RedisReply info = client_->command({{"INFO", "replication"}, keys_.claim(writer()), true, false});
  const std::string id = InfoFields(info.text).text("master_replid");
  return id.empty() ? "unknown" : id;
}

// Every value is dirty afterwards: the server may have lost any of them.
void PerProcessShipment::resolve() {
  const double now = server_time();
  const std::uint64_t generation = client_->generation();  // a connection made from here on is another look
  replication_id_ = replication_id();
  mark_all_dirty();
  lease_names_epoch_ = false;
  next_lease_ = {};
  walk(now);
  for (int tries = 0; !is_claimed_ && tries < kMaxIdentities; ++tries) {
    if (!claim(false)) own_.take_another();
  }
  if (!is_claimed_) throw RedisError(fmt::format("{}: no identity is free for {}", client_->describe(), writer()));
  generation_ = generation;
}

// The first identity that nobody folded is the current one.
void PerProcessShipment::walk(double now) {
  is_claimed_ = false;
  if (!has_claimed_) return;  // never been there: nothing to look at
  for (std::size_t i = 0; i < own_.all().size(); ++i) {
    using Verdict = OwnIdentities::Verdict;
    const bool is_last = i + 1 == own_.all().size();
    switch (own_.judge(i, look_at(own_.all()[i]), now, acknowledged_at_)) {
      case Verdict::next:
        if (!is_last) continue;
        ++told_.fenced;
        log_line(LogLevel::warning, fmt::format("{}: writer {} was folded while it was away; it goes on as another",
                                                client_->describe(), writer()));
        own_.fold_current(FoldedValues(own_.current().folded), own_.current().folded_at);
        forget_created();
        return;
      case Verdict::from_acked:
        fold_from_acknowledged(now);
        forget_created();
        return;
      case Verdict::taken:
        own_.back_to(i);
        own_.take_another();
        forget_created();
        return;
      case Verdict::own_again:
        ++told_.lost_claims;
        if (!is_last) own_.back_to(i);
        forget_created();
        if (!claim(true)) own_.take_another();
        return;
      case Verdict::current:
        if (!is_last) {
          own_.back_to(i);
          forget_created();
        }
        is_claimed_ = true;
        return;
    }
  }
}

IdentityOnServer PerProcessShipment::look_at(const OwnIdentity& own) {
  const std::array<RedisCommand, 2> asked{RedisCommand{{"HGET", keys_.claim(own.writer), "token"}, {}, true, false},
                                          RedisCommand{{"HGETALL", keys_.tomb(own.writer)}, {}, true, false}};
  const std::vector<RedisReply> replies = client_->pipeline(asked);
  // A claim that somebody wrote over with another type is none: it is made again.
  const bool is_spoiled = replies[0].error_code() == "WRONGTYPE";
  if (!is_spoiled) replies[0].throw_if_bad("looking at the claim of " + own.writer);
  replies[1].throw_if_bad("looking at the tombstone of " + own.writer);
  IdentityOnServer met;
  if (!is_spoiled) met.claim_token = replies[0].text;
  const std::vector<RedisReply>& tomb = replies[1].elements;
  met.has_tombstone = !tomb.empty();
  for (std::size_t i = 0; i + 1 < tomb.size(); i += 2) {
    const double value = parse_number(tomb[i + 1].text);
    if (tomb[i].text == "folded_at") {
      met.folded_at = value;
    } else {
      met.folded[tomb[i].text] = value;
    }
  }
  return met;
}

std::vector<std::string> PerProcessShipment::claim_fields() const {
  std::vector<std::string> fields{"host",  host_name(),
                                  "pid",   std::to_string(own_.origin().pid),
                                  "lease", std::to_string(settings_.lease.count()),
                                  "ttl",   std::to_string(settings_.ttl.count())};
  if (spool_ != nullptr) fields.insert(fields.end(), {"spool_host", host_name(), "spool_dir", spool_->directory()});
  return fields;
}

void say_goodbye(RedisClient& client, const RedisKeys& keys, const OwnIdentity& own) {
  const std::array<std::string, 2> names{keys.claim(own.writer), keys.lease(own.writer)};
  const RedisCommand call = scripts().goodbye.call(names, {&own.token, 1});
  run_scripts(client, scripts().goodbye, {&call, 1}).front().throw_if_bad("goodbye of writer " + own.writer);
}

bool PerProcessShipment::claim(bool again) {
  if (spool_ != nullptr) spool_->save(spooled_identities(own_));
  const std::string_view bucket = bucket_of(std::string_view(writer()));
  const std::array<std::string, 5> keys{keys_.claim(writer()), keys_.lease(writer()), keys_.tomb(writer()),
                                        keys_.writers(bucket), keys_.epoch(bucket)};
  std::vector<std::string> arguments{own_.current().token, writer(),      std::to_string(settings_.lease.count()),
                                     replication_id_,      random_text(), again ? "again" : "new"};
  for (std::string& field : claim_fields()) arguments.push_back(std::move(field));
  const RedisCommand call = scripts().claim.call(keys, arguments);
  const RedisReply reply = run_scripts(*client_, scripts().claim, {&call, 1}).front();
  reply.throw_if_bad("claiming the identity " + writer());
  if (answer_word(reply) != "OWNED") return false;
  is_claimed_ = true;
  lease_names_epoch_ = !again;
  has_claimed_ = true;
  return true;
}

void PerProcessShipment::forget_created() {
  for (Sample& sample : samples_) sample.is_created = false;
}

void PerProcessShipment::mark_all_dirty() {
  for (Sample& sample : samples_) sample.is_clean = false;
}

// Away for so long that the server has forgotten what became of it: most likely it was folded with what it had.
void PerProcessShipment::fold_from_acknowledged(double now) {
  FoldedValues values;
  for (std::uint32_t i = 0; i < samples_.size(); ++i) {
    if (samples_[i].is_created) values[member(i)] = samples_[i].shipped;
  }
  ++told_.fenced;
  log_line(LogLevel::warning,
           fmt::format("{}: writer {} was away for more than {} hours; it goes on from the values last acknowledged",
                       client_->describe(), writer(), OwnIdentities::kTombstoneTrust / 3600));
  own_.fold_current(std::move(values), now);
}

// Somebody who makes no claims (Python's exporter on another host) writes keys under our name: they are left to him.
void PerProcessShipment::retreat() {
  const std::string_view bucket = bucket_of(std::string_view(writer()));
  std::vector<std::string> keys{keys_.claim(writer()), keys_.lease(writer()), keys_.index(writer()),
                                keys_.writers(bucket)};
  for (std::uint32_t i = 0; i < samples_.size(); ++i) {
    const BookedName& name = book_.name(i);
    const std::string kind = to_string(name.kind);
    keys.push_back(keys_.metric(kind, writer(), name.hash));
    keys.push_back(keys_.meta(kind, writer(), name.hash));
  }
  const std::array<std::string, 2> arguments{own_.current().token, writer()};
  const RedisCommand call = scripts().retreat.call(keys, arguments);
  run_scripts(*client_, scripts().retreat, {&call, 1}).front().throw_if_bad("leaving the identity " + writer());
  log_line(LogLevel::warning, fmt::format("{}: another program writes keys of writer {} without a claim; this process "
                                          "goes on under another identity",
                                          client_->describe(), writer()));
  own_.take_another();
  forget_created();
  mark_all_dirty();
  is_claimed_ = false;
}

}  // namespace weir
