// Whether a password is a user's: bcrypt on a thread of its own, each answer remembered.
//
//   if (const auto known = check.remembered(*users, credentials)) return *known;
//   check.submit(users, credentials, "10.0.0.7", [](PasswordVerdict verdict) { … });   // called from the check's
//   thread
//
// A scraper's password is computed once and then looked up. An unknown user is computed against a hash nobody has, of
// the cost the users' have, and remembered in the same way: neither time nor answer tells which users there are. What
// is remembered is a keyed digest (HMAC-SHA256, a random key a process) of user, hash and password: no password stands
// in memory, and a changed hash is a new question. Right answers have a place for each user that wrong ones cannot
// take; wrong ones share a bounded one. The queue is bounded, and each address's share of it: who guesses waits for
// himself.
//
// Thread safety: every member may be called from any thread.
// Invariants: I4.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "web_config/web_config.h"

namespace weir {

struct Credentials {
  std::string user;
  std::string password;
};

enum class PasswordVerdict : std::uint8_t {
  right,
  wrong,
  stopped,  ///< the check ends; nothing was computed
};

class PasswordCheck {
 public:
  struct Limits {
    std::size_t waiting = 32;
    std::size_t waiting_of_address = 8;
    std::size_t remembered_wrong = 1024;
  };
  using Done = std::function<void(PasswordVerdict)>;

  explicit PasswordCheck(Limits limits);
  PasswordCheck() : PasswordCheck(Limits{}) {}
  ~PasswordCheck();
  PasswordCheck(const PasswordCheck&) = delete;
  PasswordCheck& operator=(const PasswordCheck&) = delete;

  /// The answer of before; nothing when it must be computed.
  std::optional<bool> remembered(const WebUsers& users, const Credentials& credentials) const;
  /// False, and `done` is never called, when too many wait. `done` must not throw.
  bool submit(std::shared_ptr<const WebUsers> users, Credentials credentials, std::string address, Done done);
  /// Gives everything that waits the verdict `stopped`, also what comes later; returns when the thread has ended.
  void stop();

  /// Hashes computed so far.
  std::uint64_t computed() const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Question {
    std::shared_ptr<const WebUsers> users;
    Credentials credentials;
    std::string address;
    Done done;
  };

  void run();
  bool compute(const Question& question);
  void remember(const Question& question, const Digest& digest, bool is_right);
  Digest digest_of(const WebUsers& users, const Credentials& credentials) const;

  const Limits limits_;
  std::array<unsigned char, 32> key_{};  // constant after construction

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // guarded by mutex_
  std::deque<Question> waiting_;
  std::map<std::string, std::size_t> waiting_of_;
  std::map<std::string, Digest, std::less<>> right_;
  std::set<Digest> wrong_;
  std::deque<Digest> wrong_in_order_;
  std::uint64_t computed_ = 0;
  bool stopped_ = false;

  std::thread thread_;
};

}  // namespace weir
