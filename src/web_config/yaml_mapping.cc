#include "web_config/yaml_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "model/printable.h"
#include "weir/error.h"

namespace weir {
namespace {

const char* kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsNull()) return "empty";
  return "a single value";
}

YamlPlace place_of(const YamlPlace& above, std::string_view key, const YAML::Node& node) {
  return {above.file, above.key.empty() ? std::string(key) : fmt::format("{}.{}", above.key, key),
          node.Mark().is_null() ? above.line : node.Mark().line + 1};
}

}  // namespace

void YamlPlace::refuse(std::string_view what) const {
  const bool is_plain = key.size() <= 100 && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
  const std::string shown = key.empty() ? "the file" : is_plain ? key : printable(key);
  throw ConfigError(fmt::format("web config file {}, line {}: {} {}", printable(file), line, shown, what));
}

YAML::Node parse_yaml(std::string_view text, const std::string& file) {
  const YamlPlace at{file, "", 1};
  // A file that a crash left as zeros, or cut off by them, would otherwise be read as one that sets nothing.
  if (text.find('\0') != std::string_view::npos) at.refuse("holds a NUL byte; it must be text in UTF-8");
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1) {
      at.refuse(fmt::format("holds {} documents, divided by --- or ...; write one, nobody reads the others",
                            documents.size()));
    }
    return documents.empty() ? YAML::Node() : documents.front();
  } catch (const YAML::Exception& error) {
    const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
    throw ConfigError(
        fmt::format("web config file {}, line {}: this is not YAML: {}", printable(file), line, printable(error.msg)));
  }
}

void read_entries(const YamlPlace& at, const YAML::Node& node, const YamlHandler& entry) {
  if (node.IsNull()) return;
  if (!node.IsMap()) at.refuse(fmt::format("is {}; it must be a mapping of keys to values", kind_of(node)));
  std::set<std::string> seen;
  for (const auto& item : node) {
    if (!item.first.IsScalar()) {
      place_of(at, "?", item.first).refuse(fmt::format("is a key that is {}; a key is a word", kind_of(item.first)));
    }
    const std::string& key = item.first.Scalar();
    const YamlPlace place = place_of(at, key, item.first);
    if (!seen.insert(key).second) place.refuse("stands here a second time; write it once");
    entry(place, item.second);
  }
}

void read_mapping(const YamlPlace& at, const YAML::Node& node, const YamlHandlers& known) {
  read_entries(at, node, [&](const YamlPlace& place, const YAML::Node& value) {
    const std::string_view key = std::string_view(place.key).substr(at.key.empty() ? 0 : at.key.size() + 1);
    const auto found = std::ranges::find(known, key, [](const auto& one) { return one.first; });
    if (found == known.end()) {
      std::string names;
      for (const auto& one : known) names += fmt::format("{}{}", names.empty() ? "" : ", ", one.first);
      YamlPlace{at.file, at.key, place.line}.refuse(
          fmt::format("has the unknown key {}; there are {}", printable(key), names));
    }
    if (!value.IsNull()) found->second(place, value);
  });
}

std::string read_text(const YamlPlace& at, const YAML::Node& node) {
  if (!node.IsScalar()) at.refuse(fmt::format("is {}; it must be one text", kind_of(node)));
  const std::string& text = node.Scalar();
  if (text.find('\0') != std::string::npos) at.refuse("holds a zero byte; it must be text");
  return text;
}

bool read_flag(const YamlPlace& at, const YAML::Node& node) {
  std::string text = read_text(at, node);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (text == "true" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "no" || text == "off") return false;
  at.refuse(fmt::format("is {}; it must be true or false", printable(text)));
}

void read_list(const YamlPlace& at, const YAML::Node& node,
               const std::function<void(const YamlPlace& place, const std::string& text)>& item) {
  if (!node.IsSequence()) at.refuse(fmt::format("is {}; it must be a list, one `- NAME` a line", kind_of(node)));
  for (const auto& one : node) {
    const YamlPlace place{at.file, at.key, one.Mark().is_null() ? at.line : one.Mark().line + 1};
    item(place, read_text(place, one));
  }
}

}  // namespace weir
