// A program that serves its own metrics: links weir-exporter and takes a free port.
#include <weir/exposer.h>
#include <weir/registry.h>

#include <cstdio>

int main() {
  weir::Registry registry;
  const weir::Exposer exposer{{.listen = "127.0.0.1:0"}, registry};
  std::printf("serving: %s\n", exposer.port() != 0 ? "yes" : "no");
}
