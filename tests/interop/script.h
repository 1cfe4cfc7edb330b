// Scripts that say what to count; stock_writer.py runs the same ones with prometheus_client.
//
// A line has eight fields, separated by tabs, `-` for an empty one:
//   VERB TYPE NAME HELP DETAIL LABELS VALUE THREAD      strings in hexadecimal, LABELS as name=value,name=value
// VERB is inc, set, observe, info or state; DETAIL is a gauge's mode, a histogram's bounds, an enum's states.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weir/registry.h"

struct Operation {
  std::string verb, type, name, help, detail;
  weir::Labels labels;
  std::string value;
  std::size_t thread;

  /// Ends the process when the line is none.
  explicit Operation(const std::string& line);
};

/// Runs each THREAD of a script in a thread of its own, all of them alive at once. Families are made at their first
/// use; it is always the same registry.
void run(weir::Registry& registry, const std::vector<Operation>& script);
