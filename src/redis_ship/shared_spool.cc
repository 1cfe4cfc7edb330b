#include "redis_ship/shared_spool.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "format/number.h"
#include "weir/error.h"

namespace weir {
namespace {

// A record grows by what is appended up to this, or four times its size, before it is written anew.
constexpr std::size_t kAppendFreely = 256 * 1024;

constexpr std::array<std::string_view, 3> kVerbs{"add", "set", "init"};

std::string value_line(const SharedValue& value) {
  return spool_line({"value", value.key, value.field, value.is_known ? "1" : "0", python_number(value.shipped),
                     python_number(value.timestamp)});
}

std::string batch_lines(const std::vector<SharedCall>& batch) {
  std::string text;
  for (const SharedCall& call : batch) {
    text += spool_line({"call", call.batches, call.field, std::to_string(call.sequence)});
    for (const SharedOperation& one : call.operations) {
      text += spool_line({"op", std::to_string(one.value), std::string(kVerbs[static_cast<std::size_t>(one.verb)]),
                          python_number(one.amount), python_number(one.total), python_number(one.timestamp)});
    }
  }
  return batch.empty() ? text : text + spool_line({"frozen"});
}

std::uint64_t integer(const std::string& text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) throw FormatError(text + " is no integer");
  return n;
}

// Replays a record line by line.
class Replay {
 public:
  SharedPast past;

  void take(const std::vector<std::string>& line) {
    const std::string& word = line[0];
    if (word == "writer" && line.size() == 2) {
      past.writer = line[1];
    } else if (word == "order" && line.size() >= 3) {
      past.orders[{line[1], line[2]}].assign(line.begin() + 3, line.end());
    } else if (word == "value" && line.size() == 6) {
      past.values.push_back({line[1], line[2], line[3] == "1", parse_number(line[4]), parse_number(line[5])});
    } else if (word == "call" && line.size() == 4) {
      calls_.push_back({line[1], line[2], integer(line[3]), {}});
    } else if (word == "op" && line.size() == 6 && !calls_.empty()) {
      calls_.back().operations.push_back(operation(line));
    } else if (word == "frozen") {
      freeze();
    } else if (word == "answered" && line.size() >= 2) {
      answer(line);
    }
  }

 private:
  static SharedOperation operation(const std::vector<std::string>& line) {
    const auto verb = static_cast<SharedVerb>(std::ranges::find(kVerbs, line[2]) - kVerbs.begin());
    return {static_cast<std::uint32_t>(integer(line[1])), verb, parse_number(line[3]), parse_number(line[4]),
            parse_number(line[5])};
  }
  void freeze() {
    for (SharedCall& call : calls_) {
      for (const SharedOperation& one : call.operations) {
        if (one.value >= past.values.size()) throw FormatError("an operation on a value that is not there");
      }
      past.sequence = std::max(past.sequence, call.sequence);
      past.batch.push_back(std::move(call));
    }
    calls_.clear();
  }
  void answer(const std::vector<std::string>& line) {
    const std::uint64_t sequence = integer(line[1]);
    const auto call = std::ranges::find(past.batch, sequence, &SharedCall::sequence);
    if (call == past.batch.end()) return;
    for (std::size_t i = 0; i < call->operations.size(); ++i) {
      const SharedOperation& one = call->operations[i];
      if (std::find(line.begin() + 2, line.end(), std::to_string(i)) != line.end()) continue;
      SharedPast::Value& value = past.values[one.value];
      value.is_known = true;
      value.shipped = one.total;
      value.timestamp = one.timestamp;
    }
    past.batch.erase(call);
  }

  std::vector<SharedCall> calls_;  // until they are frozen
};

}  // namespace

std::optional<SharedPast> read_shared_past(const std::vector<std::vector<std::string>>& lines) {
  try {
    Replay replay;
    for (const std::vector<std::string>& line : lines) {
      if (line[0] == "sequence" && line.size() == 2) replay.past.sequence = integer(line[1]);
      replay.take(line);
    }
    if (replay.past.writer.empty()) return std::nullopt;
    return std::move(replay.past);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// What is new in the book and among the values.
std::string SharedSpool::learned(const SeriesBook& book, const SharedSeries& series) {
  std::string text;
  for (; ordered_ < series.learned(); ++ordered_) {
    const BookedName& name = book.name(ordered_);
    if (name.labels.size() < 2) continue;
    std::vector<std::string> fields{"order", to_string(name.kind), name.json_key};
    for (const auto& [label, value] : name.labels) fields.push_back(label);
    text += spool_line(fields);
  }
  for (; valued_ < series.values().size(); ++valued_) text += value_line(series.values()[valued_]);
  return text;
}

void SharedSpool::freeze(const SeriesBook& book, const SharedSeries& series, const std::vector<SharedCall>& batch) {
  if (has_saved_ && spool_.is_current() && appended_ < std::max(kAppendFreely, 4 * saved_)) {
    const std::string text = learned(book, series) + batch_lines(batch);
    appended_ += text.size();
    spool_.append(text);
    return;
  }
  ordered_ = 0;
  valued_ = 0;
  std::uint64_t sequence = 0;
  for (const SharedCall& call : batch) sequence = std::max(sequence, call.sequence);
  std::string text = spool_line({"writer", writer_}) + spool_line({"sequence", std::to_string(sequence)}) +
                     learned(book, series) + batch_lines(batch);
  has_saved_ = true;
  saved_ = text.size();
  appended_ = 0;
  spool_.save(std::move(text));
}

// Where this cannot be written, the next freeze() says it.
void SharedSpool::answered(const SharedCall& call, const std::vector<std::size_t>& refused) {
  std::vector<std::string> fields{"answered", std::to_string(call.sequence)};
  for (const std::size_t i : refused) fields.push_back(std::to_string(i));
  const std::string line = spool_line(fields);
  appended_ += line.size();
  try {
    spool_.append(line);
  } catch (const StorageError&) {
    return;
  }
}

}  // namespace weir
