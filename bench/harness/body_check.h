// Compares an exposition with the truth, line by line, in any order.
//
//   BodyCheck check(series);                               // text of each series
//   std::string fault = check.fault(body, truth);          // empty when each series stands there once with its value
//
// Thread safety: const members from any thread. `series` must outlive it.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir::bench {

class BodyCheck {
 public:
  explicit BodyCheck(const std::vector<std::string>& series);
  std::string fault(std::string_view body, const std::vector<double>& truth) const;

 private:
  std::unordered_map<std::string_view, std::size_t> numbers_;
};

}  // namespace weir::bench
