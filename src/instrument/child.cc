#include "weir/child.h"

#include <fmt/format.h>

#include "instrument/unix_time.h"
#include "model/names.h"
#include "storage/registration_lock.h"
#include "weir/error.h"
#include "weir/storage.h"

namespace weir {
namespace {

// OpenMetrics 1.0, "Exemplars": the label names and values together must not exceed 128 UTF-8 characters.
constexpr std::size_t kMaxExemplarCharacters = 128;

std::size_t characters(std::string_view utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return n;
}

void check_exemplar(std::string_view metric, const Labels& labels) {
  std::size_t length = 0;
  for (const auto& [name, value] : labels) {
    if (!is_classic_label_name(name)) {
      throw ValueError(
          fmt::format("metric {}: exemplar label \"{}\" is no label name ([a-zA-Z_][a-zA-Z0-9_]*)", metric, name));
    }
    check_label_value(name, value);
    length += characters(name) + characters(value);
  }
  if (length > kMaxExemplarCharacters) {
    throw ValueError(fmt::format("metric {}: exemplar labels have {} characters together; OpenMetrics allows {}",
                                 metric, length, kMaxExemplarCharacters));
  }
}

}  // namespace

Labels Child::labels() const {
  Labels all = info_.constant_labels;
  for (std::size_t i = 0; i < values_.size(); ++i) all.emplace_back(info_.label_names[i], values_[i]);
  return all;
}

MetricType Child::type() const noexcept {
  const bool stored_as_gauge = info_.type == MetricType::info || info_.type == MetricType::stateset;
  return stored_as_gauge ? MetricType::gauge : info_.type;
}

void Child::put_exemplar(std::uint32_t i, const Labels& labels, double value) {
  check_exemplar(info_.name, labels);
  const double now = unix_now();
  if (!registration_lock().try_lock()) return;
  try {
    if (exemplars_ == nullptr) exemplars_ = std::make_unique<std::map<std::uint32_t, Exemplar>>();
    Exemplar& exemplar = (*exemplars_)[i];
    exemplar = {labels, value, now};
    storage().put_exemplar(*this, i, exemplar);
  } catch (const std::exception&) {
    // An exemplar less.
  }
  registration_lock().unlock();
}

void Child::append_exemplars(std::size_t first, std::vector<Snapshot::ExemplarAt>& out) const {
  if (exemplars_ == nullptr) return;
  for (const auto& [cell, exemplar] : *exemplars_) out.push_back({first + cell, exemplar});
}

}  // namespace weir
