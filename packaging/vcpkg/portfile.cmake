# A vcpkg port, to be used as an overlay. Written, not tested here.
vcpkg_from_git(OUT_SOURCE_PATH SOURCE_PATH URL "$ENV{WEIR_GIT_URL}" REF "$ENV{WEIR_GIT_REF}")
string(COMPARE EQUAL "${VCPKG_LIBRARY_LINKAGE}" "dynamic" shared)
vcpkg_check_features(OUT_FEATURE_OPTIONS features FEATURES redis WEIR_WITH_REDIS)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS -DBUILD_SHARED_LIBS=${shared} -DWEIR_BUILD_TESTS=OFF
                      -DWEIR_BUILD_EXAMPLES=OFF ${features})
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(PACKAGE_NAME weir CONFIG_PATH lib/cmake/weir)
vcpkg_fixup_pkgconfig()
vcpkg_copy_tools(TOOL_NAMES weir AUTO_CLEAN)
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
