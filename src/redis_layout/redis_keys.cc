#include "redis_layout/redis_keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "format/number.h"
#include "weir/error.h"

namespace weir {
namespace {

constexpr std::size_t kBucketLength = 5;  // `{b07}`

std::string with_bucket(std::string name, std::string_view bucket) {
  if (!bucket.empty()) name.append(":").append(bucket);
  return name;
}

}  // namespace

std::string md5_hex(std::string_view text) {
  std::array<unsigned char, 16> digest{};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr) != 1) {
    throw Error("MD5 of a metric key: OpenSSL refuses MD5 here (FIPS mode?); the Redis key format needs it");
  }
  std::string hex;
  hex.reserve(32);
  for (const unsigned char byte : digest) fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  return hex;
}

std::string checked_key_prefix(std::string_view prefix, std::string_view variable) {
  if (prefix.ends_with(':')) prefix.remove_suffix(1);
  const auto refuse = [&](std::string_view why) {
    throw ConfigError(fmt::format("{}=\"{}\": {}", variable, prefix, why));
  };
  if (prefix.empty()) refuse("a key prefix must not be empty; the usual one is \"gunicorn\"");
  if (prefix.find(":metric:") != std::string_view::npos || prefix.ends_with(":metric")) {
    refuse("a key prefix must not hold \":metric:\", by which readers tell value keys from meta keys");
  }
  const bool plain = std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '{' && c != '}' && c != '\x7f';
  });
  if (!plain) refuse("a key prefix must not hold spaces, control characters or braces");
  return std::string(prefix);
}

std::string RedisKeys::metric(std::string_view kind, std::string_view writer, std::string_view hash) const {
  return fmt::format("{}:{}:{}:metric:{}", prefix_, kind, writer, hash);
}

std::string RedisKeys::meta(std::string_view kind, std::string_view writer, std::string_view hash) const {
  return fmt::format("{}:{}:{}:meta:{}", prefix_, kind, writer, hash);
}

std::string RedisKeys::metric_of_member(std::string_view member, std::string_view writer) const {
  const std::size_t colon = std::min(member.rfind(':'), member.size());
  return metric(member.substr(0, colon), writer, member.substr(std::min(colon + 1, member.size())));
}

std::string RedisKeys::meta_of_member(std::string_view member, std::string_view writer) const {
  const std::size_t colon = std::min(member.rfind(':'), member.size());
  return meta(member.substr(0, colon), writer, member.substr(std::min(colon + 1, member.size())));
}

std::string RedisKeys::claim(std::string_view writer) const { return fmt::format("{}:weir:claim:{}", prefix_, writer); }
std::string RedisKeys::lease(std::string_view writer) const { return fmt::format("{}:weir:lease:{}", prefix_, writer); }
std::string RedisKeys::index(std::string_view writer) const { return fmt::format("{}:weir:index:{}", prefix_, writer); }
std::string RedisKeys::tomb(std::string_view writer) const { return fmt::format("{}:weir:tomb:{}", prefix_, writer); }
std::string RedisKeys::writers(std::string_view bucket) const { return with_bucket(prefix_ + ":weir:writers", bucket); }
std::string RedisKeys::epoch(std::string_view bucket) const { return with_bucket(prefix_ + ":weir:epoch", bucket); }
std::string RedisKeys::folds(std::string_view bucket) const { return with_bucket(prefix_ + ":weir:folds", bucket); }
std::string RedisKeys::migrated(std::string_view bucket) const {
  return with_bucket(prefix_ + ":weir:migrated", bucket);
}

std::string bucket_of(long pid) { return fmt::format("{{b{:02}}}", pid % kClusterBuckets); }

std::string_view bucket_of(std::string_view writer) noexcept {
  const bool has_bucket = writer.size() > kBucketLength && writer.starts_with("{b") && writer[kBucketLength - 1] == '}';
  return has_bucket ? writer.substr(0, kBucketLength) : std::string_view{};
}

std::string_view identity_of(std::string_view writer) noexcept { return writer.substr(bucket_of(writer).size()); }

bool is_retired(std::string_view writer) noexcept {
  const std::string_view name = identity_of(writer);
  return name == kRetiredWriter || (name.starts_with(kRetiredWriter) && name[kRetiredWriter.size()] == '.');
}

std::optional<RedisKeyParts> parse_redis_key(std::string_view prefix, std::string_view key) {
  if (!key.starts_with(prefix) || key.size() <= prefix.size() || key[prefix.size()] != ':') return std::nullopt;
  std::string_view rest = key.substr(prefix.size() + 1);
  const auto next = [&rest]() -> std::string_view {
    const std::size_t colon = rest.find(':');
    const std::string_view part = rest.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
    return part;
  };
  RedisKeyParts parts;
  parts.kind_text = next();
  parts.writer = next();
  const std::string_view data_type = next();
  parts.hash = rest;
  parts.is_meta = data_type == "meta";
  if ((!parts.is_meta && data_type != "metric") || parts.hash.empty() || parts.writer.empty()) return std::nullopt;
  parts.kind = parse_file_kind(parts.kind_text);
  return parts;
}

std::vector<std::string> meta_fields(std::string_view json_key, FileKind kind, double created_at) {
  return {"original_key",
          std::string(json_key),
          "typ",
          std::string(to_string(kind.type)),
          "multiprocess_mode",
          kind.type == MetricType::gauge ? std::string(to_string(kind.mode)) : "all",
          "created_at",
          python_number(created_at)};
}

}  // namespace weir
