// A body compressed piece by piece: one gzip member in bounded memory, for bodies too large to hold twice.
//
//   GzipStream gzip;
//   while (more) gzip.write(piece, out), send(out), out.clear();
//   gzip.finish(out);
//
// Whole bodies up to kGzipStreamThreshold go faster through weir::gzip (libdeflate).
// Thread safety: one stream, one thread at a time.
// Process safety: in-process state only.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace weir {

/// Bodies above this many bytes are streamed.
inline constexpr std::size_t kGzipStreamThreshold = std::size_t{16} << 20U;

class GzipStream {
 public:
  /// Level 1. Throws Error when memory runs out.
  GzipStream();
  ~GzipStream();
  GzipStream(GzipStream&&) noexcept;
  GzipStream& operator=(GzipStream&&) noexcept;

  /// Compresses `in` and appends what is ready to `out`; zlib keeps up to some 10 KB back.
  void write(std::string_view in, std::string& out);
  /// Appends the rest and the trailer. Nothing may be written afterwards.
  void finish(std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
