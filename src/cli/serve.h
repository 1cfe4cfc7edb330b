// `weir serve`: the exporter, until SIGTERM or SIGINT.
#pragma once

#include <string>

#include "cli/command_spec.h"
#include "cli/source_choice.h"
#include "cli/web_choice.h"

namespace weir::cli {

struct ServeArguments {
  SourceArguments source;
  std::string page = "live";  ///< at /: `live`, `plain` or `off`
  std::string listen;         ///< empty: systemd's socket, the environment's, else 127.0.0.1:9091
  WebArguments web;
};

CommandSpec serve_command();
int serve(const ServeArguments& arguments);

}  // namespace weir::cli
