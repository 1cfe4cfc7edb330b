#include "config/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <thread>

#include "weir/error.h"
#include "weir/log.h"

namespace weir::environment {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kName = "WEIR_ENVIRONMENT_TEST";

class Environment : public testing::Test {
 protected:
  ~Environment() override {
    for (const char* name : {kName, "PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"}) ::unsetenv(name);
  }
  static void set(const char* value) { ::setenv(kName, value, 1); }
  /// What the ConfigError says; empty when there is none.
  template <typename Function>
  static std::string refusal(Function&& function) {
    try {
      function();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(Environment, EmptyCountsAsNotSet) {
  EXPECT_FALSE(variable(kName));
  set("");
  EXPECT_FALSE(variable(kName));
  EXPECT_FALSE(flag(kName));
  EXPECT_FALSE(integer(kName, 1, 2));
  EXPECT_FALSE(seconds(kName, milliseconds(1), milliseconds(2)));
  set("x");
  EXPECT_EQ(variable(kName), "x");
}

TEST_F(Environment, FlagsAreFourWordsEachWayInAnyCase) {
  for (const char* value : {"true", "1", "yes", "on", "TRUE", "Yes"}) {
    set(value);
    EXPECT_TRUE(flag(kName)) << value;
  }
  for (const char* value : {"false", "0", "no", "off", "False"}) {
    set(value);
    EXPECT_FALSE(flag(kName)) << value;
  }
  set("maybe");
  EXPECT_THAT(refusal([] { flag(kName); }), AllOf(HasSubstr(std::string(kName) + "=\"maybe\""), HasSubstr("true")));
}

TEST_F(Environment, IntegersKeepTheirRange) {
  for (const char* value : {"1", "65535"}) {
    set(value);
    EXPECT_EQ(integer(kName, 1, 65535), std::atol(value));
  }
  for (const char* value : {"0", "65536", "-1", "1.5", "6379x", " 1", "99999999999999999999"}) {
    set(value);
    EXPECT_THAT(refusal([] { integer(kName, 1, 65535); }),
                AllOf(HasSubstr(kName), HasSubstr(value), HasSubstr("from 1 to 65535")));
  }
}

TEST_F(Environment, SecondsMayHaveAFraction) {
  set("0.25");
  EXPECT_EQ(seconds(kName, milliseconds(10), milliseconds(3600000)), milliseconds(250));
  for (const char* value : {"0.009", "3601", "-1", "nan", "inf", "1s"}) {
    set(value);
    EXPECT_THAT(refusal([] { seconds(kName, milliseconds(10), milliseconds(3600000)); }),
                AllOf(HasSubstr(value), HasSubstr("seconds from 0.01 to 3600")));
  }
}

TEST_F(Environment, SecretFileLosesItsLineEndAndNothingElse) {
  const auto path = std::filesystem::temp_directory_path() / ("weir-secret-" + std::to_string(::getpid()));
  const auto content = [&](std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
    return secret_file("--password-file", path.string());
  };
  EXPECT_EQ(content("s3cret\n"), "s3cret");
  EXPECT_EQ(content("s3cret\r\n"), "s3cret");
  EXPECT_EQ(content(" two words \n\n"), " two words \n");
  EXPECT_THAT(refusal([&] { content("\n"); }), AllOf(HasSubstr("--password-file"), HasSubstr("empty")));
  EXPECT_THAT(refusal([&] { content(std::string(70000, 'q')); }),
              AllOf(HasSubstr("64 KiB"), testing::Not(HasSubstr("qqqq"))));
  std::filesystem::remove(path);
  EXPECT_THAT(refusal([&] { secret_file("--password-file", path.string()); }), HasSubstr("No such file"));
  EXPECT_THAT(refusal([&] { secret_file("--password-file", "/"); }), HasSubstr("directory"));
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(refusal([&] { secret_file("--password-file", path.string()); }),
              AllOf(HasSubstr("--password-file=\"" + path.string()), HasSubstr("empty")));
  std::filesystem::remove(path);
}

// What a shell makes of `--redis-password-file <(pass show redis)`.
TEST_F(Environment, ReadsASecretThatComesThroughAPipe) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread writer([end = ends[1]] {
    for (const std::string_view part : {"s3", "cret\n"}) {
      ::usleep(20'000);
      EXPECT_EQ(::write(end, part.data(), part.size()), static_cast<ssize_t>(part.size()));
    }
    ::close(end);
  });
  EXPECT_EQ(secret_file("--password-file", "/dev/fd/" + std::to_string(ends[0])), "s3cret");
  writer.join();
  ::close(ends[0]);
}

std::string said;

TEST_F(Environment, OldNameOfTheDirectoryWorksWithOneWarning) {
  EXPECT_EQ(multiprocess_directory(), "");
  const LogSink before = set_log_sink([](LogLevel, std::string_view line) noexcept { said += line; });
  ::setenv("prometheus_multiproc_dir", "/old", 1);
  EXPECT_EQ(multiprocess_directory(), "/old");
  EXPECT_STREQ(multiprocess_directory_variable(), "prometheus_multiproc_dir");
  EXPECT_EQ(multiprocess_directory(), "/old");
  ::setenv("PROMETHEUS_MULTIPROC_DIR", "/new", 1);
  EXPECT_EQ(multiprocess_directory(), "/new");
  EXPECT_STREQ(multiprocess_directory_variable(), "PROMETHEUS_MULTIPROC_DIR");
  set_log_sink(before);
  EXPECT_EQ(said, "prometheus_multiproc_dir is deprecated, set PROMETHEUS_MULTIPROC_DIR instead");
}

}  // namespace
}  // namespace weir::environment
