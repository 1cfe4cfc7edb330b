// Milliseconds to compress a body of 10 MB: weir::gzip against libdeflate level 1 with everything allocated beforehand.
//
//   bench_gzip ROUNDS
#include <fmt/format.h>
#include <libdeflate.h>

#include <memory>
#include <string>

#include "harness/report.h"
#include "weir/exposition.h"

namespace weir::bench {
namespace {

constexpr std::size_t kBody = 10'000'000;

std::string body_of(std::size_t round) {
  std::string body;
  for (std::size_t i = 0; body.size() < kBody; ++i) {
    body += fmt::format(
        "http_server_requests_{:02}_total{{method=\"GET\",route=\"/api/v1/items/"
        "{:05}\",status=\"200\",worker=\"{:03}\"}} {}\n",
        i / 3200, i % 2000, i / 2000, (i + 1) * (i % 61 + 3) + round);
  }
  body.resize(kBody);
  return body;
}

std::string unpacked(std::string_view packed) {
  std::string body(kBody + 1, '\0');
  std::size_t size = 0;
  libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
  libdeflate_gzip_decompress(decompressor, packed.data(), packed.size(), body.data(), body.size(), &size);
  libdeflate_free_decompressor(decompressor);
  body.resize(size);
  return body;
}

void run(std::size_t rounds) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(1);
  const std::size_t room = libdeflate_gzip_compress_bound(compressor, kBody);
  const auto buffer = std::make_unique<char[]>(room);
  Row row("gzip of a 10 MB body", "ms");
  std::size_t number = 0;
  row.time("floor", [&](std::size_t) {
    const std::string body = body_of(++number);
    std::size_t size = 0;
    const double seconds =
        seconds_of([&] { size = libdeflate_gzip_compress(compressor, body.data(), body.size(), buffer.get(), room); });
    if (unpacked({buffer.get(), size}) != body) row.wrong("floor: what was packed is not what comes out");
    return seconds * 1e3;
  });
  row.time("weir", [&](std::size_t) {
    const std::string body = body_of(++number);
    std::string packed;
    const double seconds = seconds_of([&] { packed = gzip(body); });
    if (unpacked(packed) != body) row.wrong("weir: what was packed is not what comes out");
    return seconds * 1e3;
  });
  row.run(rounds);
  row.print();
  libdeflate_free_compressor(compressor);
}

}  // namespace
}  // namespace weir::bench

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "usage: bench_gzip ROUNDS\n");
    return 2;
  }
  weir::bench::run(std::stoul(words[1]));
  return 0;
}
