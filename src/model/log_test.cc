#include "weir/log.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace weir {
namespace {

std::vector<std::string>& lines() {
  static std::vector<std::string> all;
  return all;
}
void keep(LogLevel level, std::string_view line) noexcept {
  lines().push_back(std::to_string(static_cast<int>(level)) + ' ' + std::string(line));
}

class Log : public ::testing::Test {
 protected:
  void SetUp() override { lines().clear(); }
  void TearDown() override {
    set_log_sink(nullptr);
    set_log_level(LogLevel::info);
  }
};

TEST_F(Log, LinesAreDroppedUntilASinkIsSet) {
  log_line(LogLevel::error, "nobody listens");
  set_log_sink(keep);
  log_line(LogLevel::error, "heard");
  EXPECT_EQ(lines(), (std::vector<std::string>{"3 heard"}));
}

TEST_F(Log, SettingASinkReturnsThePreviousOne) {
  EXPECT_EQ(set_log_sink(keep), nullptr);
  EXPECT_EQ(set_log_sink(stderr_log_sink), &keep);
  EXPECT_EQ(set_log_sink(nullptr), &stderr_log_sink);
}

TEST_F(Log, LinesBelowTheLevelNeverReachTheSink) {
  set_log_sink(keep);
  log_line(LogLevel::debug, "too low at start");
  log_line(LogLevel::info, "i");
  set_log_level(LogLevel::error);
  log_line(LogLevel::warning, "too low now");
  set_log_level(LogLevel::debug);
  log_line(LogLevel::debug, "d");
  EXPECT_EQ(lines(), (std::vector<std::string>{"1 i", "0 d"}));
}

TEST_F(Log, StandardErrorSinkWritesOnePrefixedLine) {
  ::testing::internal::CaptureStderr();
  errno = 7;
  stderr_log_sink(LogLevel::warning, "file skipped");
  EXPECT_EQ(errno, 7);
  stderr_log_sink(LogLevel::debug, "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "weir: warning: file skipped\nweir: debug: \n");
}

}  // namespace
}  // namespace weir
