#include "redis/socket.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "redis/tls_socket_bio.h"

namespace weir {
namespace {

/// A socket whose other end is closed: the first byte sent to it meets EPIPE.
Socket widowed() {
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  ::close(ends[1]);
  return Socket(ends[0]);
}

TEST(Socket, SendingToAPeerThatIsGoneFailsWithoutASignal) {
  Socket socket = widowed();
  const IoResult result = socket.send("PING\r\n");
  EXPECT_EQ(result.kind, IoResult::Kind::failed);
  EXPECT_EQ(result.why, "Broken pipe");
  EXPECT_FALSE(socket.is_quiet());
}

TEST(TlsSocketBio, SendingToAPeerThatIsGoneFailsWithoutASignal) {
  const Socket socket = widowed();
  BIO* bio = make_socket_bio(socket.fd());
  EXPECT_LE(::BIO_write(bio, "x", 1), 0);
  EXPECT_FALSE(BIO_should_retry(bio));
  ::BIO_free(bio);
}

}  // namespace
}  // namespace weir
