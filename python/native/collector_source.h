// A Python collector (an object with collect(), or any callable that gives metrics) as a source.
//
// Thread safety: collect() takes the GIL in any thread. Process safety: in-process.
#pragma once

#include <Python.h>

#include <memory>

#include "weir/snapshot.h"

namespace weir::python {

/// `collect` is called at each collection and gives an iterable of metrics: objects with name, documentation, type,
/// unit and samples, as prometheus_client's. What it raises becomes a Problem (`collector_failed`).
std::shared_ptr<Source> collector_source(PyObject* collect);

}  // namespace weir::python
