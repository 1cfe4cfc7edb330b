#include "weir/redis_options.h"

#include <gtest/gtest.h>

#include <random>

#include "redis/redis_url.h"
#include "weir/error.h"

namespace weir {
namespace {

/// What parsing `url` says is wrong; empty when it is right.
std::string mistake_in(const std::string& url) {
  try {
    parse_redis_url(url);
    return "";
  } catch (const ConfigError& error) {
    return error.what();
  }
}

void expect_mistake(const std::string& url, const std::string& words) {
  const std::string message = mistake_in(url);
  EXPECT_NE(message.find(words), std::string::npos) << url << ": " << message;
}

TEST(RedisUrl, OfOneServer) {
  const RedisOptions options = parse_redis_url("redis://cache.example.com:6380/7");
  EXPECT_EQ(options.topology, RedisTopology::single);
  EXPECT_EQ(options.addresses, (std::vector<RedisAddress>{{"cache.example.com", 6380, ""}}));
  EXPECT_EQ(options.db, 7);
  EXPECT_FALSE(options.tls.enabled);
  EXPECT_TRUE(options.username.empty() && options.password.empty());
}

TEST(RedisUrl, PortAndDatabaseHaveDefaults) {
  for (const char* url : {"redis://h", "redis://h/", "redis://h:6379", "REDIS://h/0", "redis://h?"}) {
    const RedisOptions options = parse_redis_url(url);
    EXPECT_EQ(options.addresses, (std::vector<RedisAddress>{{"h", 6379, ""}})) << url;
    EXPECT_EQ(options.db, 0) << url;
  }
}

TEST(RedisUrl, UserAndPasswordArePercentDecoded) {
  const RedisOptions options = parse_redis_url("rediss://me%3Atrics:p%40%2Fw%25:x@h");
  EXPECT_EQ(options.username, "me:trics");
  EXPECT_EQ(options.password.reveal(), "p@/w%:x");
  EXPECT_TRUE(options.tls.enabled);
  EXPECT_EQ(parse_redis_url("redis://:secret@h").password.reveal(), "secret");
  EXPECT_EQ(parse_redis_url("redis://:secret@h").username, "");
  EXPECT_EQ(parse_redis_url("redis://metrics@h").username, "metrics");
  EXPECT_EQ(parse_redis_url("redis://:a@b@h").password.reveal(), "a@b") << "a bare '@' before the last";
}

TEST(RedisUrl, Ipv6StandsInBrackets) {
  EXPECT_EQ(parse_redis_url("redis://[::1]:7/1").addresses[0], (RedisAddress{"::1", 7, ""}));
  EXPECT_EQ(parse_redis_url("redis://[fe80::1%25eth0]").addresses[0], (RedisAddress{"fe80::1%eth0", 6379, ""}));
  expect_mistake("redis://::1", "[::1]:6379");
  expect_mistake("redis://[::1", "no ']'");
  expect_mistake("redis://[::1]7", "':' and a port");
  expect_mistake("redis://[host]", "no IPv6 address");
}

TEST(RedisUrl, OfAUnixSocket) {
  const RedisOptions options = parse_redis_url("redis+unix://:secret@/run/my%20redis.sock?db=3");
  EXPECT_EQ(options.addresses[0].socket_path, "/run/my redis.sock");
  EXPECT_EQ(options.addresses[0].host, "");
  EXPECT_EQ(options.db, 3);
  EXPECT_EQ(options.password.reveal(), "secret");
  EXPECT_EQ(parse_redis_url("redis+unix:///tmp/a@b").addresses[0].socket_path, "/tmp/a@b");
  expect_mistake("rediss+unix:///tmp/a", "no TLS");
  expect_mistake("redis+unix://host/tmp/a", "no host");
  expect_mistake("redis+unix://", "no socket");
  expect_mistake("redis+unix:///" + std::string(107, 'x'), "108 bytes, at most 107");
  expect_mistake("redis+unix:///tmp/a%00b", "zero byte");
  expect_mistake("redis+unix:///tmp/a?db=-1", "0 to 2147483647");
  expect_mistake("redis+unix:///tmp/a?timeout=3", "\"timeout\"");
}

TEST(RedisUrl, OfSentinels) {
  const RedisOptions options = parse_redis_url("rediss+sentinel://:s@h1,h2:5,[::1]/my%2Fmaster/4");
  EXPECT_EQ(options.topology, RedisTopology::sentinel);
  EXPECT_EQ(options.addresses, (std::vector<RedisAddress>{{"h1", 26379, ""}, {"h2", 5, ""}, {"::1", 26379, ""}}));
  EXPECT_EQ(options.master_name, "my/master");
  EXPECT_EQ(options.db, 4);
  EXPECT_TRUE(options.tls.enabled);
  EXPECT_EQ(parse_redis_url("redis+sentinel://h/mymaster").db, 0);
  expect_mistake("redis+sentinel://h1,h2", "master's name is missing");
  expect_mistake("redis+sentinel://h1,/mymaster", "names no host");
  expect_mistake("redis+sentinel://h1/mymaster/x", "database \"x\"");
}

TEST(RedisUrl, OfACluster) {
  const RedisOptions options = parse_redis_url("redis+cluster://h1,h2:7000/0");
  EXPECT_EQ(options.topology, RedisTopology::cluster);
  EXPECT_EQ(options.addresses, (std::vector<RedisAddress>{{"h1", 6379, ""}, {"h2", 7000, ""}}));
  expect_mistake("redis+cluster://h1/1", "database 0 alone");
}

TEST(RedisUrl, MistakesAreNamed) {
  expect_mistake("", "redis://host:6379/0");
  expect_mistake("localhost:6379", "redis://host:6379/0");
  expect_mistake("http://h", "the scheme must be");
  expect_mistake("redisx://h", "the scheme must be");
  expect_mistake("red://h", "the scheme must be");
  expect_mistake("redis://", "names no host");
  expect_mistake("redis://:6379", "names no host");
  expect_mistake("redis://a%2Cb", "letters, digits");
  expect_mistake("redis://h:0", "1 to 65535");
  expect_mistake("redis://h:65536", "1 to 65535");
  expect_mistake("redis://h:", "1 to 65535");
  expect_mistake("redis://h:+1", "1 to 65535");
  expect_mistake("redis://h/2147483648", "0 to 2147483647");
  expect_mistake("redis://h/-1", "0 to 2147483647");
  expect_mistake("redis://h/1/2", "database \"1/2\"");
  expect_mistake("redis://h1,h2", "several hosts");
  expect_mistake("redis://h?timeout=3", "\"timeout\"");
  expect_mistake("redis://h?db=3", "redis://host:6379/2");
  expect_mistake("redis://h ", "blank");
  expect_mistake("redis://h/#1", "%23");
  expect_mistake("redis://u%zz@h", "hexadecimal");
  expect_mistake("redis://u%4", "hexadecimal");
}

TEST(RedisUrl, NoMistakeShowsThePassword) {
  for (const char* url : {"http://:hush@h",
                          "redis://:hush@",
                          "redis://u:hush@h:99999",
                          "redis://u:hush@h:hush",
                          "redis://u:hush",
                          "redis://:hush",
                          "redis://:hu/hush@h",
                          "redis://:a?hush@h",
                          "redis://:a#hush@h",
                          "redis://h?password=hush",
                          "redis://h/0?x=hush@y",
                          "redis://:hush%zz@h",
                          "redis://:hush @h",
                          "redis+unix://:hush@h/p",
                          ":hush@h",
                          "redis+cluster://h1:hush,h2:hush",
                          "redis://:hush%40h",
                          "redis+unix://:p/hush@/tmp/a",
                          "hush",
                          "redis://u:hush@h/notanumber",
                          "redis:/u:hush@h",
                          "u:hush",
                          "hush@localhost:1",
                          "localhost:hush",
                          "localhost:1/hush",
                          "localhost:1,hush",
                          "localhost -a hush",
                          "//u:hush@h:1",
                          "redis://[::1]:hush",
                          "rediss+unix://:hush@/tmp/a"}) {
    const std::string message = mistake_in(url);
    EXPECT_FALSE(message.empty()) << url;
    EXPECT_EQ(message.find("hush"), std::string::npos) << message;
  }
}

TEST(RedisUrl, AMistakeWithoutASchemeShowsThePlaceThatWasMeant) {
  expect_mistake("localhost:1", "\"localhost:1\"");
  expect_mistake("localhost", "\"localhost\"");
  expect_mistake("cache.internal:6379/0", "\"cache.internal:6379/***\"");
  expect_mistake("u:hush@cache.internal:6379", "\"***@cache.internal:6379\"");
}

TEST(RedisUrl, WhatIsDescribedReadsBackWithoutThePassword) {
  for (const char* url : {"redis://h:1/2", "redis://[fe80::1%25eth0]", "rediss://me%40x:secret@[::1]:5/0",
                          "redis+unix:///tmp/a%20%3Fb.sock?db=4", "redis+sentinel://:secret@h1:1,h2:2/my%20master/3",
                          "rediss+cluster://u:secret@h1:1,h2:2"}) {
    const RedisOptions options = parse_redis_url(url);
    const std::string shown = describe(options);
    EXPECT_EQ(shown.find("secret"), std::string::npos) << shown;
    const RedisOptions again = parse_redis_url(shown);
    EXPECT_EQ(again.addresses, options.addresses) << shown;
    EXPECT_EQ(again.username, options.username) << shown;
    EXPECT_EQ(again.master_name, options.master_name) << shown;
    EXPECT_EQ(again.db, options.db) << shown;
    EXPECT_EQ(again.topology, options.topology) << shown;
    EXPECT_EQ(again.tls.enabled, options.tls.enabled) << shown;
  }
}

TEST(RedisUrl, PercentEncodingReadsBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    std::string password(1 + random() % 20, '\0');
    for (char& c : password) c = static_cast<char>(random());
    const std::string url = "redis://u:" + percent_encode(password) + "@h";
    EXPECT_EQ(parse_redis_url(url).password.reveal(), password);
  }
}

TEST(RedisUrl, GarbageIsRefusedOrDescribed) {
  std::mt19937 random(5);
  const std::string_view alphabet = "redis+unx:sntlc//@@::,,[]%20?db=&#1.h";
  for (int i = 0; i < 20000; ++i) {
    std::string url = i % 2 == 0 ? "redis://" : "redis+sentinel://";
    for (std::size_t k = random() % 20; k > 0; --k) url += alphabet[random() % alphabet.size()];
    try {
      const RedisOptions options = parse_redis_url(url);
      ASSERT_EQ(parse_redis_url(describe(options)).addresses, options.addresses) << url << " -> " << describe(options);
    } catch (const ConfigError&) {
    }
  }
}

TEST(RedisAddress, ShowsAsPeopleWriteIt) {
  EXPECT_EQ(to_string(RedisAddress{"h", 1, ""}), "h:1");
  EXPECT_EQ(to_string(RedisAddress{"::1", 1, ""}), "[::1]:1");
  EXPECT_EQ(to_string(RedisAddress{"", 0, "/tmp/socket"}), "/tmp/socket");
}

// Looks at memory that is still the Secret's own: a short password lies inside the object.
TEST(Secret, IsWipedWhenItGoes) {
  alignas(Secret) unsigned char place[sizeof(Secret)];
  auto* secret = new (place) Secret("hush-hush");
  *secret = Secret("hu");  // what was longer is gone as well
  secret->~Secret();
  volatile const unsigned char* bytes = place;
  std::string left;
  for (std::size_t i = 0; i < sizeof place; ++i) left += static_cast<char>(bytes[i]);
  EXPECT_EQ(left.find("hu"), std::string::npos);
  EXPECT_EQ(left.find("sh"), std::string::npos);
}

TEST(Secret, CopiesMovesAndCompares) {
  Secret secret("a long password that is not kept inside the object");
  Secret copy = secret;
  EXPECT_EQ(copy, secret);
  copy = Secret("b");
  EXPECT_FALSE(copy == secret);
  const Secret moved = std::move(secret);
  EXPECT_EQ(moved.reveal(), "a long password that is not kept inside the object");
  EXPECT_TRUE(Secret().empty());
}

}  // namespace
}  // namespace weir
