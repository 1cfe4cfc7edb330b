# What nearly every file includes, compiled once for the rooms and once for their tests: a third of all compile time.
# weir_use_precompiled(TARGET lib|test). Only with g++: lint's clang build sees every file's own includes.
set(WEIR_PRECOMPILED OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND PROJECT_IS_TOP_LEVEL)
  set(WEIR_PRECOMPILED ON)
  set(standard_headers <algorithm> <atomic> <chrono> <filesystem> <functional> <map> <memory> <mutex> <optional> <span>
      <string> <string_view> <thread> <unordered_map> <vector> <fmt/format.h>)
  file(WRITE ${PROJECT_BINARY_DIR}/precompiled.cc "int main() { return 0; }\n")

  add_library(weir_precompiled_lib STATIC ${PROJECT_BINARY_DIR}/precompiled.cc)
  target_link_libraries(weir_precompiled_lib PRIVATE weir_flags fmt::fmt)
  target_precompile_headers(weir_precompiled_lib PRIVATE ${standard_headers})
  if(WEIR_BUILD_TESTS)
    add_executable(weir_precompiled_test ${PROJECT_BINARY_DIR}/precompiled.cc)
    target_compile_options(weir_precompiled_test PRIVATE -O0)
    target_link_libraries(weir_precompiled_test PRIVATE weir_flags fmt::fmt GTest::gmock GTest::gtest_main)
    target_precompile_headers(weir_precompiled_test PRIVATE ${standard_headers} <gmock/gmock.h> <gtest/gtest.h>)
  endif()
endif()

function(weir_use_precompiled target kind)
  if(WEIR_PRECOMPILED)
    target_precompile_headers(${target} REUSE_FROM weir_precompiled_${kind})
    target_compile_options(${target} PRIVATE -fpch-preprocess)  # ccache asks for it
  endif()
endfunction()
