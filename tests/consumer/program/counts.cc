// A program that only counts: links weir-core and prints what this process counted.
#include <weir/weir.h>

#include <cstdio>
#include <string>

int main() {
  weir::Registry& registry = weir::default_registry();
  auto& jobs = registry.counter({.name = "jobs_total", .help = "Jobs done."}, {"kind"});
  jobs.labels("mail").inc(3);

  const std::string body = weir::expose(*registry.collect(), {});
  std::printf("weir %s\n%s", weir::kVersion, body.c_str());
}
