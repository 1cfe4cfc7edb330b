#include "exposition/gzip_stream.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "weir/error.h"

namespace weir {

struct GzipStream::Impl {
  z_stream stream{};

  Impl() {
    constexpr int kLevel = 1;
    constexpr int kGzipWindow = 15 + 16;  // + 16: a gzip header and trailer instead of zlib's
    const int code = deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
    if (code != Z_OK) throw Error(fmt::format("gzip stream: deflateInit2 failed with {}: out of memory", code));
  }
  ~Impl() { deflateEnd(&stream); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Runs deflate until it has taken all input, and with Z_FINISH until it has given all output.
  void run(int flush, std::string& out) {
    std::array<char, std::size_t{32} * 1024> piece;
    int code = Z_OK;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      code = deflate(&stream, flush);
      if (code == Z_STREAM_ERROR) throw Error("gzip stream: written to after finish()");
      out.append(piece.data(), piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
};

GzipStream::GzipStream() : impl_(std::make_unique<Impl>()) {}
GzipStream::~GzipStream() = default;
GzipStream::GzipStream(GzipStream&&) noexcept = default;
GzipStream& GzipStream::operator=(GzipStream&&) noexcept = default;

void GzipStream::write(std::string_view in, std::string& out) {
  while (!in.empty()) {
    const std::size_t take = std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max());
    impl_->stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));  // zlib reads only
    impl_->stream.avail_in = static_cast<uInt>(take);
    impl_->run(Z_NO_FLUSH, out);
    in.remove_prefix(take);
  }
}

void GzipStream::finish(std::string& out) { impl_->run(Z_FINISH, out); }

}  // namespace weir
