#include "web_config/password_check.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/resource.h>

#include <algorithm>
#include <vector>

#include "web_config/bcrypt.h"
#include "weir/error.h"

namespace weir {
namespace {

/// Checks yield to scrapes where cores are short.
constexpr int kNice = 10;

void append_sized(std::string& text, std::string_view part) {
  text += std::to_string(part.size());
  text += ':';
  text += part;
}

int highest_cost(const WebUsers& users) {
  int most = kLeastBcryptCost;
  for (const auto& [user, hash] : users) most = std::max(most, bcrypt_cost(hash));
  return most;
}

}  // namespace

PasswordCheck::PasswordCheck(Limits limits) : limits_(limits) {
  if (RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) throw StorageError("OpenSSL has no random bytes");
  thread_ = std::thread([this] { run(); });
}

PasswordCheck::~PasswordCheck() { stop(); }

void PasswordCheck::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

PasswordCheck::Digest PasswordCheck::digest_of(const WebUsers& users, const Credentials& credentials) const {
  const auto user = users.find(credentials.user);
  std::string text;
  text.reserve(credentials.user.size() + credentials.password.size() + 100);  // moved nowhere: cleansed below
  append_sized(text, credentials.user);
  append_sized(text, user == users.end() ? std::string_view() : user->second);
  append_sized(text, credentials.password);
  Digest digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

std::optional<bool> PasswordCheck::remembered(const WebUsers& users, const Credentials& credentials) const {
  const Digest digest = digest_of(users, credentials);
  const std::lock_guard lock(mutex_);
  const auto right = right_.find(credentials.user);
  if (right != right_.end() && CRYPTO_memcmp(right->second.data(), digest.data(), digest.size()) == 0) return true;
  if (wrong_.contains(digest)) return false;
  return {};
}

bool PasswordCheck::submit(std::shared_ptr<const WebUsers> users, Credentials credentials, std::string address,
                           Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopped_) {
      if (waiting_.size() >= limits_.waiting) return false;
      const auto of = waiting_of_.find(address);
      if (of != waiting_of_.end() && of->second >= limits_.waiting_of_address) return false;
      ++waiting_of_[address];
      waiting_.push_back({std::move(users), std::move(credentials), std::move(address), std::move(done)});
      done = nullptr;
    }
  }
  if (done != nullptr) {
    done(PasswordVerdict::stopped);
  } else {
    changed_.notify_one();
  }
  return true;
}

std::uint64_t PasswordCheck::computed() const {
  const std::lock_guard lock(mutex_);
  return computed_;
}

bool PasswordCheck::compute(const Question& question) {
  const auto user = question.users->find(question.credentials.user);
  const bool is_known = user != question.users->end();
  const std::string hash = is_known ? user->second : bcrypt_of_nobody(highest_cost(*question.users));
  return bcrypt_matches(question.credentials.password, hash) && is_known;
}

void PasswordCheck::remember(const Question& question, const Digest& digest, bool is_right) {
  const std::lock_guard lock(mutex_);
  if (is_right) {
    // Of users that are gone as well: a configuration's users are bounded, and their answers go with the next sweep.
    std::erase_if(right_, [&](const auto& one) { return !question.users->contains(one.first); });
    right_[question.credentials.user] = digest;
    return;
  }
  if (!wrong_.insert(digest).second) return;
  wrong_in_order_.push_back(digest);
  if (wrong_in_order_.size() <= limits_.remembered_wrong) return;
  wrong_.erase(wrong_in_order_.front());
  wrong_in_order_.pop_front();
}

void PasswordCheck::run() {
  setpriority(PRIO_PROCESS, 0, kNice);  // of this thread alone, in Linux
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Question question = std::move(waiting_.front());
    waiting_.pop_front();
    const auto of = waiting_of_.find(question.address);
    if (--of->second == 0) waiting_of_.erase(of);
    const bool ends = stopped_;
    lock.unlock();
    PasswordVerdict verdict = PasswordVerdict::stopped;
    if (!ends) {
      // The same question may have been answered while it waited.
      const std::optional<bool> known = remembered(*question.users, question.credentials);
      const bool is_right = known ? *known : compute(question);
      if (!known) remember(question, digest_of(*question.users, question.credentials), is_right);
      verdict = is_right ? PasswordVerdict::right : PasswordVerdict::wrong;
      if (!known) {
        const std::lock_guard counting(mutex_);
        ++computed_;
      }
    }
    OPENSSL_cleanse(question.credentials.password.data(), question.credentials.password.size());
    question.done(verdict);
    lock.lock();
  }
}

}  // namespace weir
