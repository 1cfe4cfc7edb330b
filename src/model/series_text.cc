#include "model/series_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/names.h"
#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void append_label(std::string& out, const Label& label) {
  if (is_classic_label_name(label.first)) {
    out += label.first;
  } else {
    append_quoted(out, label.first);
  }
  out += '=';
  append_quoted(out, label.second);
}

void append_sorted(std::string& out, const Labels& labels, bool& comma) {
  for (const Label& label : labels) {
    if (comma) out += ',';
    comma = true;
    append_label(out, label);
  }
}

bool by_name(const Label& a, const Label& b) noexcept { return a.first < b.first; }

/// Reads canonical text front to back; every refusal names the offset.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  SeriesParts read() {
    SeriesParts parts;
    const std::size_t brace = std::min(text_.find('{'), text_.size());
    parts.name = text_.substr(0, brace);
    at_ = brace;
    if (at_ == text_.size()) return parts;
    ++at_;
    bool more = true;
    if (brace == 0) {
      parts.name = read_quoted();
      more = skip_comma();
    }
    for (; more; more = skip_comma()) parts.labels.push_back(read_label());
    expect('}');
    if (at_ != text_.size()) fail("text after the closing brace");
    return parts;
  }

 private:
  [[noreturn]] void fail(std::string_view why) const {
    throw FormatError(fmt::format("cannot read series {}: {} at byte {}", printable(text_), why, at_));
  }
  bool at(char c) const noexcept { return at_ < text_.size() && text_[at_] == c; }
  void expect(char c) {
    if (!at(c)) fail(fmt::format("expected '{}'", c));
    ++at_;
  }
  bool skip_comma() noexcept {
    if (!at(',')) return false;
    ++at_;
    return true;
  }
  Label read_label() {
    Label label;
    if (at('"')) {
      label.first = read_quoted();
    } else {
      const std::size_t equals = std::min(text_.find('=', at_), text_.size());
      label.first = text_.substr(at_, equals - at_);
      at_ = equals;
    }
    expect('=');
    label.second = read_quoted();
    return label;
  }
  std::string read_quoted() {
    expect('"');
    std::string value;
    while (!at('"')) {
      if (at_ == text_.size()) fail("unfinished quoted text");
      char c = text_[at_++];
      if (c == '\\') c = read_escape();
      value += c;
    }
    ++at_;
    return value;
  }
  char read_escape() {
    if (at('\\') || at('"')) return text_[at_++];
    if (!at('n')) fail(R"(unknown escape; only \\, \" and \n are)");
    ++at_;
    return '\n';
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Length of the quoted text's inside, from after its opening quote; the whole length when it never ends.
std::size_t quoted_length(std::string_view inside) noexcept {
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') return i;
    if (inside[i] == '\\') ++i;
  }
  return inside.size();
}

}  // namespace

void append_escaped(std::string& out, std::string_view value) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c != '\\' && c != '"' && c != '\n') continue;
    out.append(value, done, i - done);
    out += '\\';
    out += c == '\n' ? 'n' : c;
    done = i + 1;
  }
  out.append(value, done);
}

void append_series_text(std::string& out, std::string_view name, const Labels& labels) {
  const bool classic = is_classic_metric_name(name);
  if (classic) out += name;
  if (classic && labels.empty()) return;
  out += '{';
  if (!classic) append_quoted(out, name);
  bool comma = !classic;
  if (std::is_sorted(labels.begin(), labels.end(), by_name)) {
    append_sorted(out, labels, comma);
  } else {
    Labels sorted = labels;
    std::sort(sorted.begin(), sorted.end(), by_name);
    append_sorted(out, sorted, comma);
  }
  out += '}';
}

SeriesParts parse_series_text(std::string_view text) {
  SeriesParts parts = Reader(text).read();
  const auto repeated = [](const Label& a, const Label& b) { return a.first == b.first; };
  if (std::adjacent_find(parts.labels.begin(), parts.labels.end(), repeated) != parts.labels.end()) {
    throw FormatError(fmt::format("cannot read series {}: a label name stands twice", printable(text)));
  }
  // One spelling for one series (I5): whatever the writer would spell otherwise is not canonical.
  std::string canonical;
  canonical.reserve(text.size());
  append_series_text(canonical, parts.name, parts.labels);
  if (canonical != text) {
    throw FormatError(
        fmt::format("cannot read series {}: not canonical, which is {}", printable(text), printable(canonical)));
  }
  return parts;
}

std::string_view series_name(std::string_view text) noexcept {
  if (text.starts_with("{\"")) {
    text.remove_prefix(2);
    return text.substr(0, quoted_length(text));
  }
  return text.substr(0, text.find('{'));
}

}  // namespace weir
