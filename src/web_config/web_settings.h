// What the web configuration says now: read at the start, read again when a file changes.
//
//   WebSettingsKeeper keeper({.config_file = "/etc/weir/web.yml"});
//   const std::shared_ptr<const WebSettings> now = keeper.now();
//
// A thread of its own reads the files every second and at reload(); what changed is by content, so it does not matter
// how a file was replaced (renamed, written over, a Kubernetes symlink). When they cannot be used, what was in force
// stays, the fault is logged once and told by state(). A certificate written before its key is a fault for a second.
// Turning TLS on or off takes a restart, and so does taking out the last user: a file cut off must not open the door.
//
// Thread safety: every member may be called from any thread.
// Invariants: I4 (a bad file costs itself: the last good one serves).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "web_config/server_tls.h"
#include "web_config/web_config.h"

namespace weir {

/// Where the settings come from. A config file says everything; without one TLS may be had by files alone.
struct WebSource {
  std::string config_file;
  std::string certificate_file;
  std::string key_file;
  std::string client_ca_file;
  std::string client_ca_directory;
  bool client_certificate_required = false;  ///< false: verified where given
};

/// In force at one time.
struct WebSettings {
  std::shared_ptr<const ServerTls> tls;  ///< null: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<const WebUsers> users;  ///< never null; empty: no password is asked
};

class WebSettingsKeeper {
 public:
  struct State {
    bool has_files = false;            ///< false: there is nothing to read
    std::string fault;                 ///< of the last reading; empty: it is in force
    std::uint64_t loaded = 0;          ///< settings put in force, the first ones included
    std::uint64_t failed = 0;          ///< contents that could not be used
    double loaded_at = 0;              ///< seconds since 1970
    double certificate_not_after = 0;  ///< seconds since 1970; 0: no TLS
  };

  /// Throws ConfigError for what cannot be used.
  explicit WebSettingsKeeper(WebSource source);
  ~WebSettingsKeeper();
  WebSettingsKeeper(const WebSettingsKeeper&) = delete;
  WebSettingsKeeper& operator=(const WebSettingsKeeper&) = delete;

  std::shared_ptr<const WebSettings> now() const;
  State state() const;
  /// Has the thread look now, also at what it refused before. Does not wait.
  void reload();

 private:
  void run();
  void look();

  const WebSource source_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const WebSettings> now_;  // guarded by mutex_
  State state_;                             // guarded by mutex_
  bool asked_ = false;                      // guarded by mutex_
  bool stopped_ = false;                    // guarded by mutex_
  std::string seen_;                        // digest of what was read last; the thread's once it runs
  std::thread thread_;                      // none where nothing is to be read
};

}  // namespace weir
