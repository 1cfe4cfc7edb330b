#include "native/errors.h"

#include <array>
#include <new>
#include <stdexcept>

#include "native/binding.h"
#include "weir/error.h"
#if WEIR_WITH_REDIS
#include "weir/redis_error.h"
#endif

namespace weir::python {
namespace {

/// Python's class of each C++ class; made once, kept for the process's life, as the module is.
struct Classes {
  PyObject* error = nullptr;
  PyObject* value = nullptr;
  PyObject* registration = nullptr;
  PyObject* config = nullptr;
  PyObject* storage = nullptr;
  PyObject* format = nullptr;
  PyObject* redis = nullptr;
  PyObject* redis_connection = nullptr;
  PyObject* redis_timeout = nullptr;
  PyObject* redis_authentication = nullptr;
  PyObject* redis_reply = nullptr;
};
Classes classes;

PyObject* make_class(pybind11::module_& module, const char* name, const char* doc,
                     std::initializer_list<PyObject*> bases) {
  pybind11::tuple tuple(bases.size());
  std::size_t i = 0;
  for (PyObject* base : bases) tuple[i++] = pybind11::handle(base);
  PyObject* made = PyErr_NewExceptionWithDoc((std::string("weir.") + name).c_str(), doc, tuple.ptr(), nullptr);
  if (made == nullptr) throw pybind11::error_already_set();
  module.add_object(name, made);
  Py_INCREF(made);
  return made;
}

PyObject* class_of(const Error& error) {
#if WEIR_WITH_REDIS
  if (dynamic_cast<const RedisAuthenticationError*>(&error) != nullptr) return classes.redis_authentication;
  if (dynamic_cast<const RedisConnectionError*>(&error) != nullptr) return classes.redis_connection;
  if (dynamic_cast<const RedisTimeoutError*>(&error) != nullptr) return classes.redis_timeout;
  if (dynamic_cast<const RedisReplyError*>(&error) != nullptr) return classes.redis_reply;
  if (dynamic_cast<const RedisError*>(&error) != nullptr) return classes.redis;
#endif
  if (dynamic_cast<const ValueError*>(&error) != nullptr) return classes.value;
  if (dynamic_cast<const RegistrationError*>(&error) != nullptr) return classes.registration;
  if (dynamic_cast<const ConfigError*>(&error) != nullptr) return classes.config;
  if (dynamic_cast<const StorageError*>(&error) != nullptr) return classes.storage;
  if (dynamic_cast<const FormatError*>(&error) != nullptr) return classes.format;
  return classes.error;
}

}  // namespace

void set_python_error(std::exception_ptr pointer) noexcept {
  try {
    std::rethrow_exception(pointer);
  } catch (pybind11::error_already_set& error) {
    error.restore();
  } catch (const pybind11::builtin_exception& error) {  // type_error, value_error, …
    error.set_error();
  } catch (const Error& error) {
    PyErr_SetString(class_of(error), error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (...) {
    PyErr_SetString(PyExc_RuntimeError, "weir: an exception of unknown kind");
  }
}

void add_errors(pybind11::module_& module) {
  classes.error = make_class(module, "Error", "Base of everything Weir raises.", {PyExc_Exception});
  classes.value = make_class(module, "ValueError", "An argument outside its range: a negative increment, a bad name.",
                             {classes.error, PyExc_ValueError});
  classes.registration = make_class(module, "RegistrationError", "A metric that clashes with one already registered.",
                                    {classes.error, PyExc_ValueError});
  classes.config = make_class(module, "ConfigError", "A setting that cannot be used; the message names it.",
                              {classes.error, PyExc_ValueError});
  classes.storage =
      make_class(module, "StorageError", "A file or directory that cannot be made, read, locked or filled.",
                 {classes.error, PyExc_OSError});
  classes.format =
      make_class(module, "FormatError", "Bytes that are not what they should be.", {classes.error, PyExc_ValueError});
  classes.redis =
      make_class(module, "RedisError", "What went wrong between this process and a Redis.", {classes.error});
  classes.redis_connection =
      make_class(module, "RedisConnectionError", "No connection, or one that broke.", {classes.redis});
  classes.redis_timeout =
      make_class(module, "RedisTimeoutError", "No answer within the time allowed.", {classes.redis});
  classes.redis_authentication =
      make_class(module, "RedisAuthenticationError", "Wrong password or user, or no permission.", {classes.redis});
  classes.redis_reply =
      make_class(module, "RedisReplyError", "An error the server answered, in its words.", {classes.redis});
  pybind11::register_exception_translator([](std::exception_ptr pointer) {
    if (!pointer) return;
    try {
      std::rethrow_exception(pointer);
    } catch (const Error&) {
      set_python_error(std::current_exception());
    }
  });
}

}  // namespace weir::python
