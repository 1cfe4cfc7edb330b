// The choice of storage is a decision of the whole process, so every case runs in a process of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "instrument/backend_choice.h"
#include "weir/backend.h"
#include "weir/error.h"
#include "weir/log.h"
#include "weir/registry.h"

namespace weir {
namespace {

using testing::HasSubstr;

class LoadBackend : public testing::Test {
 protected:
  LoadBackend() {
    std::string name = (std::filesystem::temp_directory_path() / "weir-backend-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
  }
  ~LoadBackend() override { std::filesystem::remove_all(directory_); }

  // What `body` returns in a child process with that environment and nothing else of ours; "threw: …" for a
  // ConfigError.
  std::string in_process(const std::vector<std::pair<std::string, std::string>>& environment,
                         const std::function<std::string()>& body) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      for (const char* name : {"WEIR_BACKEND_CLASS", "WEIR_BACKEND_CONFIG", "PYTHEUS_BACKEND_CLASS",
                               "PYTHEUS_BACKEND_CONFIG", "REDIS_ENABLED", "PROMETHEUS_REDIS_URL",
                               "PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir", "WEIR_FILE_LAYOUT"}) {
        ::unsetenv(name);
      }
      for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      std::string answer;
      try {
        answer = body();
      } catch (const ConfigError& error) {
        answer = std::string("threw: ") + error.what();
      }
      const bool sent = ::write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
      ::_exit(sent ? 0 : 1);
    }
    ::close(ends[1]);
    std::string answer;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    return answer;
  }
  std::string file(const std::string& name, const std::string& content) {
    const auto path = directory_ / name;
    std::ofstream(path) << content;
    return path.string();
  }
  std::string metrics() const { return (directory_ / "metrics").string(); }
  static std::string backend_of_a_counter() {
    return std::string(default_registry().counter({.name = "jobs", .help = "J."}).backend_name());
  }

  std::filesystem::path directory_;
};

TEST_F(LoadBackend, MemoryIsTheDefault) { EXPECT_EQ(in_process({}, backend_of_a_counter), "SingleProcessBackend"); }

TEST_F(LoadBackend, MultiprocDirectoryChoosesFilesAndIsMade) {
  EXPECT_EQ(in_process({{"PROMETHEUS_MULTIPROC_DIR", metrics()}}, backend_of_a_counter), "MultiProcessFileBackend");
  EXPECT_FALSE(std::filesystem::is_empty(metrics()));
}

TEST_F(LoadBackend, OldLowerCaseVariableStillCountsWithAWarning) {
  EXPECT_EQ(in_process({{"prometheus_multiproc_dir", metrics()}},
                       [] {
                         static std::string said;
                         set_log_sink([](LogLevel, std::string_view line) noexcept { said += line; });
                         return backend_of_a_counter() + ": " + said;
                       }),
            "MultiProcessFileBackend: prometheus_multiproc_dir is deprecated, set PROMETHEUS_MULTIPROC_DIR instead");
}

TEST_F(LoadBackend, WeirsVariableBeatsPytheusAndTheDirectory) {
  EXPECT_EQ(in_process({{"WEIR_BACKEND_CLASS", "SingleProcessBackend"},
                        {"PYTHEUS_BACKEND_CLASS", "pytheus.backends.redis.MultiProcessFileBackend"},
                        {"PROMETHEUS_MULTIPROC_DIR", metrics()}},
                       backend_of_a_counter),
            "SingleProcessBackend");
}

TEST_F(LoadBackend, PytheusImportPathCountsByItsLastPart) {
  const std::string config = file("config.json", "{\"directory\": \"" + metrics() + "\"}");
  EXPECT_EQ(in_process({{"PYTHEUS_BACKEND_CLASS", "pytheus.backends.redis.MultiProcessFileBackend"},
                        {"PYTHEUS_BACKEND_CONFIG", config}},
                       backend_of_a_counter),
            "MultiProcessFileBackend");
  EXPECT_FALSE(std::filesystem::is_empty(metrics()));
}

TEST_F(LoadBackend, ArgumentBeatsTheEnvironment) {
  EXPECT_EQ(in_process({{"PROMETHEUS_MULTIPROC_DIR", metrics()}},
                       [] {
                         load_backend("SingleProcessBackend");
                         return backend_of_a_counter();
                       }),
            "SingleProcessBackend");
}

TEST_F(LoadBackend, AnotherChoiceAfterTheFirstMetricIsAnError) {
  const std::string directory = metrics();
  EXPECT_THAT(in_process({},
                         [&] {
                           backend_of_a_counter();
                           load_backend("MultiProcessFileBackend", {{"directory", directory}});
                           return std::string("not refused");
                         }),
              HasSubstr("before the first metric"));
  EXPECT_EQ(in_process({},
                       [] {
                         backend_of_a_counter();
                         load_backend("SingleProcessBackend");
                         return std::string("the same is fine");
                       }),
            "the same is fine");
}

TEST_F(LoadBackend, UnknownClassIsNamedWithItsVariable) {
  EXPECT_THAT(in_process({{"WEIR_BACKEND_CLASS", "Nonsense"}}, backend_of_a_counter),
              testing::AllOf(HasSubstr("WEIR_BACKEND_CLASS=Nonsense"), HasSubstr("MultiProcessFileBackend")));
  EXPECT_THAT(
      in_process({{"PYTHEUS_BACKEND_CLASS", "pytheus.backends.redis.MultiProcessRedisBackend"}}, backend_of_a_counter),
      testing::AllOf(HasSubstr("link weir::redis"), HasSubstr("WEIR_WITH_REDIS=ON"), HasSubstr("libssl-dev")));
}

TEST_F(LoadBackend, UnreadableOrMalformedConfigurationIsNamed) {
  const auto with = [&](const std::string& path) {
    return in_process({{"WEIR_BACKEND_CLASS", "MultiProcessFileBackend"}, {"WEIR_BACKEND_CONFIG", path}},
                      backend_of_a_counter);
  };
  EXPECT_THAT(with("/nonexistent/config.json"), HasSubstr("/nonexistent/config.json"));
  EXPECT_THAT(with(file("broken.json", "{\"directory\": ")), HasSubstr("broken.json"));
  EXPECT_THAT(with(file("list.json", "[1, 2]")), testing::AllOf(HasSubstr("list.json"), HasSubstr("object")));
}

TEST_F(LoadBackend, FileBackendWithoutADirectorySaysWhichVariableToSet) {
  EXPECT_THAT(in_process({{"WEIR_BACKEND_CLASS", "MultiProcessFileBackend"}}, backend_of_a_counter),
              HasSubstr("PROMETHEUS_MULTIPROC_DIR"));
}

TEST_F(LoadBackend, DirectoryThatCannotBeMadeIsNamedWithItsVariable) {
  const std::string directory = file("a_file", "x") + "/metrics";
  EXPECT_THAT(in_process({{"PROMETHEUS_MULTIPROC_DIR", directory}},
                         [] {
                           try {
                             return backend_of_a_counter();
                           } catch (const StorageError& error) {
                             return std::string(error.what());
                           }
                         }),
              testing::AllOf(HasSubstr("PROMETHEUS_MULTIPROC_DIR=" + directory), HasSubstr("must be a directory")));
}

TEST_F(LoadBackend, WrongFlagAndLayoutNameVariableAndValue) {
  EXPECT_THAT(in_process({{"REDIS_ENABLED", "maybe"}}, backend_of_a_counter), HasSubstr("REDIS_ENABLED=\"maybe\""));
  EXPECT_THAT(in_process({{"PROMETHEUS_MULTIPROC_DIR", metrics()}, {"WEIR_FILE_LAYOUT", "0.17"}}, backend_of_a_counter),
              HasSubstr("WEIR_FILE_LAYOUT=0.17"));
}

TEST_F(LoadBackend, RedisAskedForWithoutSupportMeansFilesAndAWordHowToGetIt) {
  const std::string answer = in_process({{"REDIS_ENABLED", "Yes"}, {"PROMETHEUS_MULTIPROC_DIR", metrics()}}, [] {
    static std::string said;
    set_log_sink([](LogLevel, std::string_view line) noexcept { said += line; });
    return backend_of_a_counter() + ": " + said;
  });
  EXPECT_THAT(answer, testing::AllOf(testing::StartsWith("MultiProcessFileBackend: "), HasSubstr("link weir::redis"),
                                     HasSubstr("values go to " + metrics())));
}

TEST_F(LoadBackend, RedisAskedForWithoutSupportAndWithoutADirectoryIsAnError) {
  EXPECT_THAT(in_process({{"REDIS_ENABLED", "true"}}, backend_of_a_counter),
              testing::AllOf(testing::StartsWith("threw: REDIS_ENABLED is set"), HasSubstr("link weir::redis"),
                             HasSubstr("PROMETHEUS_MULTIPROC_DIR")));
}

// Stands for weir-redis: what it registers, in memory.
std::string with_redis(const std::function<std::string()>& body) {
  for (const char* name : {"RedisStorage", "MultiProcessRedisBackend"}) {
    register_storage(name, [](const BackendConfig&) -> Storage& { return memory_storage(); });
  }
  return body();
}

TEST_F(LoadBackend, RedisEnabledChoosesTheRegisteredStorageBeforeTheDirectory) {
  EXPECT_EQ(in_process({{"REDIS_ENABLED", "true"}, {"PROMETHEUS_MULTIPROC_DIR", metrics()}},
                       [] { return with_redis(backend_class); }),
            "RedisStorage");
  EXPECT_FALSE(std::filesystem::exists(metrics()));
}

TEST_F(LoadBackend, ClassVariableBeatsRedisEnabled) {
  EXPECT_EQ(in_process({{"REDIS_ENABLED", "true"}, {"WEIR_BACKEND_CLASS", "SingleProcessBackend"}},
                       [] { return with_redis(backend_class); }),
            "SingleProcessBackend");
}

TEST_F(LoadBackend, UrlOfARedisAloneEnablesNothing) {
  EXPECT_EQ(in_process({{"PROMETHEUS_REDIS_URL", "redis://localhost"}}, [] { return with_redis(backend_class); }),
            "SingleProcessBackend");
}

TEST_F(LoadBackend, RegisteredStorageGetsTheConfigurationOnce) {
  EXPECT_EQ(in_process({{"PYTHEUS_BACKEND_CLASS", "pytheus.backends.redis.MultiProcessRedisBackend"},
                        {"PYTHEUS_BACKEND_CONFIG", file("redis.json", R"({"host": "h", "port": 6380})")}},
                       [] {
                         static std::string asked;
                         register_storage("MultiProcessRedisBackend", [](const BackendConfig& config) -> Storage& {
                           for (const auto& [key, value] : config) asked += key + "=" + value + " ";
                           return memory_storage();
                         });
                         default_registry().counter({.name = "jobs", .help = "J."});
                         default_registry().counter({.name = "more_jobs", .help = "J."});
                         return asked;
                       }),
            "host=h port=6380 ");
}

TEST_F(LoadBackend, WrongSettingsOfRedisAreAnErrorNotAFallback) {
  EXPECT_EQ(in_process({{"REDIS_ENABLED", "true"}},
                       [] {
                         register_storage("RedisStorage", [](const BackendConfig&) -> Storage& {
                           throw ConfigError("REDIS_PORT=\"x\": must be a port");
                         });
                         return backend_of_a_counter();
                       }),
            "threw: REDIS_PORT=\"x\": must be a port");
}

TEST_F(LoadBackend, UnknownSettingOfABuiltInBackendIsNamed) {
  EXPECT_THAT(in_process({{"WEIR_BACKEND_CLASS", "MultiProcessFileBackend"},
                          {"WEIR_BACKEND_CONFIG", file("c.json", R"({"dir": "/run/metrics"})")}},
                         backend_of_a_counter),
              testing::AllOf(HasSubstr("\"dir\""), HasSubstr("known are: directory")));
  EXPECT_THAT(in_process({},
                         [] {
                           load_backend("SingleProcessBackend", {{"directory", "/run"}});
                           return std::string("not refused");
                         }),
              testing::AllOf(HasSubstr("SingleProcessBackend"), HasSubstr("\"directory\"")));
}

TEST_F(LoadBackend, SettingsWithoutAClassAreNamedExceptPytheus) {
  const std::string config = file("c.json", "{}");
  EXPECT_THAT(in_process({{"WEIR_BACKEND_CONFIG", config}}, backend_of_a_counter),
              testing::AllOf(HasSubstr("WEIR_BACKEND_CONFIG=" + config), HasSubstr("set WEIR_BACKEND_CLASS")));
  EXPECT_EQ(in_process({{"PYTHEUS_BACKEND_CONFIG", config}}, backend_of_a_counter), "SingleProcessBackend");
}

class Recording : public Backend {
 public:
  Recording(const BackendConfig& config, const BackendMetric& metric, std::optional<std::string> bucket) {
    log_ += metric.sample_name + "/" + config.at("tag") + "/" + bucket.value_or("-") + " ";
  }
  static void initialize(const BackendConfig& config) { log_ += "initialize/" + config.at("tag") + " "; }
  void inc(double) override {}
  void dec(double) override {}
  void set(double) override {}
  double get() const override { return 42; }
  static std::string log_;
};
std::string Recording::log_;

TEST_F(LoadBackend, UsersBackendIsInitializedOnceAndMadeForEveryValue) {
  EXPECT_EQ(in_process({},
                       [] {
                         register_backend<Recording>("Recording");
                         load_backend("Recording", {{"tag", "t"}});
                         default_registry().counter({.name = "jobs", .help = "J."});
                         default_registry().histogram({.name = "h", .help = "H.", .buckets = {1}});
                         return Recording::log_;
                       }),
            "initialize/t jobs_total/t/- h_bucket/t/1.0 h_bucket/t/+Inf h_sum/t/- ");
}

TEST_F(LoadBackend, TakenNameOfABackendIsRefused) {
  EXPECT_THROW(register_backend("SingleProcessBackend", {}), RegistrationError);
  EXPECT_THROW(register_backend("", {}), RegistrationError);
  EXPECT_THROW(register_storage("MultiProcessFileBackend", {}), RegistrationError);
  EXPECT_EQ(in_process({},
                       [] {
                         return with_redis([] {
                           try {
                             register_backend<Recording>("RedisStorage");
                           } catch (const RegistrationError& error) {
                             return std::string(error.what());
                           }
                           return std::string("not refused");
                         });
                       }),
            "register_backend: the name \"RedisStorage\" is taken");
}

TEST_F(LoadBackend, ConfigurationKeepsNumbersAndFlagsAsSpelled) {
  const BackendConfig config =
      read_backend_config(file("c.json", R"({"host": "h", "port": 6379, "tls": true, "none": null})"));
  EXPECT_EQ(config.at("port"), "6379");
  EXPECT_EQ(config.at("tls"), "true");
  EXPECT_EQ(config.at("host"), "h");
}

}  // namespace
}  // namespace weir
