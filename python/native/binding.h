// What the native module is made of: each file of this folder adds its types and functions here.
//
// Hot methods are CPython heap types written by hand (a call costs 12 ns, through pybind11 89); the rest is pybind11.
// Functions that may wait (files, sockets, locks others hold for long) release the GIL.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>  // everywhere or nowhere: converters must be the same in all files

namespace weir::python {

bool in_main_interpreter() noexcept;  ///< false with an ImportError set
void add_main_interpreter(pybind11::module_& module);
void add_logging(pybind11::module_& module);
void add_errors(pybind11::module_& module);  ///< first: the others' functions throw them
void add_collect(pybind11::module_& module);
void add_storage(pybind11::module_& module);
void add_settings(pybind11::module_& module);
void add_folding(pybind11::module_& module);  ///< after add_collect and add_logging, whose lock comes second at a fork
void add_exposer(pybind11::module_& module);  ///< after add_collect
void add_instruments(pybind11::module_& module);
void add_request_calls(pybind11::module_& module);
void add_value(pybind11::module_& module);
void add_python_backend(pybind11::module_& module);
void add_number(pybind11::module_& module);
void add_redis(pybind11::module_& module);           ///< after add_collect: its sources are Sources
void add_storage_source(pybind11::module_& module);  ///< after add_redis

}  // namespace weir::python
