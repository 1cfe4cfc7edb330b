#include "redis/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <sys/socket.h>
#include <sys/wait.h>
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

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

/// What `check` says in a child that fork() made: 0 where all is well.
template <typename Check>
int in_child(const Check& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int status = -1;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Socket, AForkedChildClosesItsCopyBeforeItRuns) {
  Socket socket = widowed();
  const int said = in_child([&] {
    if (is_open(socket.fd())) return 1;
    const int file = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int number = file == socket.fd() ? file : ::dup2(file, socket.fd());
    if (number < 0) return 2;
    socket.close();  // the number is the program's by now
    return is_open(number) ? 0 : 3;
  });
  EXPECT_EQ(said, 0);
  EXPECT_TRUE(is_open(socket.fd()));
}

TEST(Socket, ASocketOfTheChildIsNotTakenForTheParents) {
  Socket socket = widowed();
  const int said = in_child([&] {
    const int number = socket.fd();
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || ::dup2(ends[0], number) < 0) return 1;
    Socket mine(number);
    socket.close();
    if (!is_open(number)) return 2;
    mine.close();
    return is_open(number) ? 3 : 0;
  });
  EXPECT_EQ(said, 0);
}

TEST(Socket, NeverHasTheDescriptorOfAStandardStream) {
  const int said = in_child([] {
    for (const int fd : {0, 1, 2}) ::close(fd);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const Socket socket(fd);
    if (fd != 0) return 1;
    if (socket.fd() <= 2) return 2;
    if (is_open(fd)) return 3;
    return (::fcntl(socket.fd(), F_GETFD) & FD_CLOEXEC) != 0 ? 0 : 4;
  });
  EXPECT_EQ(said, 0);
}

TEST(OpenSockets, TooManyAreClosedLater) {
  OpenSockets sockets;
  for (std::size_t i = 0; i < OpenSockets::kMost; ++i) EXPECT_NE(sockets.add(7), OpenSockets::kNone);
  const OpenSockets::Entry none = sockets.add(7);
  EXPECT_EQ(none, OpenSockets::kNone);
  EXPECT_TRUE(sockets.remove(none));
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
