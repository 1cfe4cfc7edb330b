#include "format/exemplar_record.h"

#include <cstdint>
#include <cstring>

namespace weir {
namespace {

struct Head {
  std::uint32_t size;
  std::uint32_t check;
  std::uint32_t key_length;
  std::uint32_t labels_length;
  double value;
  double timestamp;
};
static_assert(sizeof(Head) == 32);

// 128 characters of at most 4 bytes, and at most 128 lengths of 2 bytes each for names and as many for values.
constexpr std::size_t kLabelsRoom = 128 * 4 + 2 * 128 * 2;
constexpr std::size_t kMaxKey = 1U << 20U;

std::uint32_t fnv1a(std::string_view bytes) noexcept {
  std::uint32_t hash = 2166136261U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

void append_text(std::string& out, std::string_view text) {
  const auto length = static_cast<std::uint16_t>(text.size());
  out.append(reinterpret_cast<const char*>(&length), sizeof length).append(text);
}

std::optional<std::string> take_text(std::string_view& bytes) {
  std::uint16_t length = 0;
  if (bytes.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (bytes.size() < length) return std::nullopt;
  std::string text(bytes.substr(0, length));
  bytes.remove_prefix(length);
  return text;
}

Head head_of(std::string_view bytes) noexcept {
  Head head;
  std::memcpy(&head, bytes.data(), sizeof head);
  return head;
}

}  // namespace

std::string encode_exemplar(std::string_view key, const Exemplar& exemplar) {
  std::string labels;
  for (const auto& [name, value] : exemplar.labels) {
    append_text(labels, name);
    append_text(labels, value);
  }
  Head head{};
  head.size = static_cast<std::uint32_t>((sizeof head + key.size() + kLabelsRoom + 7) / 8 * 8);
  head.key_length = static_cast<std::uint32_t>(key.size());
  head.labels_length = static_cast<std::uint32_t>(labels.size());
  head.value = exemplar.value;
  head.timestamp = exemplar.timestamp;
  std::string record(head.size, '\0');
  std::memcpy(record.data(), &head, sizeof head);
  std::memcpy(record.data() + sizeof head, key.data(), key.size());
  std::memcpy(record.data() + sizeof head + key.size(), labels.data(), labels.size());
  const std::uint32_t check = fnv1a(std::string_view(record).substr(8));
  std::memcpy(record.data() + 4, &check, sizeof check);
  return record;
}

std::optional<std::size_t> exemplar_record_size(std::string_view bytes) noexcept {
  if (bytes.size() < sizeof(Head)) return std::nullopt;
  const std::size_t size = head_of(bytes).size;
  if (size < sizeof(Head) + kLabelsRoom || size > sizeof(Head) + kLabelsRoom + kMaxKey || size > bytes.size())
    return std::nullopt;
  return size;
}

std::optional<ExemplarRecord> decode_exemplar(std::string_view bytes) {
  const auto size = exemplar_record_size(bytes);
  if (!size) return std::nullopt;
  bytes = bytes.substr(0, *size);
  const Head head = head_of(bytes);
  const std::size_t room = *size - sizeof head;
  if (head.check != fnv1a(bytes.substr(8)) || head.key_length > room || head.labels_length > room - head.key_length)
    return std::nullopt;
  ExemplarRecord record;
  record.size = *size;
  record.key = bytes.substr(sizeof head, head.key_length);
  record.exemplar.value = head.value;
  record.exemplar.timestamp = head.timestamp;
  std::string_view labels = bytes.substr(sizeof head + head.key_length, head.labels_length);
  while (!labels.empty()) {
    auto name = take_text(labels);
    auto value = name ? take_text(labels) : std::nullopt;
    if (!value) return std::nullopt;
    record.exemplar.labels.emplace_back(std::move(*name), std::move(*value));
  }
  return record;
}

}  // namespace weir
