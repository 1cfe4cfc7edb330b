#include <gtest/gtest.h>
#include <zlib.h>

#include "exposition/gzip_stream.h"
#include "weir/error.h"
#include "weir/exposition.h"

namespace weir {
namespace {

/// What curl and browsers do: inflate one gzip member. Fails on anything before or behind it.
std::string gunzip(std::string in) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::string out;
  std::string piece(std::size_t{1} << 16U, '\0');
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  EXPECT_EQ(code, Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "bytes behind the first member";
  inflateEnd(&stream);
  return out;
}

std::string exposition_of(std::size_t lines) {
  std::string body;
  for (std::size_t i = 0; i < lines; ++i)
    body += "x_total{i=\"" + std::to_string(i) + "\"} " + std::to_string(i * 7) + "\n";
  return body;
}

std::string streamed(std::string_view body, std::size_t piece) {
  GzipStream gzip;
  std::string out;
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) gzip.write(body.substr(0, piece), out);
  gzip.finish(out);
  return out;
}

TEST(Gzip, OneMemberReadsBackTheSame) {
  const std::string body = exposition_of(20000);
  const std::string packed = gzip(body);
  EXPECT_LT(packed.size(), body.size() / 2);
  EXPECT_EQ(gunzip(packed), body);
}

TEST(Gzip, BodyBeyondTheThresholdIsOneMemberToo) {
  std::string body;
  for (int i = 0; body.size() <= kGzipStreamThreshold; ++i)
    body += "requests_total{path=\"/p" + std::to_string(i) + "\"} 1\n";
  EXPECT_EQ(gunzip(gzip(body)), body);
}

TEST(Gzip, EmptyBodyIsAMemberToo) { EXPECT_EQ(gunzip(gzip("")), ""); }

TEST(GzipStream, PiecesOfAnySizeMakeOneMember) {
  const std::string body = exposition_of(20000);
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{65536}, body.size()}) {
    EXPECT_EQ(gunzip(streamed(body, piece)), body) << piece;
  }
}

TEST(GzipStream, NothingWrittenIsAMemberToo) { EXPECT_EQ(gunzip(streamed("", 1)), ""); }

TEST(GzipStream, OutputComesBeforeTheEnd) {
  GzipStream stream;
  std::string out;
  stream.write(exposition_of(200000), out);
  EXPECT_GT(out.size(), 100000U);
}

TEST(GzipStream, WritingAfterFinishIsRefused) {
  GzipStream stream;
  std::string out;
  stream.finish(out);
  EXPECT_THROW(stream.write("x", out), Error);
}

}  // namespace
}  // namespace weir
