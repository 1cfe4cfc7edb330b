#include "script.h"

#include <barrier>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <string_view>
#include <thread>

namespace {

weir::Registry* target = nullptr;  // set by run()

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::string from_hex(std::string_view hex) {
  std::string text;
  if (hex == "-") return text;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    text.push_back(static_cast<char>(std::strtoul(std::string(hex.substr(i, 2)).c_str(), nullptr, 16)));
  }
  return text;
}

/// The families of the script, each registered at its first use.
template <typename Metric>
class Families {
 public:
  using Register = weir::Family<Metric>& (weir::Registry::*)(const typename Metric::Options&, std::vector<std::string>);

  Metric& child(const Operation& op, Register verb, auto... details) {
    std::vector<std::string> names;
    std::vector<std::string_view> values;
    for (const auto& [name, value] : op.labels) names.push_back(name), values.push_back(value);
    auto& family = families_[op.name];
    if (family == nullptr) {
      typename Metric::Options options{};
      options.name = op.name;
      options.help = op.help;
      (details(options), ...);
      if (names.empty()) return *(plain_[op.name] = &plain(options));
      family = &(target->*verb)(options, names);
    }
    return family->labels_of(values);
  }
  Metric* known(const std::string& name) { return plain_.contains(name) ? plain_[name] : nullptr; }

 private:
  static Metric& plain(const typename Metric::Options& options);
  std::map<std::string, weir::Family<Metric>*> families_;
  std::map<std::string, Metric*> plain_;
};

#define PLAIN(Type, verb)                                                       \
  template <>                                                                   \
  weir::Type& Families<weir::Type>::plain(const weir::Type::Options& options) { \
    return target->verb(options);                                               \
  }
PLAIN(Counter, counter)
PLAIN(Gauge, gauge)
PLAIN(Histogram, histogram)
PLAIN(Summary, summary)
PLAIN(Info, info)
PLAIN(Enum, enumeration)

template <typename Metric>
Metric& metric(const Operation& op, typename Families<Metric>::Register verb, auto... details) {
  static Families<Metric> families;
  if (Metric* const known = families.known(op.name); known != nullptr && op.labels.empty()) return *known;
  return families.child(op, verb, details...);
}

std::vector<double> numbers(const std::string& text) {
  std::vector<double> found;
  for (const std::string& part : split(text, ',')) found.push_back(std::strtod(part.c_str(), nullptr));
  return found;
}

/// Finds the metric (registering it the first time) and returns what the operation does to it.
std::function<void()> prepare(const Operation& op) {
  using weir::Registry;
  const double value = std::strtod(op.value.c_str(), nullptr);
  if (op.type == "counter") {
    return [&c = metric<weir::Counter>(op, &Registry::counter), value] { c.inc(value); };
  }
  if (op.type == "gauge") {
    auto& g = metric<weir::Gauge>(op, &Registry::gauge, [&](weir::GaugeOptions& options) {
      options.mode = weir::gauge_mode_from(op.detail).value();
    });
    if (op.verb == "make") return [] {};  // a child nobody has set
    if (op.verb == "set") return [&g, value] { g.set(value); };
    return [&g, value] { g.inc(value); };
  }
  if (op.type == "histogram") {
    auto& h = metric<weir::Histogram>(op, &Registry::histogram,
                                      [&](weir::HistogramOptions& options) { options.buckets = numbers(op.detail); });
    return [&h, value] { h.observe(value); };
  }
  if (op.type == "summary") {
    return [&s = metric<weir::Summary>(op, &Registry::summary), value] { s.observe(value); };
  }
  if (op.type == "info") {
    auto& i = metric<weir::Info>(op, &Registry::info);
    return [&i, text = from_hex(op.value)] { i.set({{"version", text}}); };
  }
  if (op.type == "enum") {
    auto& e = metric<weir::Enum>(op, &Registry::enumeration,
                                 [&](weir::EnumOptions& options) { options.states = split(op.detail, ','); });
    return [&e, text = op.value] { e.state(text); };
  }
  std::cerr << "writer: no type " << op.type << "\n";
  std::exit(2);
}

}  // namespace

Operation::Operation(const std::string& line) {
  const std::vector<std::string> field = split(line, '\t');
  if (field.size() != 8) {
    std::cerr << "writer: eight fields are wanted: " << line << "\n";
    std::exit(2);
  }
  verb = field[0], type = field[1], name = from_hex(field[2]), help = from_hex(field[3]), detail = field[4];
  if (field[5] != "-") {
    for (const std::string& label : split(field[5], ',')) {
      const std::size_t equals = label.find('=');
      labels.emplace_back(from_hex(label.substr(0, equals)), from_hex(label.substr(equals + 1)));
    }
  }
  value = field[6], thread = std::stoul(field[7]);
}

void run(weir::Registry& registry, const std::vector<Operation>& script) {
  target = &registry;
  std::map<std::size_t, std::vector<std::function<void()>>> by_thread;
  for (const Operation& op : script) by_thread[op.thread].push_back(prepare(op));
  std::barrier together(static_cast<std::ptrdiff_t>(by_thread.size()));
  std::vector<std::thread> threads;
  for (auto& [number, actions] : by_thread) {
    threads.emplace_back([&] {
      together.arrive_and_wait();
      for (auto& action : actions) action();
      together.arrive_and_wait();  // so that none takes over another's slot
    });
  }
  for (std::thread& thread : threads) thread.join();
}
