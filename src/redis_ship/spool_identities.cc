#include "redis_ship/spool_identities.h"

#include <charconv>

#include "format/number.h"
#include "redis_ship/spool.h"
#include "weir/error.h"

namespace weir {
namespace {

long whole_number(const std::string& text) {
  long n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc{} || end != text.data() + text.size()) throw FormatError(text + " is no integer");
  return n;
}

}  // namespace

std::string spooled_identities(const OwnIdentities& own) {
  const OwnIdentities::Origin& origin = own.origin();
  std::string text =
      spool_line({"own", origin.bucket, std::to_string(origin.pid), origin.random, std::to_string(origin.made)});
  for (const OwnIdentity& one : own.all()) {
    text += spool_line({"identity", one.writer, one.token, one.was_folded ? "1" : "0", python_number(one.folded_at)});
    for (const auto& [member, value] : one.folded) text += spool_line({"folded", member, python_number(value)});
  }
  return text;
}

std::optional<OwnIdentities> read_spooled_identities(const std::vector<std::vector<std::string>>& lines) {
  try {
    std::optional<OwnIdentities::Origin> origin;
    std::vector<OwnIdentity> all;
    for (const std::vector<std::string>& line : lines) {
      if (line[0] == "own" && line.size() == 5) {
        origin = {line[1], whole_number(line[2]), line[3], static_cast<int>(whole_number(line[4]))};
      } else if (line[0] == "identity" && line.size() == 5) {
        all.push_back({line[1], line[2], line[3] == "1", parse_number(line[4]), {}});
      } else if (line[0] == "folded" && line.size() == 3 && !all.empty()) {
        all.back().folded[line[1]] = parse_number(line[2]);
      }
    }
    if (!origin || all.empty()) return std::nullopt;
    return OwnIdentities(std::move(*origin), std::move(all));
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace weir
