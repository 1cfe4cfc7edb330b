// The keywords of redis-py's clients as options of Weir's.
#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "native/binding.h"
#include "native/redis_client.h"
#include "weir/error.h"

namespace weir::python {
namespace {

namespace py = pybind11;

/// The keywords one by one; what nobody took is an error.
class Keywords {
 public:
  explicit Keywords(const py::kwargs& keywords) : left_(keywords.attr("copy")()) {}

  /// The argument, or none where it is absent, None or empty.
  py::object take(const char* name) {
    py::object value = left_.attr("pop")(name, py::none());
    return py::isinstance<py::str>(value) && py::len(value) == 0 ? py::none() : value;
  }
  void text(const char* name, std::string& out) {
    if (const py::object value = take(name); !value.is_none()) out = py::str(value);
  }
  /// Seconds; None leaves the default, since a client without time-outs waits for ever.
  void seconds(const char* name, std::chrono::milliseconds& out) {
    const py::object value = take(name);
    if (value.is_none()) return;
    const double seconds = value.cast<double>();
    if (!(seconds >= 0.001 && seconds <= 3600)) {
      throw ConfigError(std::string(name) + "=" + std::string(py::str(value)) + ": must be 0.001 to 3600 seconds");
    }
    out = std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
  }
  /// [(host, port), …]
  std::vector<RedisAddress> addresses(const char* name) {
    std::vector<RedisAddress> out;
    const py::object value = take(name);
    if (value.is_none()) return out;
    for (const py::handle item : value) {
      const auto [host, port] = item.cast<std::pair<std::string, std::uint16_t>>();
      out.push_back({host, port, ""});
    }
    return out;
  }
  void refuse_rest() const {
    for (const auto& [name, value] : left_) {
      throw py::type_error("RedisClient(): unknown argument " + std::string(py::repr(name)));
    }
  }

 private:
  py::dict left_;
};

void take_addresses(Keywords& keywords, RedisOptions& options) {
  RedisAddress& one = options.addresses.front();
  keywords.text("host", one.host);
  if (const py::object port = keywords.take("port"); !port.is_none()) one.port = port.cast<std::uint16_t>();
  if (const py::object path = keywords.take("unix_socket_path"); !path.is_none()) one = {"", 0, py::str(path)};
  keywords.text("service_name", options.master_name);
  if (auto sentinels = keywords.addresses("sentinels"); !sentinels.empty()) {
    options.topology = RedisTopology::sentinel;
    options.addresses = std::move(sentinels);
  }
  if (auto nodes = keywords.addresses("cluster_nodes"); !nodes.empty()) {
    options.topology = RedisTopology::cluster;
    options.addresses = std::move(nodes);
  }
}

void take_tls(Keywords& keywords, RedisTls& tls) {
  if (const py::object ssl = keywords.take("ssl"); !ssl.is_none()) tls.enabled = ssl.cast<bool>();
  keywords.text("ssl_ca_certs", tls.ca_file);
  keywords.text("ssl_certfile", tls.cert_file);
  keywords.text("ssl_keyfile", tls.key_file);
}

}  // namespace

RedisOptions redis_options_from(const py::kwargs& given) {
  Keywords keywords(given);
  RedisOptions options;
  if (const py::object url = keywords.take("url"); !url.is_none()) options = parse_redis_url(url.cast<std::string>());
  take_addresses(keywords, options);
  take_tls(keywords, options.tls);
  if (const py::object db = keywords.take("db"); !db.is_none()) options.db = py::int_(db).cast<int>();
  keywords.text("username", options.username);
  if (const py::object password = keywords.take("password"); !password.is_none()) {
    options.password =
        Secret(py::isinstance<py::bytes>(password) ? std::string(py::bytes(password)) : std::string(py::str(password)));
  }
  keywords.seconds("socket_timeout", options.reply_timeout);
  options.connect_timeout = given.contains("socket_timeout") ? options.reply_timeout : options.connect_timeout;
  keywords.seconds("socket_connect_timeout", options.connect_timeout);
  if (const py::object pause = keywords.take("health_check_interval"); !pause.is_none()) {
    const double seconds = pause.cast<double>();
    if (seconds > 0) {  // longer than ten years is ten years
      const double most = std::min(seconds, 3.2e8);
      options.health_check_interval = std::chrono::milliseconds(static_cast<std::int64_t>(most * 1000));
    }
  }
  keywords.refuse_rest();
  return options;
}

}  // namespace weir::python
