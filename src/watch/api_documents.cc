#include "watch/api_documents.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "format/number.h"
#include "weir/error.h"

namespace weir {
namespace {

using simdjson::dom::element;

std::string text_of(element object, std::string_view name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

/// Numbers as the API spells them: what JSON has no number for is text. 0 where there is none.
double number_of(element object, std::string_view name) {
  double number = 0;
  std::string_view text;
  if (object[name].get(number) == simdjson::SUCCESS) return number;
  if (object[name].get(text) != simdjson::SUCCESS) return 0;
  try {
    return parse_number(text);
  } catch (const FormatError&) {
    return 0;
  }
}

std::uint64_t count_of(element object, std::string_view name) {
  std::uint64_t count = 0;
  return object[name].get(count) == simdjson::SUCCESS ? count : 0;
}

WriterState state_of(element object) {
  const std::string name = text_of(object, "state");
  constexpr std::array kStates{WriterState::alive, WriterState::dead, WriterState::unknown, WriterState::folded};
  const auto* const at = std::ranges::find_if(kStates, [&](WriterState state) { return name == to_string(state); });
  return at == kStates.end() ? WriterState::unknown : *at;
}

Writer writer_of(element object) {
  return {.name = text_of(object, "name"),
          .state = state_of(object),
          .host = text_of(object, "host"),
          .files = count_of(object, "files"),
          .bytes = count_of(object, "bytes"),
          .values = count_of(object, "values"),
          .last_flush_age = number_of(object, "last_flush_age")};
}

WriterShare share_of(element object) {
  WriterShare share{.writer = text_of(object, "writer"),
                    .state = state_of(object),
                    .sample = text_of(object, "sample"),
                    .labels = {},
                    .value = number_of(object, "value")};
  simdjson::dom::object labels;
  if (object["labels"].get(labels) != simdjson::SUCCESS) return share;
  for (const auto& [name, value] : labels) {
    std::string_view text;
    if (value.get(text) == simdjson::SUCCESS) share.labels.emplace_back(name, text);
  }
  return share;
}

/// The document, in `parser`; nothing where it is none of version 1.
std::optional<element> document_of(simdjson::dom::parser& parser, std::string_view body) {
  element document;
  const simdjson::padded_string padded(body);
  if (parser.parse(padded).get(document) != simdjson::SUCCESS || count_of(document, "version") != 1) {
    return std::nullopt;
  }
  return document;
}

}  // namespace

std::optional<ApiWriters> read_api_status(std::string_view body, std::size_t most) {
  simdjson::dom::parser parser;
  const std::optional<element> document = document_of(parser, body);
  element weir;
  if (!document || (*document)["weir"].get(weir) != simdjson::SUCCESS) return std::nullopt;
  ApiWriters out{.storage = text_of(*document, "storage"),
                 .how_to_write = text_of(*document, "how_to_write"),
                 .writers = {},
                 .is_known = false,
                 .fault = text_of(*document, "writers_error")};
  simdjson::dom::array list;
  element writers;
  if ((*document)["writers"].get(writers) != simdjson::SUCCESS) return out;
  if (writers["list"].get(list) != simdjson::SUCCESS) return out;
  out.is_known = true;
  std::uint64_t there = 0;
  for (const char* state : {"alive", "dead", "unknown", "folded"}) there += count_of(writers, state);
  for (const element writer : list) {
    if (out.writers.size() == most) break;
    out.writers.push_back(writer_of(writer));
  }
  out.is_cut = out.writers.size() < std::max<std::uint64_t>(there, list.size());
  return out;
}

std::optional<FamilySplit> read_api_split(std::string_view body) {
  simdjson::dom::parser parser;
  const std::optional<element> document = document_of(parser, body);
  simdjson::dom::array shares;
  if (!document || (*document)["shares"].get(shares) != simdjson::SUCCESS) return std::nullopt;
  FamilySplit split;
  if ((*document)["cut"].get(split.is_cut) != simdjson::SUCCESS) split.is_cut = false;
  for (const element share : shares) split.shares.push_back(share_of(share));
  return split;
}

}  // namespace weir
