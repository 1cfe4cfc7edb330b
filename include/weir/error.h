// What Weir throws on cold paths: one base, a child a kind of cause.
//
// Every message names the operation, the object (path, key, variable, argument), its value, and what would be right.
// Hot verbs (`inc`, `set`, `observe` on valid input) are noexcept and throw nothing.
// Thread safety: values.
#pragma once

#include <stdexcept>
#include <string>

namespace weir {

/// Base of everything Weir throws.
class Error : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// An argument outside its range: a negative counter increment, a bad name, unsorted buckets, wrong label count.
class ValueError : public Error {
  using Error::Error;
};

/// A metric that clashes with one already registered.
class RegistrationError : public Error {
  using Error::Error;
};

/// A setting that cannot be used: environment variable, configuration file, backend name.
class ConfigError : public Error {
  using Error::Error;
};

/// A file or directory that cannot be made, read, locked or filled. The message ends in the system's own words.
class StorageError : public Error {
  using Error::Error;
};

/// Bytes that are not what they should be: a record, a key, a file name, a request.
class FormatError : public Error {
  using Error::Error;
};

}  // namespace weir
