#include "redis_collect/per_process_reader_metadata.h"

#include <unordered_set>

#include "redis_collect/per_process_reader_foreign.h"

namespace weir {
namespace {

std::string_view hash_of_member(std::string_view member) { return member.substr(member.rfind(':') + 1); }

}  // namespace

std::shared_ptr<KeyText> MetadataCache::find(const std::string& member) {
  std::shared_ptr<KeyText>& text = texts_[member];
  if (!text) text = std::make_shared<KeyText>();
  return text;
}

bool MetadataCache::is_missing(const WantedKey& wanted) { return (*wanted.text)->json.empty(); }

void MetadataCache::resolve(RedisReading& reading, std::vector<WantedKey> wanted, std::vector<Problem>& problems) {
  const auto keep_missing = [&] { std::erase_if(wanted, [](const WantedKey& key) { return !is_missing(key); }); };
  keep_missing();
  // One writer of each text first: mostly that is all there is to ask.
  std::unordered_set<const KeyText*> asked;
  std::vector<WantedKey> first;
  for (const WantedKey& key : wanted) {
    if (asked.insert(key.text->get()).second) first.push_back(key);
  }
  ask(reading, first, false, nullptr);
  keep_missing();
  ask(reading, wanted, false, &problems);
  keep_missing();
  // Python writes a gauge's metadata under `gauge_<mode>`, and sometimes under `gauge` only.
  std::vector<WantedKey> gauges;
  for (const WantedKey& key : wanted) {
    if (key.member.starts_with("gauge_")) gauges.push_back(key);
  }
  ask(reading, gauges, true, nullptr);
}

void MetadataCache::ask(RedisReading& reading, std::span<const WantedKey> wanted, bool of_artefact,
                        std::vector<Problem>* problems) {
  std::vector<RedisCommand> commands;
  for (const WantedKey& key : wanted) {
    commands.push_back(read_command({"HGET",
                                     of_artefact ? keys_.meta(kArtefactKind, key.writer, hash_of_member(key.member))
                                                 : keys_.meta_of_member(key.member, key.writer),
                                     "original_key"}));
  }
  reading.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
    if (reply.is_error() && problems != nullptr) {
      problems->push_back(problem_of_error(commands[i].arguments[1], reply));
    }
    if (reply.is_error() || reply.text.empty()) return;
    std::shared_ptr<KeyText>& text = *wanted[i].text;
    if (md5_hex(reply.text) == hash_of_member(wanted[i].member)) {
      text->json = std::move(reply.text);
    } else {
      text = std::make_shared<KeyText>(KeyText{.json = std::move(reply.text), .refused = {}});
    }
  });
}

void MetadataCache::drop_unused() {
  std::erase_if(texts_, [](const auto& entry) { return entry.second.use_count() == 1; });
}

}  // namespace weir
