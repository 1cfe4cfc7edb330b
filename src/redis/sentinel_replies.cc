#include "redis/sentinel_replies.h"

#include <algorithm>

#include "redis/redis_url.h"

namespace weir {
namespace {

using Kind = RedisReply::Kind;
using Failure = RedisReply::Failure;

std::optional<RedisAddress> make_address(std::string_view host, std::string_view port_text) {
  const unsigned port = parse_port(port_text);
  if (host.empty() || port == 0) return std::nullopt;
  return RedisAddress{std::string(host), static_cast<std::uint16_t>(port), ""};
}

/// The value of a field in a flat list of fields and values; empty without it.
std::string_view field(const RedisReply& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.elements.size(); i += 2) {
    if (fields.elements[i].text == name) return fields.elements[i + 1].text;
  }
  return {};
}

bool has_flag(std::string_view flags, std::string_view flag) {
  for (std::size_t from = 0; from < flags.size();) {
    const std::size_t end = std::min(flags.find(',', from), flags.size());
    if (flags.substr(from, end - from) == flag) return true;
    from = end + 1;
  }
  return false;
}

}  // namespace

std::optional<RedisAddress> master_in(const RedisReply& reply) {
  if (reply.kind != Kind::array || reply.elements.size() != 2) return std::nullopt;
  return make_address(reply.elements[0].text, reply.elements[1].text);
}

std::vector<RedisAddress> replicas_in(const RedisReply& reply) {
  std::vector<RedisAddress> replicas;
  for (const RedisReply& replica : reply.elements) {
    const std::string_view flags = field(replica, "flags");
    const bool is_down = has_flag(flags, "s_down") || has_flag(flags, "o_down") || has_flag(flags, "disconnected");
    if (is_down || field(replica, "master-link-status") != "ok") continue;
    if (std::optional<RedisAddress> address = make_address(field(replica, "ip"), field(replica, "port"))) {
      replicas.push_back(*std::move(address));
    }
  }
  std::sort(replicas.begin(), replicas.end());
  return replicas;
}

bool is_master(const RedisReply& role) {
  if (role.error_code() == "NOPERM") return true;
  return role.kind == Kind::array && !role.elements.empty() && role.elements[0].text == "master";
}

bool is_refusal(const RedisReply& reply) {
  const std::string_view code = reply.error_code();
  return code == "READONLY" || code == "MASTERDOWN" || code == "LOADING";
}

bool casts_doubt(const RedisReply& reply) {
  if (reply.is_failure()) return reply.failure == Failure::connection || reply.failure == Failure::timeout;
  // NOREPLICAS: a master cut off from its replicas may have been replaced; asked again, it would say the same.
  return is_refusal(reply) || reply.error_code() == "NOREPLICAS";
}

bool is_sent_again(const RedisCommand& command, const RedisReply& reply) {
  if (is_refusal(reply)) return true;
  const bool broke = reply.is_failure() && (reply.failure == Failure::connection || reply.failure == Failure::timeout);
  return broke && (command.repeatable || command.reads);
}

}  // namespace weir
