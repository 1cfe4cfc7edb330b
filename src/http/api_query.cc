#include "http/api_query.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include "model/printable.h"

namespace weir {
namespace {

/// The one parameter that a path may have.
struct Parameter {
  std::string_view name;
  bool is_needed = false;
  std::string_view how;  ///< what would be right
};

constexpr Parameter kFamily{"family", true, "write /api/v1/split?family=NAME as /api/v1/series names it"};
constexpr Parameter kWriters{"writers", false, "write /api/v1/status?writers=COUNT, a whole number from 0 to 100000"};

std::optional<Parameter> parameter_of(View view) {
  if (view == View::api_split) return kFamily;
  if (view == View::api_status) return kWriters;
  return std::nullopt;
}

std::optional<std::size_t> count_of(std::string_view text) {
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || count > kMostWriters) return std::nullopt;
  return count;
}

std::string query_fault(const std::optional<Parameter>& parameter, const std::vector<std::string>& values) {
  if (!parameter) return "";
  const auto say = [&parameter](const std::string& what) {
    return fmt::format("The parameter {} {}: {}.\n", parameter->name, what, parameter->how);
  };
  if (values.empty()) return parameter->is_needed ? say("is missing") : "";
  if (values.size() > 1) return say(fmt::format("is given {} times, once is right", values.size()));
  if (values.front().empty()) return say("is empty");
  if (parameter->name == kWriters.name && !count_of(values.front())) {
    return say(fmt::format("is {}", printable(values.front())));
  }
  return "";
}

}  // namespace

ApiQuery api_query(View view, const std::vector<QueryArgument>& arguments) {
  const std::optional<Parameter> parameter = parameter_of(view);
  ApiQuery query;
  for (const auto& [name, value] : arguments) {
    if (parameter && name == parameter->name) {
      query.names.push_back(value);
    } else if (query.fault.empty()) {
      query.fault = fmt::format("There is no parameter {} here: {}.\n", printable(name),
                                parameter ? parameter->how : "this path has none");
    }
  }
  // That what is needed is missing says more than that something else is there.
  std::string fault = query_fault(parameter, query.names);
  if (!fault.empty()) query.fault = std::move(fault);
  return query;
}

std::size_t writers_asked(const Ask& ask) {
  return ask.names.empty() ? kUsualWriters : count_of(ask.names.front()).value_or(kUsualWriters);
}

}  // namespace weir
