# tests/fuzz/NAME_fuzz.cc becomes bin/NAME_fuzz, a libFuzzer program. The preset `fuzz` brings compiler and flags.
file(GLOB targets CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.cc)
if(NOT WEIR_WITH_REDIS)
  list(FILTER targets EXCLUDE REGEX "/resp_fuzz\\.cc$")
endif()
foreach(source IN LISTS targets)
  cmake_path(GET source STEM name)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE weir_collect weir_exposition weir_http weir_instrument weir_watch fmt::fmt
                        $<TARGET_NAME_IF_EXISTS:weir_redis>)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
