#include "redis/tls_socket_bio.h"

#include <openssl/bio.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace weir {
namespace {

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio))); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int write_some(BIO* bio, const char* bytes, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const ssize_t sent = ::send(fd_of(bio), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && would_block()) BIO_set_retry_write(bio);
  *written = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  return sent > 0 ? 1 : 0;
}

int read_some(BIO* bio, char* into, std::size_t size, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  const ssize_t received = ::recv(fd_of(bio), into, size, MSG_DONTWAIT);
  if (received < 0 && would_block()) BIO_set_retry_read(bio);
  if (received == 0) {
    errno = 0;
    ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  }
  *read = received > 0 ? static_cast<std::size_t>(received) : 0;
  return received > 0 ? 1 : 0;
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
  return 0;
}

BIO_METHOD* new_method() {
  BIO_METHOD* made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
  if (made == nullptr) return made;
  ::BIO_meth_set_write_ex(made, write_some);
  ::BIO_meth_set_read_ex(made, read_some);
  ::BIO_meth_set_ctrl(made, control);
  return made;
}

/// Made once, and never freed: connections may live until the last of the process. No function static: a child forked
/// while another thread makes that would wait for ever (I7).
BIO_METHOD* socket_method() {
  static constinit std::atomic<BIO_METHOD*> the{nullptr};
  BIO_METHOD* method = the.load(std::memory_order_acquire);  // pairs with the exchange of who made it
  if (method != nullptr) return method;
  BIO_METHOD* const mine = new_method();
  if (the.compare_exchange_strong(method, mine, std::memory_order_acq_rel)) return mine;
  ::BIO_meth_free(mine);
  return method;
}

}  // namespace

bio_st* make_socket_bio(int fd) {
  BIO_METHOD* method = socket_method();
  BIO* bio = method == nullptr ? nullptr : ::BIO_new(method);
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  ::BIO_set_init(bio, 1);
  return bio;
}

}  // namespace weir
