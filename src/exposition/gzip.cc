#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "exposition/gzip_stream.h"
#include "weir/error.h"
#include "weir/exposition.h"

namespace weir {
namespace {

struct FreeCompressor {
  void operator()(libdeflate_compressor* compressor) const noexcept { libdeflate_free_compressor(compressor); }
};
struct FreeBuffer {
  void operator()(char* buffer) const noexcept { std::free(buffer); }
};

// Slower than libdeflate, but what it holds is the output alone, not a bound as large as the body.
std::string gzip_in_pieces(std::string_view body) {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  GzipStream stream;
  std::string packed;
  for (; !body.empty(); body.remove_prefix(std::min(kPiece, body.size()))) stream.write(body.substr(0, kPiece), packed);
  stream.finish(packed);
  return packed;
}

}  // namespace

std::string gzip(std::string_view body) {
  if (body.size() > kGzipStreamThreshold) return gzip_in_pieces(body);
  constexpr int kLevel = 1;
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(libdeflate_alloc_compressor(kLevel));
  if (!compressor) throw Error(fmt::format("gzip of {} bytes: no memory for the compressor", body.size()));
  // malloc, not std::string: the bound is the body's own size, and a string would first fill all of it with zeros.
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor.get(), body.size());
  const std::unique_ptr<char, FreeBuffer> buffer(static_cast<char*>(std::malloc(bound)));
  if (!buffer) throw Error(fmt::format("gzip of {} bytes: no memory for {} bytes of output", body.size(), bound));
  const std::size_t size = libdeflate_gzip_compress(compressor.get(), body.data(), body.size(), buffer.get(), bound);
  return {buffer.get(), size};
}

}  // namespace weir
