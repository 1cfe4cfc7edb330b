// What INFO says, by field.
//
//   const InfoFields info(reply.text);
//   info.text("master_replid"), info.number("used_memory")
//
// Thread safety: values.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weir {

class InfoFields {
 public:
  explicit InfoFields(std::string_view info);
  /// Empty: not told.
  std::string text(std::string_view field) const;
  /// -1: not told, or no number.
  std::int64_t number(std::string_view field) const;

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace weir
