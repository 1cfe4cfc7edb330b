// Every backend of this room and below conforms: memory, both file layouts, a user's own.

#include <filesystem>
#include <mutex>
#include <optional>

#include "instrument/backend_conformance_for_test.h"
#include "instrument/backend_storage.h"

namespace weir {
namespace {

// A user's backend as a user would write it.
class OwnBackend : public Backend {
 public:
  OwnBackend(const BackendConfig&, const BackendMetric&, std::optional<std::string>) {}
  void inc(double amount) override {
    change([&](double v) { return v + amount; });
  }
  void dec(double amount) override {
    change([&](double v) { return v - amount; });
  }
  void set(double value) override {
    change([&](double) { return value; });
  }
  double get() const override {
    const std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  template <typename F>
  void change(F f) {
    const std::lock_guard lock(mutex_);
    value_ = f(value_);
  }
  mutable std::mutex mutex_;
  double value_ = 0;
};

std::filesystem::path fresh_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "weir-conformance-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  return name;
}

class MemoryUnderTest final : public StorageUnderTest {
 public:
  Storage& storage() override { return memory_storage(); }
  std::string_view backend_name() const override { return "SingleProcessBackend"; }
};

class FilesUnderTest final : public StorageUnderTest {
 public:
  explicit FilesUnderTest(FileLayout layout) : layout_(layout) {}
  ~FilesUnderTest() override { std::filesystem::remove_all(directory_); }
  Storage& storage() override { return file_storage(directory_, layout_); }
  std::string_view backend_name() const override { return "MultiProcessFileBackend"; }
  bool keeps_removed() const override { return true; }
  bool keeps_removed_enum() const override { return layout_ == FileLayout::current; }  // the old one holds no enums

 private:
  const std::filesystem::path directory_ = fresh_directory();
  const FileLayout layout_;
};

class UsersOwnUnderTest final : public StorageUnderTest {
 public:
  Storage& storage() override { return own_; }
  std::string_view backend_name() const override { return "OwnBackend"; }

 private:
  BackendStorage own_{"OwnBackend", BackendConfig{},
                      [](const BackendConfig& c, const BackendMetric& m, std::optional<std::string> b) {
                        return std::make_unique<OwnBackend>(c, m, std::move(b));
                      }};
};

const ConformingStorage kEvery[] = {
    {"Memory", [] { return std::make_unique<MemoryUnderTest>(); }},
    {"File", [] { return std::make_unique<FilesUnderTest>(FileLayout::current); }},
    {"File016", [] { return std::make_unique<FilesUnderTest>(FileLayout::v0_16); }},
    {"UsersOwn", [] { return std::make_unique<UsersOwnUnderTest>(); }},
};
INSTANTIATE_TEST_SUITE_P(Backends, EveryBackend, testing::ValuesIn(kEvery), conforming_name);

}  // namespace
}  // namespace weir
