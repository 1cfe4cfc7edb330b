// A Redis as what a subcommand reads. The one file of `weir` that knows Redis; where it is built without,
// redis_source_absent.cc stands in and says how to get it.
#pragma once

#include "cli/source_choice.h"

namespace weir::cli {

bool has_redis_support() noexcept;

/// The Redis of `--redis`, else of the environment; user, password, TLS files and key prefix that the arguments do not
/// give come from there too. Asks the server nothing. Throws ConfigError for what cannot be used, such as a password in
/// the URL.
ChosenSource redis_source(const SourceArguments& arguments);

}  // namespace weir::cli
