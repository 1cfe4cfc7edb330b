#include "weir/writers.h"

namespace weir {

const char* to_string(WriterState state) noexcept {
  switch (state) {
    case WriterState::alive:
      return "alive";
    case WriterState::dead:
      return "dead";
    case WriterState::folded:
      return "folded";
    case WriterState::unknown:
      break;
  }
  return "unknown";
}

std::string name_before_conflict(const FamilyHead& family) {
  const std::string suffix = "_conflict_" + std::string(to_string(family.type));
  return family.name.ends_with(suffix) ? family.name.substr(0, family.name.size() - suffix.size()) : family.name;
}

}  // namespace weir
