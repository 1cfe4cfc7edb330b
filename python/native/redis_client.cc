// weir._weir.RedisClient: Weir's client of a Redis, with the verbs the documents' RedisClientProtocol names.
//
// Replies are bytes, integers, lists and None, as redis-py gives them without decode_responses.
//
// Thread safety: every member from any thread; whatever asks the server releases the GIL. Process safety: a forked
// child opens connections of its own.
#include "native/redis_client.h"

#include <string>
#include <vector>

#include "native/binding.h"
#include "native/gil.h"
#include "weir/redis_storage.h"

namespace weir::python {
namespace {

namespace py = pybind11;
using Arguments = std::vector<std::string>;

/// An argument as redis-py sends it: bytes as they are, a float so that it comes back the same, all else as text.
std::string argument_of(const py::handle& object) {
  if (py::isinstance<py::bytes>(object)) return py::reinterpret_borrow<py::bytes>(object);
  if (py::isinstance<py::float_>(object)) return py::repr(object).cast<std::string>();
  return py::str(object);
}

py::object object_of(const RedisReply& reply) {
  switch (reply.kind) {
    case RedisReply::Kind::integer:
      return py::int_(reply.integer);
    case RedisReply::Kind::status:
    case RedisReply::Kind::text:
      return py::bytes(reply.text);
    case RedisReply::Kind::array: {
      py::list out;
      for (const RedisReply& element : reply.elements) out.append(object_of(element));
      return out;
    }
    default:
      return py::none();
  }
}

RedisReply ask(const RedisConnection& self, Arguments arguments) {
  return without_gil([&] { return self.client->command({.arguments = std::move(arguments)}); });
}

py::object execute_command(const RedisConnection& self, const py::args& args) {
  Arguments arguments;
  for (const py::handle argument : args) arguments.push_back(argument_of(argument));
  if (arguments.empty()) throw py::type_error("execute_command() needs the name of a command");
  return object_of(ask(self, std::move(arguments)));
}

/// What the server answers to each of the commands, in one round trip; throws for the first that failed.
py::list pipeline(const RedisConnection& self, const std::vector<std::vector<py::object>>& lists) {
  std::vector<RedisCommand> commands;
  for (const auto& list : lists) {
    RedisCommand command;
    for (const py::object& argument : list) command.arguments.push_back(argument_of(argument));
    if (command.arguments.empty()) throw py::type_error("pipeline() needs commands, each a list with its name first");
    commands.push_back(std::move(command));
  }
  const std::vector<RedisReply> replies = without_gil([&] {
    std::vector<RedisReply> all = self.client->pipeline(commands);
    for (const RedisReply& reply : all) reply.throw_if_bad("pipeline to " + self.client->describe());
    return all;
  });
  py::list out;
  for (const RedisReply& reply : replies) out.append(object_of(reply));
  return out;
}

py::object get(const RedisConnection& self, const py::object& name) {
  return object_of(ask(self, {"GET", argument_of(name)}));
}

py::object hget(const RedisConnection& self, const py::object& name, const py::object& key) {
  return object_of(ask(self, {"HGET", argument_of(name), argument_of(key)}));
}

bool hsetnx(const RedisConnection& self, const py::object& name, const py::object& key, const py::object& value) {
  return ask(self, {"HSETNX", argument_of(name), argument_of(key), argument_of(value)}).integer == 1;
}

bool expire(const RedisConnection& self, const py::object& name, std::int64_t seconds) {
  return ask(self, {"EXPIRE", argument_of(name), std::to_string(seconds)}).integer == 1;
}

py::dict hgetall(const RedisConnection& self, const py::object& name) {
  const RedisReply reply = ask(self, {"HGETALL", argument_of(name)});
  py::dict out;
  for (std::size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    out[py::bytes(reply.elements[i].text)] = py::bytes(reply.elements[i + 1].text);
  }
  return out;
}

py::int_ hset(const RedisConnection& self, const py::object& name, const py::object& key, const py::object& value,
              const py::object& mapping) {
  Arguments arguments{"HSET", argument_of(name)};
  if (!key.is_none()) {
    arguments.push_back(argument_of(key));
    arguments.push_back(argument_of(value));
  }
  if (!mapping.is_none()) {
    for (const auto& [field, of_field] : mapping.cast<py::dict>()) {
      arguments.push_back(argument_of(field));
      arguments.push_back(argument_of(of_field));
    }
  }
  if (arguments.size() == 2) throw py::value_error("hset() needs a key and a value, or a mapping that is not empty");
  return py::int_(ask(self, std::move(arguments)).integer);
}

py::list keys(const RedisConnection& self, const std::string& pattern) {
  const auto found = without_gil([&] { return self.client->scan_keys(pattern); });
  py::list out;
  for (const std::string& key : found) out.append(py::bytes(key));
  return out;
}

/// `count`, redis-py's hint of how many to look at a time, is our client's to choose.
py::iterator scan_iter(const RedisConnection& self, const py::object& match, const py::object& /*count*/) {
  return py::iter(keys(self, match.is_none() ? "*" : argument_of(match)));
}

py::int_ remove(const RedisConnection& self, const py::args& names) {
  Arguments arguments{"DEL"};
  for (const py::handle name : names) arguments.push_back(argument_of(name));
  return arguments.size() == 1 ? py::int_(0) : py::int_(ask(self, std::move(arguments)).integer);
}

py::tuple time(const RedisConnection& self) {
  const RedisReply reply = ask(self, {"TIME"});
  if (reply.elements.size() != 2) throw RedisProtocolError("TIME: the reply has no seconds and microseconds");
  return py::make_tuple(std::stoll(reply.elements[0].text), std::stoll(reply.elements[1].text));
}

py::dict statistics(const RedisConnection& self) {
  const RedisClientStatistics now = self.client->statistics();
  py::dict out;
  out["commands"] = now.commands;
  out["pipelines"] = now.pipelines;
  out["connections_opened"] = now.connections_opened;
  out["failures_connection"] = now.failures_connection;
  out["failures_timeout"] = now.failures_timeout;
  out["failures_authentication"] = now.failures_authentication;
  out["failures_protocol"] = now.failures_protocol;
  out["errors_replied"] = now.errors_replied;
  out["latency_sum"] = now.latency_sum;
  return out;
}

const RedisStorageBase& redis_of(Storage& storage) {
  const auto* const redis = dynamic_cast<const RedisStorageBase*>(&storage);
  if (redis == nullptr) throw py::type_error(storage.describe() + " is no Redis");
  return *redis;
}

using RedisClientClass = py::class_<RedisConnection, std::shared_ptr<RedisConnection>>;

std::shared_ptr<RedisConnection> make_client(const py::args& args, py::kwargs keywords) {
  if (args.size() > 1) throw py::type_error("RedisClient() takes one argument by place, the URL");
  if (args.size() == 1) keywords["url"] = args[0];
  RedisOptions options = redis_options_from(keywords);
  return std::make_shared<RedisConnection>(RedisConnection{make_redis_client(options), options});
}

/// A call of Redis' each, by redis-py's names.
void add_commands(RedisClientClass& client) {
  client
      .def(
          "ping", [](const RedisConnection& self) { return without_gil([&] { return self.client->ping(); }); },
          "True, or an error: RedisConnectionError, RedisTimeoutError, RedisAuthenticationError.")
      .def("execute_command", &execute_command, "One command, its name first.")
      .def("pipeline", &pipeline, py::arg("commands"), "Replies to a list of commands, in one round trip.")
      .def("get", &get)
      .def("hget", &hget, py::arg("name"), py::arg("key"))
      .def("hset", &hset, py::arg("name"), py::arg("key") = py::none(), py::arg("value") = py::none(),
           py::arg("mapping") = py::none(), "How many fields are new.")
      .def("hsetnx", &hsetnx, py::arg("name"), py::arg("key"), py::arg("value"))
      .def("hgetall", &hgetall, py::arg("name"))
      .def("expire", &expire, py::arg("name"), py::arg("time"))
      .def("keys", &keys, py::arg("pattern") = "*", "Of all masters, found by SCAN.")
      .def("scan_iter", &scan_iter, py::arg("match") = py::none(), py::arg("count") = py::none())
      .def("delete", &remove, "How many there were.")
      .def("time", &time, "The server's clock: seconds and microseconds.");
}

void add_storage_functions(py::module_& module) {
  module.def(
      "redis_client_of",
      [](Storage& storage) {
        const RedisStorageBase& redis = redis_of(storage);
        return std::make_shared<RedisConnection>(RedisConnection{redis.client(), redis.settings().client});
      },
      py::arg("storage"), "The client a Redis storage asks with (it ships over another connection).");
  module.def(
      "redis_key_prefix_of", [](Storage& storage) { return redis_of(storage).settings().key_prefix; },
      py::arg("storage"), "What the keys of a Redis storage begin with; may be empty in the shared layout.");
}

}  // namespace

void add_redis_client(py::module_& module) {
  RedisClientClass client(
      module, "RedisClient", py::dynamic_attr(),
      "RedisClient(url=None, *, host, port, db, username, password, unix_socket_path, ssl, ssl_ca_certs, ssl_certfile, "
      "ssl_keyfile, socket_timeout, socket_connect_timeout, health_check_interval, sentinels, service_name, "
      "cluster_nodes)\n\nA client of one server, a Sentinel's master or a Cluster; connects at its first command.");
  client.def(py::init(&make_client));
  add_commands(client);
  client
      .def(
          "close", [](const RedisConnection&) {}, "Nothing: connections end with the client.")
      .def("statistics", &statistics, "What this client has met since it was made, as a dict.")
      .def(
          "describe", [](const RedisConnection& self) { return self.client->describe(); }, "The URL without password.")
      .def("__repr__", [](const RedisConnection& self) { return "<RedisClient " + self.client->describe() + ">"; });
  add_storage_functions(module);
}

}  // namespace weir::python
