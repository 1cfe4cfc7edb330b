// weir._weir.bucket_bound: the spelling of `le`, for those who name samples themselves.
#include "format/number.h"

#include "native/binding.h"

namespace weir::python {

void add_number(pybind11::module_& module) {
  module.def("bucket_bound", &bucket_bound, pybind11::arg("bound"),
             "A bucket bound as prometheus_client spells it: 1.0, 0.005, +Inf, 1e+06.");
}

}  // namespace weir::python
