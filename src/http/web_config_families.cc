#include "http/web_config_families.h"

#include <string>
#include <utility>

namespace weir {
namespace {

void add_value(std::vector<MetricFamily>& out, MetricType type, std::string name, std::string help, double value,
               Labels labels = {}, std::string unit = "") {
  MetricFamily family{{name, type, std::move(help), std::move(unit)}, {}};
  family.samples.push_back({type == MetricType::counter ? name + "_total" : name, std::move(labels), value, {}});
  out.push_back(std::move(family));
}

}  // namespace

std::vector<MetricFamily> web_config_families(const WebSettingsKeeper::State& state, std::uint64_t computed_passwords) {
  std::vector<MetricFamily> out;
  if (!state.has_files) return out;
  add_value(out, MetricType::counter, "weir_http_password_checks", "Passwords that had to be hashed, not looked up.",
            static_cast<double>(computed_passwords));
  if (state.certificate_not_after != 0) {
    add_value(out, MetricType::gauge, "weir_web_certificate_not_after_timestamp_seconds",
              "When the server's certificate ends, in seconds since 1970.", state.certificate_not_after, {}, "seconds");
  }
  if (!state.fault.empty()) {
    add_value(out, MetricType::gauge, "weir_web_config_fault_info", "Why what the files say is not in force; always 1.",
              1, {{"fault", state.fault}});
  }
  add_value(out, MetricType::gauge, "weir_web_config_last_reload_success_timestamp_seconds",
            "When what is in force was read, in seconds since 1970.", state.loaded_at, {}, "seconds");
  add_value(out, MetricType::gauge, "weir_web_config_last_reload_successful", "Whether what the files say is in force.",
            state.fault.empty() ? 1 : 0);
  MetricFamily reloads{{"weir_web_config_reloads", MetricType::counter, "Changed contents read, by result.", ""}, {}};
  reloads.samples.push_back(
      {"weir_web_config_reloads_total", {{"result", "failed"}}, static_cast<double>(state.failed), {}});
  reloads.samples.push_back(
      {"weir_web_config_reloads_total", {{"result", "in_force"}}, static_cast<double>(state.loaded - 1), {}});
  out.push_back(std::move(reloads));
  return out;
}

}  // namespace weir
