// Brings what a multiprocess directory holds into Redis, in the per-process layout, once: `weir migrate`.
//
//   Migration done = migrate_directory(*client, {.directory = "/run/app/metrics", .key_prefix = "gunicorn"});
//
// Each process that left files becomes a writer with a claim and without a lease, so a dead one. It is called as its
// files are (`4242` of counter_4242-18f3.db), unless somebody has that name: then `4242-m<hash>`. Its token is made of
// this host, the directory and the files' identity, so that a second run finds its own claims and brings the same
// values again, or larger ones where a file has grown: nothing doubles. Which processes were brought is also kept in
// `<prefix>:weir:migrated`: one that was folded since is left alone.
//
// A sum of a file's entries that no double can say is kept in parts, so that not a last bit is lost (I2): the further
// ones under JSON keys with one, two or three spaces after the `[`, which name the same series to every reader.
//
// Gauges `live*` are not brought: they are of processes that live, and whoever is brought counts as dead. Keys brought
// stay until they are folded (for ten years as a backstop): no process renews them.
//
// Thread safety: one thread at a time a client. Process safety: reads the directory only; two migrations of one
// directory at once both succeed. Killed at any instruction: run again. Invariants: I1, I2, I4.
// Source: protocols P7 and P8.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "weir/redis_client.h"
#include "weir/snapshot.h"

namespace weir {

struct MigrateOptions {
  std::filesystem::path directory;
  std::string key_prefix = "gunicorn";                                  ///< one that checked_key_prefix() gave
  bool dry_run = false;                                                 ///< looks, and writes nothing
  std::function<void(std::size_t done, std::size_t total)> progress{};  ///< called after each process; may be empty
};

struct MigratedProcess {
  enum class State : std::uint8_t {
    added,    ///< was not there
    updated,  ///< was brought before; its values are now those of its files
    folded,   ///< was brought before and folded since, so nothing of it was written
    failed    ///< Redis took some of its values only, or none; see Migration::problems
  };
  std::string identity;  ///< of its files
  std::string writer;    ///< in Redis
  State state = State::added;
  std::size_t files = 0;
  std::size_t values = 0;    ///< written, or to be written in a dry run
  bool is_counting = false;  ///< it lives and counts on into its files
};

struct Migration {
  std::vector<MigratedProcess> processes;  ///< that hold values
  std::size_t files = 0;                   ///< read
  std::size_t live_gauge_files = 0;        ///< left out
  std::vector<Problem> problems;           ///< what could not be read or written
};

/// Throws RedisError when the server cannot be reached or takes nothing; what was written until then stays, and
/// another run goes on. A directory that cannot be read is a Problem.
Migration migrate_directory(RedisClient& client, const MigrateOptions& options);

}  // namespace weir
