// A program started by a test, and what it takes to run one: a directory, a free port.
//
// What is started dies with the thread that started it (PR_SET_PDEATHSIG): start servers in the test's own thread. In a
// forked child of the test the destructors do nothing.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weir::for_test {

/// A directory that goes with its object; short, because a Unix socket's path holds 107 characters.
class TempDir {
 public:
  TempDir() {
    std::string name = "/tmp/weir-redis-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    if (::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& file) const { return path_ + "/" + file; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  pid_t owner_ = ::getpid();
};

/// A loopback port nobody listens on, below the ephemeral range, so that it is still free when a server comes back; the
/// port 10000 above it, which a Cluster's node takes too, is tried as well.
inline std::uint16_t free_port() {
  static std::mt19937 random{std::random_device{}()};
  const auto is_free = [](int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return free;
  };
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int port = std::uniform_int_distribution<int>(12000, 22000)(random);
    if (is_free(port) && is_free(port + 10000)) return static_cast<std::uint16_t>(port);
  }
  throw std::runtime_error("no free port found");
}

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() {
    if (::getpid() == owner_) kill();
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Starts `command`; its output goes to `output`, a file or a descriptor's path.
  void start(const std::vector<std::string>& command, const std::string& output) {
    kill();
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(126);
    const int in = ::open("/dev/null", O_RDONLY);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(in, 0);
    ::dup2(out, 1);
    ::dup2(out, 2);
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  /// Waits for its end; its exit status, or -signal.
  int wait() {
    if (pid_ <= 0) return 0;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  bool has_ended() {
    if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
    return pid_ <= 0;
  }
  void signal(int number) {
    if (pid_ > 0) ::kill(pid_, number);
  }
  void kill() {
    signal(SIGKILL);
    wait();
  }
  /// SIGTERM, and SIGKILL to one that ignores it for 10 s.
  void stop() {
    signal(SIGCONT);
    signal(SIGTERM);
    for (int i = 0; i < 1000 && !has_ended(); ++i) ::usleep(10'000);
    kill();
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  pid_t owner_ = ::getpid();
};

/// Runs a program to its end; its exit status and its output without the last line end.
inline std::pair<int, std::string> run_program(const std::vector<std::string>& command) {
  TempDir dir;
  ChildProcess child;
  child.start(command, dir / "output");
  const int status = child.wait();
  std::string output;
  if (FILE* file = std::fopen((dir / "output").c_str(), "re")) {
    char piece[4096];
    for (std::size_t n; (n = std::fread(piece, 1, sizeof piece, file)) > 0;) output.append(piece, n);
    std::fclose(file);
  }
  if (output.ends_with('\n')) output.pop_back();
  return {status, output};
}

}  // namespace weir::for_test
