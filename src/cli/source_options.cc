#include "cli/source_options.h"

namespace weir::cli {

void add_dir(std::vector<OptionSpec>& options, std::string& dir) {
  options.push_back({"--dir", &dir, "DIRECTORY", "Directory the processes write to (default: PROMETHEUS_MULTIPROC_DIR)",
                     given("it must name a directory")});
}

void add_redis(std::vector<OptionSpec>& options, SourceArguments& source, const char* which) {
  options.push_back({"--redis", &source.redis, "URL", which, given("write redis://HOST:PORT/DB")});
  options.push_back({"--key-prefix", &source.key_prefix, "PREFIX", "What its keys begin with (default: gunicorn)",
                     given("leave it out for the usual one")});
  options.push_back({"--redis-password-file", &source.redis_password_file, "FILE", "File with its password alone",
                     given("it must name a file")});
}

void add_source(std::vector<OptionSpec>& options, SourceArguments& source) {
  add_dir(options, source.dir);
  add_redis(options, source, "Redis the processes write to, without a password");
  options.push_back({"--layout", &source.layout, "LAYOUT",
                     "per-process, shared or auto (default: auto, whichever is there)",
                     one_of({"per-process", "shared", "auto"})});
}

void add_url(std::vector<OptionSpec>& options, SourceArguments& source) {
  options.push_back(
      {"--url", &source.url, "URL", "The /metrics of any exporter", given("write http://HOST:PORT/metrics")});
}

}  // namespace weir::cli
