#include "format/exemplar_record.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

const Exemplar kExemplar{{{"trace_id", "4bf92f"}, {"où", "là"}}, 1.5, 1700000000.25};

TEST(ExemplarRecord, ReadsBackWhatWasWritten) {
  const std::string bytes = encode_exemplar("[\"key\"]", kExemplar);
  const std::string and_more = bytes + "what follows";
  const auto record = decode_exemplar(and_more);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->key, "[\"key\"]");
  EXPECT_EQ(record->exemplar.labels, kExemplar.labels);
  EXPECT_EQ(record->exemplar.value, 1.5);
  EXPECT_EQ(record->exemplar.timestamp, 1700000000.25);
  EXPECT_EQ(record->size, bytes.size());
}

TEST(ExemplarRecord, SizeDependsOnTheKeyAlone) {
  Exemplar longest{{{"k", std::string(127, 'v')}}, 1, 2};
  EXPECT_EQ(encode_exemplar("key", kExemplar).size(), encode_exemplar("key", longest).size());
  EXPECT_EQ(encode_exemplar("key", {}).size(), encode_exemplar("key", longest).size());
}

TEST(ExemplarRecord, EveryTornByteFailsTheCheck) {
  const std::string bytes = encode_exemplar("key", kExemplar);
  for (std::size_t i = 4; i < bytes.size(); ++i) {
    std::string torn = bytes;
    torn[i] = static_cast<char>(torn[i] ^ 1);
    ASSERT_FALSE(decode_exemplar(torn)) << "byte " << i;
  }
}

TEST(ExemplarRecord, TruncatedRecordIsNone) {
  const std::string bytes = encode_exemplar("key", kExemplar);
  for (std::size_t n = 0; n < bytes.size(); ++n) ASSERT_FALSE(decode_exemplar(std::string_view(bytes).substr(0, n)));
}

TEST(ExemplarRecord, HostileLengthsAreNone) {
  std::string bytes = encode_exemplar("key", kExemplar);
  for (const std::uint32_t size : {0U, 31U, 0x7fffffffU, 0xffffffffU}) {
    bytes.replace(0, 4, reinterpret_cast<const char*>(&size), 4);
    EXPECT_FALSE(exemplar_record_size(bytes)) << size;
  }
}

}  // namespace
}  // namespace weir
