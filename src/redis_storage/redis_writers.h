// The writers of one Redis, and one family split by them: for the page, while somebody looks.
//
//   std::unique_ptr<WriterView> writers = redis_writers(options, "gunicorn");
//   Exposer exposer({}, collector, backend.get(), writers.get());
//
// Of the per-process layout, and of the processes that have a claim: Weir's. (The shared layout has one value for all;
// keys of Python's exporter are found by scanning, which is too much to ask while somebody looks.) Asks on a connection
// of its own, which waits a second at most.
//
// Thread safety: every member from any thread; calls take turns. Process safety: reads only; a forked child makes a
// new one. Invariants: I4.
#pragma once

#include <memory>
#include <string>

#include "weir/redis_client.h"
#include "weir/writers.h"

namespace weir {

/// `key_prefix` is of the per-process layout. Throws ConfigError for options no client can be made of.
std::unique_ptr<WriterView> redis_writers(RedisOptions options, std::string key_prefix);

}  // namespace weir
