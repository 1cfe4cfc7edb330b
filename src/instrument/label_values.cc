#include "weir/label_values.h"

#include <vector>

namespace weir {

LabelValues::LabelValues(std::span<const std::string_view> values) {
  std::vector<std::uint32_t> words{static_cast<std::uint32_t>(values.size())};
  std::uint32_t end = 0;
  for (const std::string_view value : values) words.push_back(end += static_cast<std::uint32_t>(value.size()));
  const std::size_t head = words.size() * sizeof(std::uint32_t);
  block_.reset(new char[head + end]);
  std::memcpy(block_.get(), words.data(), head);
  char* text = block_.get() + head;
  for (const std::string_view value : values) text += value.copy(text, value.size());
}

}  // namespace weir
