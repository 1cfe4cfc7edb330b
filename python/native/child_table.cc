#include "native/child_table.h"

#include <cstring>
#include <utility>

namespace weir::python {
namespace {

bool same_text(PyObject* a, PyObject* b) noexcept {
  if (a == b) return true;
  const Py_ssize_t length = PyUnicode_GET_LENGTH(a);
  const auto kind = PyUnicode_KIND(a);
  if (length != PyUnicode_GET_LENGTH(b) || kind != PyUnicode_KIND(b)) return false;
  return std::memcmp(PyUnicode_DATA(a), PyUnicode_DATA(b),
                     static_cast<std::size_t>(length) * static_cast<std::size_t>(kind)) == 0;
}

}  // namespace

std::size_t ChildTable::hash_of(std::span<PyObject* const> values) noexcept {
  std::size_t hash = 0x9e3779b97f4a7c15U;
  for (PyObject* const value : values) {
    hash = (hash ^ static_cast<std::size_t>(PyObject_Hash(value))) * 0xe7037ed1a0b428dbU;
    hash ^= hash >> 32U;
  }
  return hash;
}

bool ChildTable::same(PyObject* tuple, std::span<PyObject* const> values) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!same_text(PyTuple_GET_ITEM(tuple, static_cast<Py_ssize_t>(i)), values[i])) return false;
  }
  return true;
}

// Where they stand, or the empty entry where they would.
std::size_t ChildTable::place_of(std::size_t hash, std::span<PyObject* const> values) const noexcept {
  std::size_t at = hash & mask();
  while (entries_[at].child != nullptr && !(entries_[at].hash == hash && same(entries_[at].values, values))) {
    at = (at + 1) & mask();
  }
  return at;
}

PyObject* ChildTable::find(std::size_t hash, std::span<PyObject* const> values) const noexcept {
  return entries_[place_of(hash, values)].child;
}

void ChildTable::put(std::vector<Entry>& entries, const Entry& entry) noexcept {
  std::size_t at = entry.hash & (entries.size() - 1);
  while (entries[at].child != nullptr) at = (at + 1) & (entries.size() - 1);
  entries[at] = entry;
}

void ChildTable::insert(std::size_t hash, PyObject* values, PyObject* child) {
  if (2 * (size_ + 1) > entries_.size()) {
    std::vector<Entry> larger(entries_.size() * 2);
    for (const Entry& entry : entries_) {
      if (entry.child != nullptr) put(larger, entry);
    }
    entries_.swap(larger);
  }
  Py_INCREF(child);
  put(entries_, {hash, values, child});
  ++size_;
}

PyObject* ChildTable::take(std::size_t hash, std::span<PyObject* const> values) noexcept {
  std::size_t gap = place_of(hash, values);
  PyObject* const taken = entries_[gap].child;
  if (taken == nullptr) return nullptr;
  entries_[gap] = {};
  --size_;
  // Whoever stands behind the gap and would have stood at it or before it moves up.
  for (std::size_t at = (gap + 1) & mask(); entries_[at].child != nullptr; at = (at + 1) & mask()) {
    const std::size_t wanted = entries_[at].hash & mask();
    if (((at - wanted) & mask()) < ((at - gap) & mask())) continue;
    entries_[gap] = std::exchange(entries_[at], {});
    gap = at;
  }
  return taken;
}

void ChildTable::clear() noexcept {
  std::vector<Entry> gone(8);
  gone.swap(entries_);  // what follows may come back here
  size_ = 0;
  for (const Entry& entry : gone) Py_XDECREF(entry.child);
}

}  // namespace weir::python
