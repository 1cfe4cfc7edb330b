"""Conan 2 recipe. Written, not tested here. scripts/recipes_test.py checks that it is Python and that the options it sets exist."""
from conan import ConanFile
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import load
import os
import re


class WeirConan(ConanFile):
    name = "weir"
    license = "Apache-2.0"
    description = "Prometheus metrics for programs of many processes"
    settings = "os", "compiler", "build_type", "arch"
    options = {"shared": [True, False], "with_redis": [True, False]}
    default_options = {"shared": False, "with_redis": True}
    exports_sources = "CMakeLists.txt", "CMakePresets.json", "LICENSE", "cmake/*", "include/*", "src/*"

    def set_version(self):
        text = load(self, os.path.join(self.recipe_folder, "..", "..", "CMakeLists.txt"))
        self.version = re.search(r"project\(weir VERSION ([0-9.]+)", text).group(1)

    def requirements(self):
        for needed in ("fmt/[>=9]", "simdjson/[>=3]", "zlib/[>=1.2]", "libdeflate/[>=1.14]", "libmicrohttpd/[>=0.9.75]",
                       "cli11/[>=2.3]", "libcurl/[>=7.88]", "ncurses/[>=6.4]", "yaml-cpp/[>=0.7]", "openssl/[>=3]", "libxcrypt/[>=4.4]"):
            self.requires(needed)

    def layout(self):
        cmake_layout(self, src_folder=os.path.join("..", ".."))

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update({"BUILD_SHARED_LIBS": bool(self.options.shared), "WEIR_WITH_REDIS": bool(self.options.with_redis),
                                          "WEIR_BUILD_TESTS": False, "WEIR_BUILD_EXAMPLES": False})
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        # The installed weir-config.cmake is the interface.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs.append(os.path.join("lib", "cmake", "weir"))
