// A group of cells for the storage tests: the least a child can be.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/registration_lock.h"
#include "weir/cell.h"
#include "weir/storage.h"

namespace weir {

class TestGroup : public CellGroup {
 public:
  TestGroup(Storage& storage, std::string name, std::uint32_t count = 1, MetricType type = MetricType::counter,
            GaugeMode mode = GaugeMode::all)
      : name_(std::move(name)), type_(type), mode_(mode) {
    const RegistrationHold hold;
    open(storage, count);
  }
  ~TestGroup() override { close(); }

  SampleName sample_name(std::uint32_t i) const override {
    return {name_ + (i == 0 ? "" : "_" + std::to_string(i)), {}, {}};
  }
  std::string_view family_name() const noexcept override { return name_; }
  std::string_view help() const noexcept override { return "h"; }
  MetricType type() const noexcept override { return type_; }
  GaugeMode mode() const noexcept override { return mode_; }

  using CellGroup::add;
  using CellGroup::add_async;
  using CellGroup::add_both;
  using CellGroup::read;
  using CellGroup::shared_cell;

 private:
  const std::string name_;
  const MetricType type_;
  const GaugeMode mode_;
};

/// A new directory, removed with its contents at the end.
class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-storage-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = name;
  }
  ~TestDirectory() { std::filesystem::remove_all(path_); }
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      all.push_back(entry.path().filename().string());
    return all;
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace weir
