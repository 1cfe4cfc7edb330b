// weir._weir.Folding: what ended processes counted, folded by a thread of this process while it does something else.
//
// Thread safety: every member from any thread. Process safety: fork waits for a fold of a directory that runs, so that
// no child inherits its lock and its open files; a child has no thread and folds nothing. Invariants: I1, I2, I8.
#include <pthread.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "fold/background_fold.h"
#include "native/binding.h"
#include "native/gil.h"
#include "weir/error.h"
#include "weir/multiprocess.h"
#if WEIR_WITH_REDIS
#include "weir/redis_fold.h"
#include "weir/redis_settings.h"
#endif

namespace weir::python {
namespace {

namespace py = pybind11;

/// Held while a directory is folded. Its holder never waits for the GIL, so that fork, under it, may wait.
std::mutex& fold_mutex() {
  static std::mutex* const mutex = new std::mutex;  // never destroyed: threads may fold until the very end
  return *mutex;
}

BackgroundFold::Fold fold_between_forks(const std::string& directory, const std::string& files) {
  if (files != "auto" && files != "weir" && files != "all") {
    throw ConfigError("files='" + files + "': must be 'auto', 'weir' or 'all'");
  }
  FoldOptions options;
  options.stock_files = files == "all";
  options.only_among_weir = files == "auto";
  return [fold = fold_of_directory(directory, std::move(options))](std::size_t least_sources) {
    const std::lock_guard hold(fold_mutex());
    return fold(least_sources);
  };
}

class Folding final : public Source {
 public:
  Folding(BackgroundFold::Fold fold, std::string described)
      : described_(std::move(described)),
        fold_(std::make_unique<BackgroundFold>(std::move(fold), BackgroundFoldOptions{})) {}
  ~Folding() override { stop(); }
  Folding(const Folding&) = delete;
  Folding& operator=(const Folding&) = delete;

  void look_soon() {
    if (is_inherited()) return;
    const std::lock_guard hold(mutex_);
    if (fold_ != nullptr) fold_->look_soon();
  }
  /// Waits for a fold that runs. In a forked child there is nothing to wait for, and what is there is left as it is.
  void stop() {
    if (is_inherited()) {
      static_cast<void>(fold_.release());
      return;
    }
    const std::lock_guard hold(mutex_);
    fold_.reset();
  }
  std::shared_ptr<const Collection> collect() override {
    if (is_inherited()) return std::make_shared<const Collection>();
    const std::lock_guard hold(mutex_);
    return fold_ != nullptr ? fold_->collect() : std::make_shared<const Collection>();
  }
  std::string describe() const override { return described_; }

 private:
  /// By fork: its lock may be held by a thread that is not there.
  bool is_inherited() const noexcept { return pid_ != ::getpid(); }

  const pid_t pid_ = ::getpid();
  const std::string described_;
  std::mutex mutex_;                      // of fold_, against stop()
  std::unique_ptr<BackgroundFold> fold_;  // nothing once stopped
};

std::shared_ptr<Folding> folding_of_directory(const std::string& directory, const std::string& files) {
  return std::make_shared<Folding>(fold_between_forks(directory, files), "folding " + directory);
}

#if WEIR_WITH_REDIS
std::shared_ptr<Folding> folding_of_redis() {
  const RedisSettings settings = redis_settings_from_environment();
  auto client = make_redis_client(settings.client);
  const std::string described = "folding " + client->describe();
  auto fold = std::make_shared<RedisFold>(std::move(client), RedisFoldOptions{.key_prefix = settings.key_prefix});
  return std::make_shared<Folding>([fold](std::size_t /*least_sources*/) { return fold->fold(); }, described);
}
#endif

}  // namespace

void add_folding(py::module_& module) {
  ::pthread_atfork([] { fold_mutex().lock(); }, [] { fold_mutex().unlock(); }, [] { fold_mutex().unlock(); });
  py::class_<Folding, Source, std::shared_ptr<Folding>>(
      module, "Folding", "Folds what ended processes counted, every 10 s, by a thread; as a source, how that goes.")
      .def(py::init(&folding_of_directory), py::arg("directory"), py::arg("files") = "auto",
           "Of a directory. files: 'weir', those of Weir's processes; 'auto', the same where no other client writes; "
           "'all', theirs too (ignore SIGIO first).")
      .def("look_soon", &Folding::look_soon, "A process has ended: looks now, not at the end of the 10 s.")
      .def(
          "stop",
          [](Folding& self) {
            without_gil([&] {
              self.stop();
              return true;
            });
          },
          "Waits for a fold that runs. Again: nothing.");
#if WEIR_WITH_REDIS
  module.def("redis_folding", &folding_of_redis, "Folding of the Redis the environment names, per-process layout.");
#endif
}

}  // namespace weir::python
