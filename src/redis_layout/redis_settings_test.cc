#include "weir/redis_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "weir/error.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kVariables[] = {"REDIS_ENABLED",
                                      "PROMETHEUS_REDIS_URL",
                                      "REDIS_HOST",
                                      "REDIS_PORT",
                                      "REDIS_DB",
                                      "REDIS_PASSWORD_FILE",
                                      "CREDENTIALS_DIRECTORY",
                                      "REDIS_USERNAME",
                                      "REDIS_PASSWORD",
                                      "REDIS_SSL",
                                      "REDIS_CA_FILE",
                                      "REDIS_CERT_FILE",
                                      "REDIS_KEY_FILE",
                                      "REDIS_KEY_PREFIX",
                                      "REDIS_TTL_SECONDS",
                                      "REDIS_DEBUG",
                                      "PROMETHEUS_DEBUG",
                                      "WEIR_REDIS_LAYOUT",
                                      "WEIR_REDIS_DURABILITY",
                                      "WEIR_FLUSH_INTERVAL",
                                      "WEIR_SPOOL_DIR"};

class RedisSettingsTest : public testing::Test {
 protected:
  RedisSettingsTest() { clear(); }
  ~RedisSettingsTest() override { clear(); }
  static void clear() {
    for (const char* name : kVariables) ::unsetenv(name);
  }
  using Environment = std::vector<std::pair<std::string, std::string>>;

  static RedisSettings from(const Environment& environment) {
    set(environment);
    return redis_settings_from_environment();
  }
  static RedisSettings from(const Environment& environment, const BackendConfig& config) {
    set(environment);
    return redis_settings_from(config);
  }
  /// What the ConfigError says; empty when there is none.
  template <typename... Sources>
  static std::string refusal(const Environment& environment, const Sources&... config) {
    try {
      from(environment, config...);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

 private:
  static void set(const Environment& environment) {
    clear();
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  }
};

TEST_F(RedisSettingsTest, NothingSetMeansTheSeedsDefaults) {
  const RedisSettings settings = from({});
  EXPECT_FALSE(settings.enabled);
  EXPECT_EQ(describe(settings.client), "redis://localhost:6379/0");
  EXPECT_TRUE(settings.client.password.empty());
  EXPECT_FALSE(settings.client.tls.enabled);
  EXPECT_EQ(settings.key_prefix, "gunicorn");
  EXPECT_EQ(settings.ttl, seconds(300));
  EXPECT_EQ(settings.layout, RedisLayout::per_process);
  EXPECT_EQ(settings.durability, RedisDurability::buffered);
  EXPECT_EQ(settings.flush_interval, milliseconds(1000));
  EXPECT_EQ(settings.lease, seconds(15));
  EXPECT_FALSE(settings.debug);
}

TEST_F(RedisSettingsTest, EveryVariableArrives) {
  const RedisSettings settings = from({{"REDIS_ENABLED", "on"},
                                       {"REDIS_HOST", "cache"},
                                       {"REDIS_PORT", "6380"},
                                       {"REDIS_DB", "3"},
                                       {"REDIS_USERNAME", "metrics"},
                                       {"REDIS_PASSWORD", "s3cret"},
                                       {"REDIS_SSL", "true"},
                                       {"REDIS_CA_FILE", "/ca"},
                                       {"REDIS_CERT_FILE", "/cert"},
                                       {"REDIS_KEY_FILE", "/key"},
                                       {"REDIS_KEY_PREFIX", "shop"},
                                       {"REDIS_TTL_SECONDS", "60"},
                                       {"REDIS_DEBUG", "1"},
                                       {"WEIR_REDIS_DURABILITY", "spooled"},
                                       {"WEIR_FLUSH_INTERVAL", "0.2"},
                                       {"WEIR_SPOOL_DIR", "/spool"}});
  EXPECT_TRUE(settings.enabled);
  EXPECT_EQ(describe(settings.client), "rediss://metrics@cache:6380/3");
  EXPECT_EQ(settings.client.password, Secret("s3cret"));
  EXPECT_EQ(settings.client.tls.ca_file, "/ca");
  EXPECT_EQ(settings.client.tls.cert_file, "/cert");
  EXPECT_EQ(settings.client.tls.key_file, "/key");
  EXPECT_EQ(settings.key_prefix, "shop");
  EXPECT_EQ(settings.ttl, seconds(60));
  EXPECT_EQ(settings.durability, RedisDurability::spooled);
  EXPECT_EQ(settings.flush_interval, milliseconds(200));
  EXPECT_EQ(settings.spool_directory, "/spool");
  EXPECT_TRUE(settings.debug);
}

TEST_F(RedisSettingsTest, UrlAloneEnablesNothing) {
  EXPECT_FALSE(from({{"PROMETHEUS_REDIS_URL", "redis://cache"}}).enabled);
}

TEST_F(RedisSettingsTest, UrlBeatsItsPartsAndTakesFromThemWhatItLacks) {
  const Environment parts{{"REDIS_HOST", "other"},
                          {"REDIS_PORT", "1"},
                          {"REDIS_DB", "9"},
                          {"REDIS_USERNAME", "bob"},
                          {"REDIS_PASSWORD", "of-parts"}};
  Environment full = parts;
  full.emplace_back("PROMETHEUS_REDIS_URL", "redis://alice:of-url@cache:6380/2");
  EXPECT_EQ(describe(from(full).client), "redis://alice@cache:6380/2");
  EXPECT_EQ(from(full).client.password, Secret("of-url"));
  Environment bare = parts;
  bare.emplace_back("PROMETHEUS_REDIS_URL", "redis://cache");
  EXPECT_EQ(describe(from(bare).client), "redis://bob@cache:6379/0");
  EXPECT_EQ(from(bare).client.password, Secret("of-parts"));
}

TEST_F(RedisSettingsTest, SslIsNeverTakenAwayAndNeverOnASocket) {
  EXPECT_TRUE(from({{"PROMETHEUS_REDIS_URL", "redis://cache"}, {"REDIS_SSL", "true"}}).client.tls.enabled);
  EXPECT_TRUE(from({{"PROMETHEUS_REDIS_URL", "rediss://cache"}, {"REDIS_SSL", "false"}}).client.tls.enabled);
  EXPECT_FALSE(from({{"PROMETHEUS_REDIS_URL", "redis+unix:///s"}, {"REDIS_SSL", "true"}}).client.tls.enabled);
}

TEST_F(RedisSettingsTest, WrongValuesAreNamedWithTheirVariable) {
  const std::pair<const char*, const char*> cases[] = {
      {"REDIS_PORT", "70000"},        {"REDIS_PORT", "0"},          {"REDIS_DB", "-1"},
      {"REDIS_DB", "2147483648"},     {"REDIS_TTL_SECONDS", "0"},   {"REDIS_TTL_SECONDS", "5m"},
      {"REDIS_SSL", "perhaps"},       {"REDIS_DEBUG", "2"},         {"PROMETHEUS_DEBUG", "2"},
      {"WEIR_REDIS_LAYOUT", "split"}, {"WEIR_FLUSH_INTERVAL", "0"}, {"WEIR_REDIS_DURABILITY", "safe"},
      {"REDIS_KEY_PREFIX", "a b"},    {"REDIS_HOST", "cache:6379"}, {"REDIS_HOST", "a,b"},
      {"REDIS_ENABLED", "2"},         {"REDIS_KEY_FILE", "/key"}};
  for (const auto& [name, value] : cases) {
    EXPECT_THAT(refusal({{name, value}}), AllOf(HasSubstr(std::string(name) + "=\"" + value + "\": "))) << name;
  }
  EXPECT_THAT(refusal({{"WEIR_REDIS_LAYOUT", "split"}}), HasSubstr("per-process or shared"));
  EXPECT_THAT(refusal({{"WEIR_REDIS_DURABILITY", "spooled"}}), HasSubstr("WEIR_SPOOL_DIR"));
  EXPECT_THAT(refusal({{"PROMETHEUS_REDIS_URL", "http://x"}}), HasSubstr("PROMETHEUS_REDIS_URL: "));
}

TEST_F(RedisSettingsTest, NoMessageHoldsThePassword) {
  for (const Environment& environment : {Environment{{"PROMETHEUS_REDIS_URL", "http://u:s3cret@cache"}},
                                         Environment{{"PROMETHEUS_REDIS_URL", "redis://u:s3cret@cache:port"}},
                                         Environment{{"REDIS_HOST", "redis://u:s3cret@cache"}},
                                         Environment{{"REDIS_PASSWORD", "s3cret"}, {"REDIS_PORT", "x"}}}) {
    EXPECT_THAT(refusal(environment), AllOf(Not(HasSubstr("s3cret")), Not(testing::IsEmpty())));
  }
  EXPECT_THAT(refusal({}, BackendConfig{{"password", "s3cret"}, {"pasword", "s3cret"}}),
              AllOf(HasSubstr("\"pasword\""), Not(HasSubstr("s3cret"))));
}

TEST_F(RedisSettingsTest, HostMayBeAnIpv6AddressWithOrWithoutBrackets) {
  for (const char* host : {"::1", "[::1]"}) {
    EXPECT_EQ(from({{"REDIS_HOST", host}}).client.addresses[0], (RedisAddress{"::1", 6379, ""}));
  }
}

TEST_F(RedisSettingsTest, OneColonAtTheEndOfThePrefixIsTakenOff) {
  EXPECT_EQ(from({{"REDIS_KEY_PREFIX", "gunicorn:"}}).key_prefix, "gunicorn");
  EXPECT_EQ(from({{"REDIS_KEY_PREFIX", ""}}).key_prefix, "gunicorn");
}

TEST_F(RedisSettingsTest, SharedLayoutHasNoPrefixUnlessOneIsNamed) {
  EXPECT_EQ(from({{"WEIR_REDIS_LAYOUT", "shared"}}).key_prefix, "");
  EXPECT_EQ(from({{"WEIR_REDIS_LAYOUT", "shared"}, {"REDIS_KEY_PREFIX", "shop"}}).key_prefix, "shop");
}

TEST_F(RedisSettingsTest, LeaseIsFiveFlushesAndFifteenSecondsAtLeast) {
  EXPECT_EQ(from({{"WEIR_FLUSH_INTERVAL", "0.01"}}).lease, seconds(15));
  EXPECT_EQ(from({{"WEIR_FLUSH_INTERVAL", "10"}}).lease, seconds(50));
}

TEST_F(RedisSettingsTest, PytheusConfigurationMeansTheSharedLayout) {
  const RedisSettings settings =
      from({{"WEIR_REDIS_LAYOUT", "per-process"}},
           {{"host", "cache"}, {"port", "6380"}, {"key_prefix", "app:"}, {"expire_key_time", "120"}});
  EXPECT_TRUE(settings.enabled);
  EXPECT_EQ(settings.layout, RedisLayout::shared);
  EXPECT_EQ(describe(settings.client), "redis://cache:6380/0");
  EXPECT_EQ(settings.key_prefix, "app:");
  EXPECT_EQ(settings.expire_key_time, seconds(120));
  EXPECT_EQ(from({}, {}).key_prefix, "");
  EXPECT_EQ(from({}, {{"layout", "per-process"}, {"key_prefix", "app:"}}).key_prefix, "app");
}

TEST_F(RedisSettingsTest, ConfigurationBeatsTheEnvironmentWhichFillsIn) {
  const RedisSettings settings =
      from({{"REDIS_PASSWORD", "p"}, {"REDIS_DB", "4"}, {"REDIS_PORT", "1"}, {"WEIR_FLUSH_INTERVAL", "2"}},
           {{"port", "6380"}, {"flush_interval", "0.5"}});
  EXPECT_EQ(describe(settings.client), "redis://localhost:6380/4");
  EXPECT_EQ(settings.client.password, Secret("p"));
  EXPECT_EQ(settings.flush_interval, milliseconds(500));
  EXPECT_EQ(describe(from({{"PROMETHEUS_REDIS_URL", "redis://cache/5"}}, {{"db", "6"}}).client),
            "redis://cache:6379/6");
}

TEST_F(RedisSettingsTest, PasswordOfTheEnvironmentsUrlGoesToNoOtherServer) {
  const Environment environment{{"PROMETHEUS_REDIS_URL", "redis://:s3cret@cache"}};
  EXPECT_TRUE(from(environment, {{"host", "elsewhere"}}).client.password.empty());
  EXPECT_TRUE(from(environment, {{"url", "redis://elsewhere"}}).client.password.empty());
  EXPECT_EQ(from(environment, {{"key_prefix", "x"}}).client.password, Secret("s3cret"));
}

TEST_F(RedisSettingsTest, AFileOrACredentialHoldsThePasswordNobodyElseSays) {
  const auto folder = std::filesystem::temp_directory_path() / ("weir-redis-password-" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "redis-password") << "of-credential\n";
  std::ofstream(folder / "other") << "of-file\n";
  const Environment credential{{"CREDENTIALS_DIRECTORY", folder.string()}};
  Environment file = credential;
  file.emplace_back("REDIS_PASSWORD_FILE", (folder / "other").string());
  Environment variable = file;
  variable.emplace_back("REDIS_PASSWORD", "of-variable");
  EXPECT_EQ(from(credential).client.password, Secret("of-credential"));
  EXPECT_EQ(from(file).client.password, Secret("of-file"));
  EXPECT_EQ(from(variable).client.password, Secret("of-variable"));
  EXPECT_EQ(from(file, {{"password", "of-configuration"}}).client.password, Secret("of-configuration"));
  EXPECT_TRUE(from(file, {{"password", ""}}).client.password.empty()) << "a configuration may say that there is none";
  EXPECT_EQ(from(file, {{"url", "redis://:of-url@cache"}}).client.password, Secret("of-url"));

  std::filesystem::remove(folder / "other");
  EXPECT_THAT(refusal(file), AllOf(HasSubstr("REDIS_PASSWORD_FILE="), HasSubstr("No such file")));
  std::ofstream(folder / "redis-password", std::ios::trunc).flush();
  EXPECT_THAT(refusal(credential), AllOf(HasSubstr("credential redis-password="), HasSubstr("empty")));
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(from(credential).client.password.empty()) << "a credential that is not there is none";
}

TEST_F(RedisSettingsTest, WrongSettingsAreNamed) {
  EXPECT_THAT(refusal({}, BackendConfig{{"port", "x"}}), HasSubstr("setting port=\"x\": "));
  EXPECT_THAT(refusal({}, BackendConfig{{"hots", "x"}}), AllOf(HasSubstr("\"hots\""), HasSubstr("host")));
  EXPECT_THAT(refusal({}, BackendConfig{{"host", ""}}), HasSubstr("setting host=\"\": "));
}

}  // namespace
}  // namespace weir
