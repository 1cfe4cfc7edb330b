#include "format/db_walk.h"

#include <cstring>

namespace weir {
namespace {

/// The wrong layout hardly meets a second one.
constexpr std::size_t kEnoughKeys = 64;

struct Evidence {
  std::size_t keys = 0;
  bool whole = false;
};

Evidence evidence_for(std::string_view window, std::size_t offset, std::size_t used, RecordLayout layout) noexcept {
  DbWalk walk{window, offset, used, layout};
  Evidence found;
  for (DbEntry entry; found.keys < kEnoughKeys && walk.next(entry);) found.keys += looks_like_key(entry.key) ? 1 : 0;
  found.whole = walk.stop() == DbWalk::Stop::at_end;
  return found;
}

}  // namespace

DbHeader read_db_header(const char* bytes) noexcept {
  DbHeader header;
  std::memcpy(&header.used, bytes, sizeof header.used);
  std::memcpy(&header.mark, bytes + 4, sizeof header.mark);
  return header;
}

bool DbWalk::next(DbEntry& entry) noexcept {
  if (position_ == used_) return end(Stop::at_end);
  if (used_ - position_ < 4) return end(Stop::beyond_used);
  const std::size_t at = position_ - base_;
  if (window_.size() - at < 4) return end(Stop::at_window);
  std::memcpy(&length_, window_.data() + at, sizeof length_);
  if (length_ <= 0 || static_cast<std::size_t>(length_) > kMaxKeyLength) return end(Stop::bad_length);
  const auto length = static_cast<std::size_t>(length_);
  const std::size_t whole = entry_size(length, layout_);
  if (used_ - position_ < whole) return end(Stop::beyond_used);
  if (window_.size() - at < whole) return end(Stop::at_window);
  std::string_view key = window_.substr(at + 4, length);
  while (!key.empty() && key.back() == ' ') key.remove_suffix(1);
  entry = {.key = key, .offset = position_, .value_offset = position_ + value_offset(length)};
  position_ += whole;
  return true;
}

LayoutVerdict judge_layout(std::string_view window, std::size_t offset, std::size_t used) noexcept {
  const Evidence current = evidence_for(window, offset, used, RecordLayout::value_timestamp);
  const Evidence old = evidence_for(window, offset, used, RecordLayout::value_only);
  const bool is_old = old.keys != current.keys ? old.keys > current.keys : old.whole && !current.whole;
  return {.layout = is_old ? RecordLayout::value_only : RecordLayout::value_timestamp,
          .keys = is_old ? old.keys : current.keys};
}

}  // namespace weir
