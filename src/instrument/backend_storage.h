// The Storage of user's own backends: an object with virtual calls for every sample, instead of a cell.
//
// Thread safety: constant after construction. Process safety: a child process has the parent's objects as far as fork
// copies them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include "weir/backend.h"
#include "weir/storage.h"

namespace weir {

class BackendStorage : public Storage {
 public:
  BackendStorage(std::string name, BackendConfig config, BackendFactory make)
      : name_(std::move(name)), config_(std::move(config)), make_(std::move(make)) {}

  std::string_view backend_name() const noexcept override { return name_; }
  std::string describe() const override { return "backend " + name_; }

  bool holds_backends() const noexcept override { return true; }
  std::unique_ptr<Backend> make_backend(const CellGroup& group, std::uint32_t i) override;
  void make_cells(const CellGroup& /*group*/, std::size_t /*slot*/, std::span<Cell*> out) override {
    std::ranges::fill(out, nullptr);
  }
  void release_cells(const CellGroup& /*group*/, std::size_t /*slot*/,
                     std::span<Cell* const> /*cells*/) noexcept override {}
  void close_after_fork() noexcept override {}
  void start_in_child() override {}

 private:
  const std::string name_;
  const BackendConfig config_;
  const BackendFactory make_;
};

}  // namespace weir
