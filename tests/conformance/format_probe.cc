// Weir's formats on a pipe, for tests that hold them against Python: one question a line, one answer a line.
//
//   key HEX(metric) HEX(sample) HEX(help) [HEX(label)=HEX(value)]…   the JSON key
//   read HEX(json)                                                  `HEX(metric) HEX(sample) HEX(help) HEX=HEX…` or
//   `refused …` number BITS                                                     go, OpenMetrics, Python and bucket
//   spelling of a double
#include <bit>
#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>

#include "format/json_key.h"
#include "format/number.h"
#include "weir/error.h"

namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "x";  // so that nothing is a word, too
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string unhex(std::string_view text) {
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::string next_word(std::istream& in) {
  std::string word;
  in >> word;
  return word;
}

std::string answer_key(std::istream& in) {
  const std::string metric = unhex(next_word(in));
  const std::string sample = unhex(next_word(in));
  const std::string help = unhex(next_word(in));
  weir::Labels labels;
  for (std::string word; in >> word;) {
    const std::size_t equals = word.find('=');
    labels.emplace_back(unhex(word.substr(0, equals)), unhex(word.substr(equals + 1)));
  }
  return weir::json_key(metric, sample, labels, help);
}

std::string answer_read(std::istream& in) {
  static weir::KeyParser parser;
  static weir::MetricKey key;
  try {
    parser.parse(unhex(next_word(in)), key);
  } catch (const weir::FormatError& error) {
    return std::string("refused ") + error.what();
  }
  std::string out = hex(key.metric_name) + ' ' + hex(key.sample_name) + ' ' + hex(key.help);
  for (const weir::Label& label : key.labels) out += ' ' + hex(label.first) + '=' + hex(label.second);
  return out;
}

std::string answer_number(std::istream& in) {
  const double v = std::bit_cast<double>(std::uint64_t{std::stoull(next_word(in), nullptr, 16)});
  char room[weir::kMaxNumberLength];
  std::string out;
  for (const auto write : {weir::write_go_number, weir::write_openmetrics_number, weir::write_python_number}) {
    out.append(room, write(room, v)).append(" ");
  }
  return out + weir::bucket_bound(v);
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream in(line);
    const std::string question = next_word(in);
    if (question == "key") {
      std::cout << answer_key(in);
    } else if (question == "read") {
      std::cout << answer_read(in);
    } else if (question == "number") {
      std::cout << answer_number(in);
    } else {
      std::cerr << "format_probe: unknown question '" << question << "'; key, read and number are known\n";
      return 2;
    }
    std::cout << std::endl;
  }
}
