#include "http/api_split.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "http/json_text.h"

namespace weir {
namespace {

/// Buckets become `_count`s; everything else stays as it is.
std::vector<WriterShare> without_buckets(const FamilyHead& family, const std::vector<WriterShare>& shares) {
  if (family.type != MetricType::histogram) return shares;
  std::vector<WriterShare> out;
  std::map<std::tuple<std::string, Labels>, std::size_t> counts;  // by writer and labels
  for (const WriterShare& share : shares) {
    if (!share.sample.ends_with("_bucket")) {
      out.push_back(share);
      continue;
    }
    WriterShare count = share;
    std::erase_if(count.labels, [](const Label& label) { return label.first == "le"; });
    count.sample.replace(count.sample.size() - std::string_view("_bucket").size(), std::string::npos, "_count");
    const auto [at, is_new] = counts.try_emplace({count.writer, count.labels}, out.size());
    if (is_new) {
      out.push_back(std::move(count));
    } else {
      out[at->second].value += share.value;
    }
  }
  return out;
}

}  // namespace

std::string split_json(const FamilyHead& family, const FamilySplit* split) {
  std::string out = "{\"family\":";
  append_json_text(out, family.name);
  fmt::format_to(std::back_inserter(out), ",\"known\":{},\"cut\":{},\"shares\":[", split != nullptr,
                 split != nullptr && split->is_cut);
  const char* before = "";
  if (split != nullptr) {
    for (const WriterShare& share : without_buckets(family, split->shares)) {
      out += before;
      before = ",\n";
      out += "{\"writer\":";
      append_json_text(out, share.writer);
      fmt::format_to(std::back_inserter(out), ",\"state\":\"{}\",\"sample\":", to_string(share.state));
      append_json_text(out, share.sample);
      out += ",\"labels\":";
      append_json_labels(out, share.labels);
      out += ",\"value\":";
      append_json_number(out, share.value);
      out += '}';
    }
  }
  out += "]}\n";
  return out;
}

}  // namespace weir
