// Who is there, and which cells that makes. Reading their values: per_process_reader_values.cc.
#include "redis_collect/per_process_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "collect/merge_rule.h"
#include "model/printable.h"

namespace weir {
namespace {

std::string_view kind_of_member(std::string_view member) {
  return member.substr(0, std::min(member.rfind(':'), member.size()));
}

/// The artefact of a gauge that has no real key is a gauge of mode all.
std::optional<FileKind> parse_kind(std::string_view text) {
  if (text == kArtefactKind) return FileKind{.type = MetricType::gauge, .mode = GaugeMode::all};
  return parse_file_kind(text);
}

}  // namespace

PerProcessReader::PerProcessReader(const std::string& prefix, RedisReading& reading)
    : keys_(prefix), reading_(reading), writers_(keys_, reading), foreign_(prefix), metadata_(keys_) {}

void PerProcessReader::look(ReaderEpoch::Clock::time_point now, std::vector<Problem>& problems) {
  writers_.look(now, problems);
}

void PerProcessReader::read(std::vector<Problem>& problems) {
  adopt(list_owners(problems));
  std::vector<WantedKey> wanted;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (cells_[i].key->json.empty()) {
      wanted.push_back({.member = member_of(i), .writer = owners_[cells_[i].owner].name, .text = &cells_[i].key});
    }
  }
  metadata_.resolve(reading_, std::move(wanted), problems);
  metadata_.drop_unused();
  read_values(problems);
}

std::vector<PerProcessReader::Owner> PerProcessReader::list_owners(std::vector<Problem>& problems) {
  std::vector<Owner> owners;
  for (const WriterOnServer& writer : writers_.writers()) {
    Owner owner;
    owner.name = writer.name;
    owner.is_alive = !writer.lease.empty();
    if (!writer.token.empty() && !writer.keys.empty()) owner.signature = writer.token + ":" + writer.keys;
    owners.push_back(std::move(owner));
  }
  read_indexes(owners, problems);
  add_foreign(owners, problems);
  std::sort(owners.begin(), owners.end());
  return owners;
}

/// An index grows and never changes otherwise, so its size in the claim tells whether it is still the one we know.
void PerProcessReader::read_indexes(std::vector<Owner>& owners, std::vector<Problem>& problems) {
  std::vector<Owner*> unknown;
  std::vector<RedisCommand> commands;
  for (Owner& owner : owners) {
    const auto old = std::lower_bound(owners_.begin(), owners_.end(), owner);
    const bool is_known = old != owners_.end() && old->name == owner.name && !old->is_foreign;
    if (is_known && !owner.signature.empty() && old->signature == owner.signature) {
      owner.members = old->members;
      continue;
    }
    unknown.push_back(&owner);
    commands.push_back(read_command({"SMEMBERS", keys_.index(owner.name)}));
  }
  reading_.ask_each(commands, [&](std::size_t i, RedisReply& reply) {
    if (reply.is_error()) problems.push_back(problem_of_error(commands[i].arguments[1], reply));
    for (RedisReply& member : reply.elements) unknown[i]->members.push_back(std::move(member.text));
    std::sort(unknown[i]->members.begin(), unknown[i]->members.end());
    // The claim was read first: an index that has grown since is read again next time.
    if (!unknown[i]->signature.ends_with(":" + std::to_string(reply.elements.size()))) unknown[i]->signature.clear();
  });
}

void PerProcessReader::add_foreign(std::vector<Owner>& owners, std::vector<Problem>& problems) {
  const std::size_t ours = owners.size();  // sorted by name, as writers are
  const auto is_indexed = [&](const std::string& writer, const std::string& member) {
    const auto end = owners.begin() + static_cast<std::ptrdiff_t>(ours);
    const auto at = std::lower_bound(owners.begin(), end, writer,
                                     [](const Owner& owner, const std::string& name) { return owner.name < name; });
    return at != end && at->name == writer && std::binary_search(at->members.begin(), at->members.end(), member);
  };
  std::map<std::string, std::vector<std::string>> found = foreign_.read(reading_, is_indexed, problems);
  for (auto& [writer, members] : found) {
    if (members.empty()) continue;
    Owner owner;
    owner.name = writer;
    owner.is_foreign = true;
    owner.members = std::move(members);
    owners.push_back(std::move(owner));
  }
}

/// Cells and commands of owners that are as they were move over; all others are made anew.
void PerProcessReader::adopt(std::vector<Owner> owners) {
  std::vector<Cell> cells;
  std::vector<RedisCommand> commands;
  cells.reserve(cells_.size());
  commands.reserve(commands_.size());
  for (std::uint32_t number = 0; number < owners.size(); ++number) {
    Owner& owner = owners[number];
    const auto old = std::lower_bound(owners_.begin(), owners_.end(), owner);
    const bool is_same = old != owners_.end() && old->name == owner.name && old->is_foreign == owner.is_foreign &&
                         old->is_alive == owner.is_alive && old->members == owner.members;
    if (!is_same) {
      add_cells(owner, number, cells, commands);
      continue;
    }
    owner.first = cells.size();
    owner.count = std::exchange(old->count, 0);
    for (std::size_t i = old->first; i < old->first + owner.count; ++i) {
      cells.push_back(std::move(cells_[i]));
      cells.back().owner = number;
      commands.push_back(std::move(commands_[i]));
    }
  }
  for (const Owner& gone : owners_) {
    for (std::size_t i = gone.first; i < gone.first + gone.count; ++i) {
      if (cells_[i].is_referenced) dropped_.push_back(cells_[i].series);
    }
  }
  owners_ = std::move(owners);
  cells_ = std::move(cells);
  commands_ = std::move(commands);
}

void PerProcessReader::add_cells(Owner& owner, std::uint32_t number, std::vector<Cell>& cells,
                                 std::vector<RedisCommand>& commands) {
  owner.first = cells.size();
  for (std::uint32_t m = 0; m < owner.members.size(); ++m) {
    const std::string& member = owner.members[m];
    const std::optional<FileKind> kind = parse_kind(kind_of_member(member));
    if (!kind) continue;
    const bool is_live_gauge = kind->type == MetricType::gauge && is_live(kind->mode);
    if (is_live_gauge && !owner.is_alive && !owner.is_foreign) continue;
    Cell cell;
    cell.kind = *kind;
    cell.owner = number;
    cell.member = m;
    cell.key = metadata_.find(member);
    cells.push_back(std::move(cell));
    commands.push_back(value_command(owner, member, *kind));
  }
  owner.count = cells.size() - owner.first;
}

RedisCommand PerProcessReader::value_command(const Owner& owner, const std::string& member, FileKind kind) const {
  RedisCommand command = read_command({"HMGET", keys_.metric_of_member(member, owner.name), "value"});
  if (merge_rule(kind.type, kind.mode) == MergeRule::most_recent) command.arguments.emplace_back("timestamp");
  if (kind.type == MetricType::counter || kind.type == MetricType::histogram) {
    command.arguments.emplace_back("exemplar");
  }
  return command;
}

std::string_view PerProcessReader::member_of(std::size_t i) const {
  return owners_[cells_[i].owner].members[cells_[i].member];
}

PerProcessReader::Counts PerProcessReader::counts() const {
  Counts counts;
  for (const Owner& owner : owners_) {
    ++(owner.is_foreign ? counts.foreign : owner.is_alive ? counts.live : counts.dead);
  }
  return counts;
}

}  // namespace weir
