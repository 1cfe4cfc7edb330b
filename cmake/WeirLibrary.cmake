# weir_library(NAME ROOMS a b LIBRARIES x [TARGET t]): one of the libraries that ship, made of the rooms' object files.
# In the build it is weir_NAME and weir::NAME, on disk libweir-NAME, installed weir::NAME and weir-NAME.pc.
# TARGET is its name in the build where weir_NAME is a room's. WITH_SYMBOL is one its users link even when they call
# nothing of it, with whatever stands in the same file. Static unless BUILD_SHARED_LIBS. LIBRARIES are further
# libraries of ours its users link too.
function(weir_library name)
  cmake_parse_arguments(LIBRARY "" "TARGET;WITH_SYMBOL" "ROOMS;LIBRARIES" ${ARGN})
  set(target weir_${name})
  if(LIBRARY_TARGET)
    set(target ${LIBRARY_TARGET})
  endif()
  set(outside "")
  add_library(${target})
  foreach(room IN LISTS LIBRARY_ROOMS)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:weir_${room}>)
    get_target_property(libraries weir_${room} WEIR_LIBRARIES)
    if(libraries)
      list(APPEND outside ${libraries})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES outside)

  add_library(weir::${name} ALIAS ${target})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                             $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
  target_link_libraries(${target} PUBLIC ${LIBRARY_LIBRARIES} Threads::Threads PRIVATE ${outside})
  set_target_properties(${target} PROPERTIES WEIR_WITH_SYMBOL "${LIBRARY_WITH_SYMBOL}"
    EXPORT_NAME ${name} OUTPUT_NAME weir-${name} LINKER_LANGUAGE CXX WEIR_LIBRARIES "${outside}"
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  get_target_property(type ${target} TYPE)
  if(LIBRARY_WITH_SYMBOL AND type STREQUAL SHARED_LIBRARY)
    # Some distributions' compilers leave out shared libraries nothing is called of; -u does not count as a call there.
    target_link_options(${target} INTERFACE LINKER:--no-as-needed)
  elseif(LIBRARY_WITH_SYMBOL)
    target_link_options(${target} INTERFACE LINKER:-u,${LIBRARY_WITH_SYMBOL})
  endif()
  if(type STREQUAL SHARED_LIBRARY)
    # Threads own slots and atexit handlers are ours: dlclose() must not take the code away under them.
    target_link_options(${target} PRIVATE -Wl,-z,nodelete -Wl,--no-undefined)
  endif()
endfunction()
