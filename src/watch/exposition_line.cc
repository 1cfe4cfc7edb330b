#include "watch/exposition_line.h"

#include <fmt/core.h>

#include <algorithm>

#include "format/number.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::string_view kBlanks = " \t";

/// A line, read from the left.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : line_(line), rest_(line) {}

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }
  bool at_end() const { return rest_.empty(); }
  bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Up to the next of `ends`, which stays; empty where one stands at once.
  std::string_view take_until(std::string_view ends) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(word.size());
    return word;
  }
  /// The opening quote is taken already.
  std::string quoted() {
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\' || rest_.empty()) {
        out += c;
        continue;
      }
      const char escaped = rest_.front();
      rest_.remove_prefix(1);
      if (escaped == 'n') {
        out += '\n';
      } else if (escaped == '\\' || escaped == '"') {
        out += escaped;
      } else {
        out += c;  // as Prometheus does: what is no escape stands as it is
        out += escaped;
      }
    }
    fail("a quoted text does not end");
  }
  [[noreturn]] void fail(std::string_view why) const {
    throw FormatError(fmt::format("{}: {}", printable(line_), why));
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view line_;
  std::string_view rest_;
};

void add_label(LineReader& reader, Labels& labels, std::string name) {
  reader.skip_blanks();
  if (!reader.take('=')) reader.fail(fmt::format("= is missing after the label {}", printable(name)));
  reader.skip_blanks();
  if (!reader.take('"')) reader.fail(fmt::format("the value of the label {} is not quoted", printable(name)));
  std::string value = reader.quoted();
  if (std::ranges::find(labels, name, &Label::first) != labels.end()) {
    reader.fail(fmt::format("the label {} stands twice", printable(name)));
  }
  labels.emplace_back(std::move(name), std::move(value));
}

/// What stands between braces; the opening one is taken already. A quoted text without `=` is the metric's name.
void read_labels(LineReader& reader, ExpositionSample& sample) {
  for (;;) {
    reader.skip_blanks();
    if (reader.take('}')) return;
    if (reader.take('"')) {
      std::string text = reader.quoted();
      reader.skip_blanks();
      if (reader.next_is('=')) {
        add_label(reader, sample.labels, std::move(text));
      } else if (sample.name.empty()) {
        sample.name = std::move(text);
      } else {
        reader.fail("it has two names");
      }
    } else {
      const std::string_view name = reader.take_until(" \t=,}\"{");
      if (name.empty()) reader.fail("a label has no name");
      add_label(reader, sample.labels, std::string(name));
    }
    reader.skip_blanks();
    if (!reader.take(',') && !reader.next_is('}')) reader.fail("a , or } is missing");
  }
}

std::string unescaped_help(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '\\' || text[i + 1] == 'n');
    out += !escapes ? text[i] : text[++i] == 'n' ? '\n' : '\\';
  }
  return out;
}

}  // namespace

std::optional<ExpositionComment> parse_exposition_comment(std::string_view line) {
  LineReader reader(line);
  reader.take('#');
  reader.skip_blanks();
  const std::string_view word = reader.take_until(kBlanks);
  using Kind = ExpositionComment::Kind;
  if (word != "HELP" && word != "TYPE" && word != "UNIT") return std::nullopt;
  ExpositionComment comment{word == "HELP" ? Kind::help : word == "TYPE" ? Kind::type : Kind::unit, "", ""};
  reader.skip_blanks();
  comment.name = reader.take('"') ? reader.quoted() : std::string(reader.take_until(kBlanks));
  if (comment.name.empty()) reader.fail("the metric's name is missing");
  reader.skip_blanks();
  comment.text = unescaped_help(reader.rest());
  if (comment.kind != Kind::help) comment.text.erase(comment.text.find_last_not_of(kBlanks) + 1);
  return comment;
}

ExpositionSample parse_exposition_sample(std::string_view line) {
  LineReader reader(line);
  ExpositionSample sample;
  reader.skip_blanks();
  sample.name = reader.take_until(" \t{");
  reader.skip_blanks();
  if (reader.take('{')) read_labels(reader, sample);
  if (sample.name.empty()) reader.fail("the metric's name is missing");
  reader.skip_blanks();
  const std::string_view value = reader.take_until(kBlanks);
  if (value.empty()) reader.fail("the value is missing");
  sample.value = parse_number(value);
  reader.skip_blanks();
  if (!reader.at_end() && !reader.next_is('#')) {
    parse_number(reader.take_until(kBlanks));  // the timestamp
    reader.skip_blanks();
  }
  if (!reader.at_end() && !reader.next_is('#')) reader.fail("something stands behind the value and its time");
  return sample;
}

}  // namespace weir
