// The web configuration as metrics for /backend: whether what the files say is in force, and until when the certificate
// holds.
//
// Thread safety: pure function.
#pragma once

#include <cstdint>
#include <vector>

#include "web_config/web_settings.h"
#include "weir/snapshot.h"

namespace weir {

/// Nothing where there is no configuration. A fault's words are the label `fault` of weir_web_config_fault_info, which
/// is there only while they hold.
std::vector<MetricFamily> web_config_families(const WebSettingsKeeper::State& state, std::uint64_t computed_passwords);

}  // namespace weir
