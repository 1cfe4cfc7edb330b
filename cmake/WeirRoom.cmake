# weir_room(NAME ROOMS a b LIBRARIES x y): the folder this is called from is one room of the house.
# Its *.cc become the static library weir_NAME, its *_test.cc the executable weir_NAME_test. ROOMS are the rooms it may
# include from (the arrows of ARCHITECTURE.md), LIBRARIES what it needs from outside.
# Every test of the room carries the ctest label NAME.
function(weir_room name)
  cmake_parse_arguments(ROOM "" "" "ROOMS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ROOM_ROOMS PREPEND weir_)

  add_library(weir_${name} STATIC ${sources})
  target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(weir_${name} PUBLIC weir_flags ${ROOM_ROOMS} PRIVATE ${ROOM_LIBRARIES})
  weir_use_precompiled(weir_${name} lib)
  # weir_library() asks for it: the libraries that ship are made of rooms and need what the rooms need.
  set_property(TARGET weir_${name} PROPERTY WEIR_LIBRARIES ${ROOM_LIBRARIES})

  if(WEIR_BUILD_TESTS AND tests)
    add_executable(weir_${name}_test ${tests})
    # Tests are compiled three times in a test run and run for seconds: what counts is how fast they compile.
    target_compile_options(weir_${name}_test PRIVATE -O0)
    weir_use_precompiled(weir_${name}_test test)
    target_link_libraries(weir_${name}_test PRIVATE weir_${name} ${ROOM_LIBRARIES} GTest::gmock GTest::gtest_main)
    # PRE_TEST: a sanitizer's program may need a wrapper to start (see ./run test), which only ctest is given.
    gtest_discover_tests(weir_${name}_test DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                         PROPERTIES TIMEOUT 120 LABELS ${name})
  endif()
endfunction()
