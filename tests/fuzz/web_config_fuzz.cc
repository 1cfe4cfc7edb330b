// The web configuration file, and the Authorization header its passwords are compared with.
//
// Holds: any bytes are a configuration or a ConfigError that names the file, and no message shows what a hash or a key
// would be; what is accepted keeps its promises; a header is credentials or nothing, and whatever it holds is at most
// what base64 can carry.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "web_config/basic_auth.h"
#include "web_config/bcrypt.h"
#include "web_config/tls_names.h"
#include "web_config/web_config.h"
#include "weir/error.h"

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_config(const WebConfig& config) {
  for (const auto& [user, hash] : config.users) {
    require(!user.empty() && user.find(':') == std::string::npos && bcrypt_fault(hash).empty());
    require(bcrypt_cost(hash) >= kLeastBcryptCost && bcrypt_cost(hash) <= kMostBcryptCost);
  }
  for (const auto& [name, value] : config.headers) {
    require(!value.empty() && value.find_first_of("\r\n") == std::string::npos);
  }
  if (!config.tls) return;
  require(config.tls->certificate.is_given() && config.tls->key.is_given());
  require(config.tls->min_version <= config.tls->max_version);
  require(!verifies(config.tls->client_auth) || config.tls->client_ca.is_given());
  for (const std::string& name : config.tls->cipher_suites) require(is_cipher_suite(name));
}

void check_header(std::string_view text) {
  const auto found = basic_credentials(text);
  if (found) require(found->user.size() + found->password.size() + 1 <= text.size() / 4 * 3);
  if (found) require(found->user.find(':') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    check_config(parse_web_config(text, "/etc/weir/web.yml"));
  } catch (const ConfigError& error) {
    const std::string_view said = error.what();
    require(said.starts_with("web config file \"/etc/weir/web.yml\", line "));
    require(said.find('\n') == std::string_view::npos && said.size() < 2000);
  }
  check_header(text);
  check_header("Basic " + std::string(text));
  return 0;
}
