// A prefork server: the parent opens the port, forks workers that answer, and exposes what all of them counted.
//
//   prefork [WORKERS]                                    metrics in a directory of its own, gone at the end
//   PROMETHEUS_MULTIPROC_DIR=/run/app/metrics prefork 8  metrics there
//
// Prints the two addresses; SIGTERM or SIGINT ends it. Metrics are declared once, before the fork: each worker finds
// them at zero, in files of its own. A worker that dies is replaced, and what it counted stays counted.
#include <weir/exposer.h>
#include <weir/weir.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace {

struct Metrics {
  weir::Family<weir::Counter>& requests = weir::default_registry().counter(
      {.name = "http_requests_total", .help = "Requests answered."}, {"method", "code"});
  weir::Histogram& seconds =
      weir::default_registry().histogram({.name = "http_request_duration_seconds", .help = "Time to answer."});
  weir::Gauge& workers = weir::default_registry().gauge(
      {.name = "http_workers", .help = "Workers that live.", .mode = weir::GaugeMode::livesum});
};

int open_port() {
  const int port = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (port < 0 || ::bind(port, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(port, 128) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen on 127.0.0.1");
  }
  return port;
}

int number_of(int port) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(port, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

void answer(int connection, Metrics& metrics) {
  const weir::Timer timer(metrics.seconds);
  char request[4096];
  const ssize_t size = ::recv(connection, request, sizeof request, 0);
  const std::string_view text(request, size > 0 ? static_cast<std::size_t>(size) : 0);
  const bool get = text.starts_with("GET ");
  const std::string body = get ? "answered by " + std::to_string(::getpid()) + "\n" : "only GET\n";
  const std::string response = std::string("HTTP/1.1 ") + (get ? "200 OK" : "405 Method Not Allowed") +
                               "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                               body;
  metrics.requests.labels(get ? "GET" : "other", get ? "200" : "405")
      .inc();  // before the answer: who has it is counted
  static_cast<void>(::send(connection, response.data(), response.size(), MSG_NOSIGNAL));
}

[[noreturn]] void serve_for_ever(int port, Metrics& metrics) {
  metrics.workers.set(1);
  while (true) {
    const int connection = ::accept4(port, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection, metrics);
    ::close(connection);
  }
}

pid_t start_worker(int port, Metrics& metrics, const sigset_t& signals) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid > 0) return pid;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);
  ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  serve_for_ever(port, metrics);
}

// Replaces workers that end, until a signal says stop.
void supervise(std::vector<pid_t>& workers, int port, Metrics& metrics, const sigset_t& signals) {
  while (true) {
    int number = 0;
    ::sigwait(&signals, &number);
    if (number != SIGCHLD) return;
    for (pid_t dead = ::waitpid(-1, nullptr, WNOHANG); dead > 0; dead = ::waitpid(-1, nullptr, WNOHANG)) {
      std::ranges::replace(workers, dead, start_worker(port, metrics, signals));
    }
  }
}

// The environment's directory, or one of our own that goes with us.
class Directory {
 public:
  Directory() {
    if (std::getenv("PROMETHEUS_MULTIPROC_DIR") != nullptr) return;
    std::string name = std::filesystem::temp_directory_path() / "prefork.XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    own_ = name;
    ::setenv("PROMETHEUS_MULTIPROC_DIR", name.c_str(), 1);
  }
  ~Directory() {
    std::error_code ignored;
    if (!own_.empty()) std::filesystem::remove_all(own_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

 private:
  std::filesystem::path own_;
};

void run(std::size_t count) {
  const Directory directory;
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);  // before the first thread: all of them leave signals to supervise()

  Metrics metrics;
  const int port = open_port();
  std::vector<pid_t> workers(count);
  for (pid_t& worker : workers) worker = start_worker(port, metrics, signals);

  weir::MultiProcessCollector all_processes;
  const weir::Exposer exposer{{.listen = "127.0.0.1:0"}, all_processes};
  std::printf("app      http://127.0.0.1:%d/\nmetrics  http://127.0.0.1:%d/metrics\n", number_of(port), exposer.port());
  std::fflush(stdout);

  supervise(workers, port, metrics, signals);
  for (const pid_t worker : workers) ::kill(worker, SIGTERM);
  for (const pid_t worker : workers) ::waitpid(worker, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const long count = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 4;
    if (count < 1 || count > 1000) {
      std::fprintf(stderr, "prefork: WORKERS is \"%s\"; it must be a number from 1 to 1000\n", argv[1]);
      return 2;
    }
    run(static_cast<std::size_t>(count));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "prefork: %s\n", error.what());
    return 1;
  }
}
