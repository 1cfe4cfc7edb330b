// What is counted here, by whom: each subject does one kind of counting, as the floor or as Weir.
//
// The inputs are the same for all, in the same order, so the truth is known: after n whole blocks every input was used
// n times. Thread safety: run() is called from as many threads as the subject was made for, each with its own number.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "weir/storage.h"

namespace weir::bench {

inline constexpr std::size_t kBlock = 4096;
inline constexpr std::size_t kChildren = 1000;

struct Inputs {
  Inputs();
  std::array<double, kBlock> observations;  ///< seconds, multiples of 1/1024, so that sums are exact
  std::array<std::pair<std::string, std::string>, kChildren> names;
  std::array<std::pair<std::string_view, std::string_view>, kBlock> labels;
  std::array<std::size_t, kBlock> child;  ///< the number of labels[i] in names
};
const Inputs& inputs();

enum class Kind { counter, gauge, recent_gauge, histogram, summary, labels };

class Subject {
 public:
  virtual ~Subject() = default;
  /// Counts `blocks` times every input.
  virtual void run(std::size_t blocks, std::size_t thread) = 0;
  /// Empty when it holds the result of `blocks` blocks.
  virtual std::string fault(std::size_t blocks) = 0;
};

/// The least work, coded by hand, in a shared file mapping in `directory`.
std::unique_ptr<Subject> make_floor(Kind kind, const std::filesystem::path& directory, std::size_t threads);
/// `name` is the metric's. `directory` empty: memory storage.
std::unique_ptr<Subject> make_weir(Kind kind, const std::string& name, const std::filesystem::path& directory);

}  // namespace weir::bench
