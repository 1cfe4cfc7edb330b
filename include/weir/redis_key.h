// The key of one sample in Redis, as gunicorn_prometheus_exporter's redis_key() writes it.
//
//   weir::redis_key("jobs", "jobs_total", {"queue"}, {"mail"}, "Jobs done.")
//     // ["jobs", "jobs_total", {"queue": "mail"}, "Jobs done."]
//
// Byte for byte Python's json.dumps([metric_name, name, labels, help_text], sort_keys=True): whatever the order of the
// labels, the key is the same. Its MD5 is the last part of the key in Redis.
//
// Thread safety: pure. Invariants: I5.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Throws ValueError when there are not as many values as names, or when a name stands twice.
std::string redis_key(std::string_view metric_name, std::string_view name, const std::vector<std::string>& labelnames,
                      const std::vector<std::string>& labelvalues, std::string_view help_text);

}  // namespace weir
