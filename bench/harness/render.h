// The floor of rendering: prefixes laid out beforehand, one copy and one to_chars a sample.
//
// Thread safety: one thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::bench {

class CachedPrefixes {
 public:
  explicit CachedPrefixes(const std::vector<std::string>& series);
  /// The body: a line a series. Valid until the next call.
  std::string_view render(const std::vector<double>& values);

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
  std::size_t room_;
  std::unique_ptr<char[]> body_;
};

}  // namespace weir::bench
