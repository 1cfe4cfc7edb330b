// A Redis as what a subcommand reads. Where `weir` is built without Redis,
// redis_source_absent.cc stands in and says how to get it.
#pragma once

#include "cli/source_choice.h"

namespace weir::cli {

bool has_redis_support() noexcept;

/// The Redis of `--redis`, else of the environment; user, password, TLS files and key prefix that the arguments do not
/// give come from there too. Asks the server nothing. Throws ConfigError for what cannot be used, such as a password in
/// the URL.
ChosenSource redis_source(const SourceArguments& arguments);

/// `weir check`, `weir fold` and `weir migrate` of it (check_redis.h, fold.h, migrate.h). Where Weir is built without
/// Redis: ConfigError.
int check_redis(const SourceArguments& arguments, bool all);
int fold_redis(const SourceArguments& arguments, double keep_all);
int migrate_to_redis(const std::string& directory, const SourceArguments& arguments, bool dry_run, bool all);

}  // namespace weir::cli
