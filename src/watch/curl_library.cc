#include "watch/curl_library.h"

#include <dlfcn.h>
#include <fmt/core.h>

#include "weir/error.h"

namespace weir {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

template <typename Function>
void find_symbol(void* library, const char* name, Function& out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  if (out == nullptr) throw ConfigError(fmt::format("--url: {} has no {}; it is too old", kLibrary, name));
}

CurlLibrary load_curl() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw ConfigError(
        fmt::format("--url needs libcurl, which cannot be loaded ({}); apt-get install libcurl4", dlerror()));
  }
  CurlLibrary curl;
  find_symbol(library, "curl_easy_init", curl.easy_init);
  find_symbol(library, "curl_easy_cleanup", curl.easy_cleanup);
  find_symbol(library, "curl_easy_setopt", curl.easy_setopt);
  find_symbol(library, "curl_easy_perform", curl.easy_perform);
  find_symbol(library, "curl_easy_getinfo", curl.easy_getinfo);
  find_symbol(library, "curl_easy_strerror", curl.easy_strerror);
  find_symbol(library, "curl_slist_append", curl.slist_append);
  find_symbol(library, "curl_slist_free_all", curl.slist_free_all);
  find_symbol(library, "curl_url", curl.url);
  find_symbol(library, "curl_url_set", curl.url_set);
  find_symbol(library, "curl_url_get", curl.url_get);
  find_symbol(library, "curl_url_cleanup", curl.url_cleanup);
  find_symbol(library, "curl_free", curl.free);
  decltype(&curl_global_init) global_init = nullptr;
  find_symbol(library, "curl_global_init", global_init);
  global_init(CURL_GLOBAL_DEFAULT);
  return curl;
}

}  // namespace

const CurlLibrary& curl_library() {
  static const CurlLibrary curl = load_curl();
  return curl;
}

}  // namespace weir
