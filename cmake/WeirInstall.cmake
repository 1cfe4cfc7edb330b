# The install tree: headers, libraries, `weir`, find_package(weir) and pkg-config files.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weir)

set(not_installed "")
if(NOT WEIR_WITH_REDIS)
  set(not_installed PATTERN "redis*.h" EXCLUDE)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/weir ${PROJECT_BINARY_DIR}/include/weir
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h" ${not_installed})
install(TARGETS weir RUNTIME)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE TYPE DOC)

# What the target `man` made of weir's own help, where it was built: completion and manual pages.
install(DIRECTORY ${PROJECT_BINARY_DIR}/completion/ DESTINATION ${CMAKE_INSTALL_DATADIR} OPTIONAL)
install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)

# From the folder of the .pc files back to the prefix: the tree may be installed anywhere, and moved.
file(RELATIVE_PATH PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" PC_PREFIX "${PC_PREFIX}")

# How a user of a static library finds what it links: pkg-config's name, and the line of weir-config.cmake.
function(weir_dependency library pc_out find_out)
  if(library MATCHES "^PkgConfig::(.*)$")
    # Made by pkg_check_modules(NAME … IMPORTED_TARGET PC) in the top CMakeLists.txt.
    set(name ${CMAKE_MATCH_1})
    set(pc ${${name}_MODULE_NAME})
    set(find "weir_find_module(${name} ${pc})")
  else()
    string(REGEX REPLACE "::.*$" "" package ${library})
    string(TOLOWER ${package} pc)
    set(find "find_dependency(${package})")
  endif()
  set(${pc_out} ${pc} PARENT_SCOPE)
  set(${find_out} "${find}" PARENT_SCOPE)
endfunction()

# One library: its exported target in a file of its own, so that a program that asks for core needs none of what the
# exporter needs, and its .pc file. A static library's users link everything, a shared one's only the library itself.
function(weir_install_library name description)
  get_target_property(target weir::${name} ALIASED_TARGET)
  install(TARGETS ${target} EXPORT weir-${name}-targets
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT weir-${name}-targets NAMESPACE weir:: DESTINATION ${package_dir})

  get_target_property(libraries ${target} WEIR_LIBRARIES)
  set(outside "")
  set(finds "")
  foreach(library IN LISTS libraries)
    weir_dependency(${library} pc find)
    list(APPEND outside ${pc})
    list(APPEND finds "    ${find}\n")
  endforeach()
  list(REMOVE_DUPLICATES outside)
  list(REMOVE_DUPLICATES finds)
  list(JOIN finds "" finds)
  if(BUILD_SHARED_LIBS)
    set(finds "")
  endif()
  set(WEIR_FIND_${name} "${finds}" PARENT_SCOPE)
  set(PC_NAME weir-${name})
  set(PC_DESCRIPTION "${description}")
  set(PC_LIBRARY "-l${PC_NAME}")
  get_target_property(symbol ${target} WEIR_WITH_SYMBOL)
  if(symbol AND BUILD_SHARED_LIBS)
    set(PC_LIBRARY "-Wl,--push-state,--no-as-needed ${PC_LIBRARY} -Wl,--pop-state")
  elseif(symbol)
    set(PC_LIBRARY "-Wl,-u,${symbol} ${PC_LIBRARY}")
  endif()
  set(PC_REQUIRES ${ARGN})
  # Not even as Requires.private where libraries are shared: pkgconf then wants their development packages.
  if(NOT BUILD_SHARED_LIBS)
    list(APPEND PC_REQUIRES ${outside})
  endif()
  list(JOIN PC_REQUIRES " " PC_REQUIRES)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/weir.pc.in ${PROJECT_BINARY_DIR}/weir-${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/weir-${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

weir_install_library(core "Prometheus metrics for programs of many processes")
if(WEIR_WITH_REDIS)
  weir_install_library(redis "Redis storage for Weir's metrics" weir-core)
endif()
weir_install_library(exporter "An HTTP server for Weir's metrics" weir-core)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weir-config.cmake.in
                              ${PROJECT_BINARY_DIR}/weir-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weir-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weir-config.cmake ${PROJECT_BINARY_DIR}/weir-config-version.cmake
        DESTINATION ${package_dir})
