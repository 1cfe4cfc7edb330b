// Everything a program that counts needs. See registry.h to begin, multiprocess.h to read what many processes counted.
#pragma once

#if __cplusplus < 202002L
#error "Weir needs C++20: compile with -std=c++20"
#endif

#include "weir/backend.h"
#include "weir/backends.h"
#include "weir/exposition.h"
#include "weir/log.h"
#include "weir/multiprocess.h"
#include "weir/registry.h"
#include "weir/timer.h"
#include "weir/version.h"
