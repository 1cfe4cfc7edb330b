// Prints one exposition of every type and every hard case, for exposition_test.py.
//
//   exposition_samples ACCEPT     the body that Accept header gets; its Content-Type goes to standard error
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

#include "weir/exposition.h"

namespace {

using namespace weir;

Sample sample(std::string name, double value, Labels labels = {}) {
  return {std::move(name), std::move(labels), value, {}};
}

Sample with_exemplar(Sample base, Exemplar exemplar) {
  base.exemplar = std::move(exemplar);
  return base;
}

MetricFamily numbers() {
  constexpr double kInf = std::numeric_limits<double>::infinity();
  MetricFamily family{{"numbers", MetricType::gauge, "Every kind of number", ""}, {}};
  for (const double v : {0.0, -0.0, 0.1 + 0.2, 1e6, 1e21, 5e-324, 123456789012345678.0, kInf, -kInf, std::nan("")}) {
    family.samples.push_back(sample("numbers", v, {{"i", std::to_string(family.samples.size())}}));
  }
  return family;
}

// The exemplar has no quote and no brace: prometheus_client's parsers (0.16 to 0.26) misread them there.
std::vector<MetricFamily> classic_families() {
  const std::string hard = "quote \" backslash \\ newline \n comma , brace } ü 😀";
  return {
      {{"jobs", MetricType::counter, "Jobs done: " + hard, ""},
       {with_exemplar(sample("jobs_total", 3, {{"queue", hard}}),
                      {{{"trace_id", "backslash \\ ü"}}, 2.5, 1520879607.789}),
        sample("jobs_total", 0, {{"queue", ""}})}},
      {{"bare", MetricType::counter, "A counter whose sample lacks the suffix", ""}, {sample("bare", 2)}},
      numbers(),
      {{"latency_seconds", MetricType::histogram, "Latency", "seconds"},
       {sample("latency_seconds_bucket", 1, {{"le", "0.5"}}),
        with_exemplar(sample("latency_seconds_bucket", 2, {{"le", "+Inf"}}), {{}, 7.25, 0}),
        sample("latency_seconds_sum", 7.5), sample("latency_seconds_count", 2)}},
      {{"size_bytes", MetricType::summary, "", "bytes"}, {sample("size_bytes_sum", 10), sample("size_bytes_count", 4)}},
      {{"build", MetricType::info, "Build", ""}, {sample("build_info", 1, {{"version", "1.2"}})}},
      {{"state", MetricType::stateset, "State", ""},
       {sample("state", 1, {{"state", "on"}}), sample("state", 0, {{"state", "off"}})}},
      {{"odd", MetricType::unknown, "Odd", ""}, {sample("odd", 7)}},
      {{"empty", MetricType::counter, "No samples yet", ""}, {}},
  };
}

std::vector<MetricFamily> all_families() {
  std::vector<MetricFamily> families = classic_families();
  families.push_back({{"http.requests", MetricType::counter, "Dots", ""},
                      {sample("http.requests_total", 5, {{"http.status", "200"}, {"größe", "x"}})}});
  families.push_back(
      {{"wait.time", MetricType::histogram, "Dots too", ""},
       {sample("wait.time_bucket", 1, {{"le", "+Inf"}}), sample("wait.time_sum", 0.5), sample("wait.time_count", 1)}});
  families.push_back({{"wait time", MetricType::gauge, "Becomes wait_time", ""}, {sample("wait time", 4)}});
  return families;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: exposition_samples ACCEPT\n", stderr);
    return 2;
  }
  const Format format = negotiate(argv[1]);
  const std::string body = expose(Collection{snapshot_of(all_families()), {}}, format);
  std::fwrite(body.data(), 1, body.size(), stdout);
  std::fprintf(stderr, "%s\n", content_type(format).c_str());
  return 0;
}
