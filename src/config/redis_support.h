// What people are told who ask for Redis where there is none.
#pragma once

namespace weir {

/// For programs, whose own link line decides.
inline constexpr const char* kHowToLinkRedis =
    "this program is linked without Redis support; link weir::redis (CMake: find_package(weir COMPONENTS redis)) or "
    "weir-redis (pkg-config), which a Weir built with -DWEIR_WITH_REDIS=ON has (it needs OpenSSL 3: apt install "
    "libssl-dev)";
/// For `weir` itself.
inline constexpr const char* kHowToBuildRedis =
    "this build of Weir has no Redis support; build it with -DWEIR_WITH_REDIS=ON (it needs OpenSSL 3: apt install "
    "libssl-dev)";

}  // namespace weir
