// Which child object has which label values: what `labels()` looks into, without making an object.
//
// Open addressing with linear probing; removal closes the gap. Keys are tuples of exact `str`; a string keeps its hash,
// and equal label values are mostly the same string object, so a look-up is a few comparisons.
//
// Thread safety: the GIL. No Python code runs inside: exact strings compare in C.
#pragma once

#include <Python.h>

#include <span>
#include <vector>

#include "native/child_works.h"

namespace weir::python {

class ChildTable {
 public:
  /// An entry: the label values (borrowed from the child) and the child (owned).
  struct Entry {
    std::size_t hash = 0;
    PyObject* values = nullptr;  // tuple of str
    PyObject* child = nullptr;   // null: an empty entry
  };

  /// Of children with that many labels.
  explicit ChildTable(std::size_t width) : width_(width), entries_(8) {}
  ~ChildTable() { clear(); }
  ChildTable(const ChildTable&) = delete;
  ChildTable& operator=(const ChildTable&) = delete;

  /// Of exact strings.
  static std::size_t hash_of(std::span<PyObject* const> values) noexcept;
  /// Borrowed; nullptr when there is none.
  PyObject* find(std::size_t hash, std::span<PyObject* const> values) const noexcept;
  /// Takes a reference to `child`, whose label values are `values`. There is none with these yet.
  void insert(std::size_t hash, PyObject* values, PyObject* child);
  /// The child, now the caller's; nullptr when there is none.
  PyObject* take(std::size_t hash, std::span<PyObject* const> values) noexcept;
  void clear() noexcept;
  std::size_t width() const noexcept { return width_; }
  /// Empty ones among them.
  std::span<const Entry> entries() const noexcept { return entries_; }

  /// Who makes or removes children without the GIL.
  ChildWorks& works() noexcept { return works_; }

 private:
  std::size_t mask() const noexcept { return entries_.size() - 1; }
  static bool same(PyObject* tuple, std::span<PyObject* const> values) noexcept;
  std::size_t place_of(std::size_t hash, std::span<PyObject* const> values) const noexcept;
  static void put(std::vector<Entry>& entries, const Entry& entry) noexcept;

  std::size_t width_;
  std::vector<Entry> entries_;  // a power of two, at most half of them used
  std::size_t size_ = 0;
  ChildWorks works_;
};

}  // namespace weir::python
