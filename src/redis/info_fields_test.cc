#include "redis/info_fields.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(InfoFields, TellsTextsAndNumbersByField) {
  const InfoFields info("# Replication\r\nrole:slave\r\nmaster_replid:0123:4\r\nslave_repl_offset:98765432101\r\n\r\n");
  EXPECT_EQ(info.text("role"), "slave");
  EXPECT_EQ(info.text("master_replid"), "0123:4");
  EXPECT_EQ(info.number("slave_repl_offset"), 98765432101);
}

TEST(InfoFields, WhatIsNotToldIsEmptyAndNoNumberIsMinusOne) {
  const InfoFields info("a:1x\nb:\nc\nlast:7");
  EXPECT_EQ(info.number("a"), -1);
  EXPECT_EQ(info.number("b"), -1);
  EXPECT_EQ(info.text("c"), "");
  EXPECT_EQ(info.number("last"), 7);
  EXPECT_EQ(InfoFields("").number("a"), -1);
}

}  // namespace
}  // namespace weir
