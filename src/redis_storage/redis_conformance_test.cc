// Redis conforms, in both layouts and however durable: the same calls as on memory and files give the same values, and
// a collector on the server reads the same totals after a flush.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "instrument/backend_conformance_for_test.h"
#include "redis_collect/redis_reading_for_test.h"
#include "redis_ship/shipping_for_test.h"

namespace weir {
namespace {

using for_test::kLong;
using for_test::RedisServer;

// One for the whole program: a few hundred starts of a server would take longer than the tests.
RedisServer& server() {
  static RedisServer the;
  return the;
}

struct Read {
  std::map<std::string, std::string> families;  // name to type and help
  std::map<std::string, double> values;         // by series
  std::map<std::string, Exemplar> exemplars;    // by series
};

// What Redis can say of a family: an info is a gauge, an enum too. The shared layout knows metrics, not families.
std::pair<std::string, std::string> as_stored(const FamilyHead& head, RedisLayout layout) {
  const bool is_info = head.type == MetricType::info;
  const MetricType type = is_info || head.type == MetricType::stateset ? MetricType::gauge : head.type;
  const std::string_view suffix = is_info && layout == RedisLayout::shared ? "_info" : "";
  return {head.name + std::string(suffix), std::string(to_string(type)) + ": " + head.help};
}

Read read(const Collection& collection, RedisLayout layout) {
  Read all;
  const Snapshot& snapshot = collection.snapshot;
  for (const SeriesTable::Family& family : snapshot.table->families()) {
    if (family.count > 0) all.families.insert(as_stored(family.head, layout));
  }
  for (std::size_t i = 0; i < snapshot.values.size(); ++i)
    all.values[std::string(snapshot.table->series(i))] = snapshot.values[i];
  for (const auto& [series, exemplar] : snapshot.exemplars)
    all.exemplars[std::string(snapshot.table->series(series))] = exemplar;
  return all;
}

// A gauge of mode `all` bears its writer's pid there, and nothing else does.
std::map<std::string, double> without_pid(const std::map<std::string, double>& values, const std::string& writer) {
  std::map<std::string, double> all;
  for (const auto& [labelled, value] : values) {
    std::string series = labelled;
    const std::string alone = "{pid=\"" + writer + "\"}";
    if (series.ends_with(alone)) series.resize(series.size() - alone.size());
    all[series] = value;
  }
  return all;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

class RedisUnderTest final : public StorageUnderTest {
 public:
  RedisUnderTest(RedisLayout layout, RedisDurability durability) {
    server().cli({"FLUSHALL"});
    RedisSettings settings = for_test::quick(server().options(), layout);
    settings.durability = durability;
    settings.spool_directory = spool_.path();  // another each time, so another storage each time
    storage_ = static_cast<RedisStorage*>(&redis_storage(settings));
  }
  ~RedisUnderTest() override { storage_->finish(); }

  Storage& storage() override { return *storage_; }
  std::string_view backend_name() const override { return is_shared() ? "MultiProcessRedisBackend" : "RedisStorage"; }
  bool keeps_removed() const override { return true; }
  int counts_a_thread() const override {
    return storage_->settings().durability == RedisDurability::through ? 300 : 10000;
  }
  bool ships_nan() const override { return !is_shared(); }  // Redis adds no NaN; what others count stays right
  // A Backend is told of sets alone, and to set the first state would outshine what another process said.
  bool ships_first_state() const override { return storage_->settings().durability != RedisDurability::through; }
  void expect_same_elsewhere(Registry& registry, const std::map<std::string, double>& differ) override;

 private:
  bool is_shared() const { return storage_->settings().layout == RedisLayout::shared; }
  Read read_all();

  for_test::TempDir spool_;
  RedisStorage* storage_ = nullptr;
};

Read RedisUnderTest::read_all() {
  RedisMultiProcessCollector collector(make_redis_client(server().options()),
                                       {.key_prefix = storage_->settings().key_prefix});
  const auto collection = collector.collect();
  EXPECT_EQ(for_test::reasons(*collection), for_test::Reasons{});
  Read got = read(*collection, storage_->settings().layout);
  if (!is_shared()) got.values = without_pid(got.values, storage_->statistics().writer);
  return got;
}

void RedisUnderTest::expect_same_elsewhere(Registry& registry, const std::map<std::string, double>& differ) {
  Read wanted = read(*registry.collect(), storage_->settings().layout);
  const auto is_nan = [](const auto& at) { return std::isnan(at.second); };
  const bool is_refused = !ships_nan() && std::ranges::any_of(wanted.values, is_nan);
  EXPECT_TRUE(storage_->flush(kLong)) << storage_->statistics().last_error;
  EXPECT_EQ(storage_->statistics().refused, is_refused ? 1U : 0U);  // a sum that is no number cannot be added
  for (const auto& [series, value] : differ) wanted.values[series] = value;
  if (is_shared()) wanted.exemplars.clear();  // pytheus' fields are labels: there is no place for them
  const Read got = read_all();
  for (const auto& [series, value] : wanted.values) {
    const auto found = got.values.find(series);
    ASSERT_NE(found, got.values.end()) << series << " is not read";
    EXPECT_TRUE(same(found->second, value)) << series << " is read as " << found->second << " instead of " << value;
  }
  EXPECT_EQ(got.values.size(), wanted.values.size());
  for (const auto& family : wanted.families) EXPECT_THAT(got.families, testing::Contains(family));
  for (const auto& [series, exemplar] : wanted.exemplars) {
    const auto found = got.exemplars.find(series);
    ASSERT_NE(found, got.exemplars.end()) << series << " has no exemplar";
    EXPECT_EQ(found->second.labels, exemplar.labels) << series;
    EXPECT_EQ(found->second.value, exemplar.value) << series;
    EXPECT_EQ(found->second.timestamp, exemplar.timestamp) << series;
  }
  EXPECT_EQ(got.exemplars.size(), wanted.exemplars.size());
}

ConformingStorage redis(const char* name, RedisLayout layout, RedisDurability durability) {
  return {name, [=] { return std::make_unique<RedisUnderTest>(layout, durability); }};
}

const ConformingStorage kEvery[] = {
    redis("PerProcess", RedisLayout::per_process, RedisDurability::buffered),
    redis("Shared", RedisLayout::shared, RedisDurability::buffered),
    redis("PerProcessSpooled", RedisLayout::per_process, RedisDurability::spooled),
    redis("SharedSpooled", RedisLayout::shared, RedisDurability::spooled),
    redis("PerProcessThrough", RedisLayout::per_process, RedisDurability::through),
    redis("SharedThrough", RedisLayout::shared, RedisDurability::through),
};
INSTANTIATE_TEST_SUITE_P(Redis, EveryBackend, testing::ValuesIn(kEvery), conforming_name);

}  // namespace
}  // namespace weir
