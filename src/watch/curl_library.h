// libcurl, loaded when it is first asked for: linked, its two dozen libraries would cost every `weir serve` 5 MB and
// 30 ms at its start.
//
//   const CurlLibrary& curl = curl_library();
//   CURL* handle = curl.easy_init();
//
// Thread safety: curl_library() may be called from any thread; the functions are as thread-safe as libcurl's own.
#pragma once

// The checks are macros around the names that are not linked.
#define CURL_DISABLE_TYPECHECK 1
#include <curl/curl.h>

namespace weir {

struct CurlLibrary {
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
  decltype(&curl_url) url = nullptr;
  decltype(&curl_url_set) url_set = nullptr;
  decltype(&curl_url_get) url_get = nullptr;
  decltype(&curl_url_cleanup) url_cleanup = nullptr;
  decltype(&curl_free) free = nullptr;
};

/// Loaded once, and never unloaded. Throws ConfigError saying what to install where there is none.
const CurlLibrary& curl_library();

}  // namespace weir
