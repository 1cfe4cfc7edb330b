#include "collect/name_clash.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

namespace weir {
namespace {

class Claims {
 public:
  /// The family that already holds one of the names `name` would need; nullptr when all are free.
  const NamedFamily* holder(const std::string& name, const NamedFamily& family) const {
    if (const auto at = held_.find(name); at != held_.end()) return at->second;
    for (const std::string& suffix : family.suffixes) {
      if (const auto at = held_.find(name + suffix); at != held_.end()) return at->second;
    }
    return nullptr;
  }
  void claim(const std::string& name, const NamedFamily& family) {
    held_.emplace(name, &family);
    for (const std::string& suffix : family.suffixes) held_.emplace(name + suffix, &family);
  }

 private:
  std::unordered_map<std::string, const NamedFamily*> held_;
};

std::string free_name(const NamedFamily& family, const Claims& claims) {
  const std::string base = family.name + "_conflict_" + std::string{to_string(family.kind.type)};
  if (claims.holder(base, family) == nullptr) return base;
  if (family.kind.type == MetricType::gauge) {
    const std::string with_mode = base + "_" + std::string{to_string(family.kind.mode)};
    if (claims.holder(with_mode, family) == nullptr) return with_mode;
  }
  for (int n = 2;; ++n) {
    const std::string numbered = base + "_" + std::to_string(n);
    if (claims.holder(numbered, family) == nullptr) return numbered;
  }
}

}  // namespace

std::vector<NameClash> resolve_clashes(std::vector<NamedFamily> families) {
  // Parsers take these names for the family's own, whether it has such samples or not.
  for (NamedFamily& family : families) {
    const bool histogram = family.kind.type == MetricType::histogram;
    if (histogram) family.suffixes.emplace_back("_bucket");
    if (histogram || family.kind.type == MetricType::summary) {
      family.suffixes.insert(family.suffixes.end(), {"_count", "_sum"});
    }
  }
  // MetricType's own order is the order of precedence. Within a type the shorter names go first by sorting, so that a
  // counter `a` keeps `a_total` whatever comes with that name later.
  std::sort(families.begin(), families.end(), [](const NamedFamily& a, const NamedFamily& b) {
    return std::tie(a.kind.type, a.name, a.kind.mode) < std::tie(b.kind.type, b.name, b.kind.mode);
  });
  Claims claims;
  std::vector<NameClash> clashes;
  std::vector<std::pair<const NamedFamily*, const NamedFamily*>> losers;
  for (const NamedFamily& family : families) {
    const NamedFamily* holder = claims.holder(family.name, family);
    if (holder == nullptr) {
      claims.claim(family.name, family);
    } else {
      losers.emplace_back(holder, &family);
    }
  }
  // New names are given when all old ones are taken, so that no family loses its name to a renamed one.
  for (const auto& [holder, family] : losers) {
    std::string shown = free_name(*family, claims);
    claims.claim(shown, *family);
    clashes.push_back({.keeps = holder->number, .renamed = family->number, .shown = std::move(shown)});
  }
  return clashes;
}

}  // namespace weir
